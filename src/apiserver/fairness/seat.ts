/**
 * What a request holds while it is served: one seat or more of its priority level. It is given back when the answer is there,
 * but for what is still made while it is sent: a wide list has it until the last of it has been taken, a watch until it has
 * shown what there was when it began, and what an extension API server answers until that has ended.
 */
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { onAbort } from '../../base/abort.ts';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { RequestInfo } from '../route.ts';
import type { ExecutionType, FlowCounters } from './flow-counters.ts';
import type { InflightPeak } from './inflight-peak.ts';
import type { PriorityLevel } from './priority-level.ts';
import type { Ticket } from './queue-set.ts';

interface SeatedRequest {
  request: ApiRequest;
  info: RequestInfo;
  signal: AbortSignal;
}

interface SeatOwner {
  level: PriorityLevel;
  counters: FlowCounters;
}

/** How a seat is used. */
export interface SeatUse {
  type: ExecutionType;
  inflight: InflightPeak;
}

export class Seat {
  readonly #owner: SeatOwner;
  readonly #ticket: Ticket;
  readonly #clock: Clock;
  readonly #use: SeatUse;
  #forget: (() => void) | undefined;
  #isKept = false;

  /** `ticket` begins to execute now. */
  constructor(owner: SeatOwner, ticket: Ticket, clock: Clock, use: SeatUse) {
    use.inflight.add(1, ticket.startedMs);
    this.#use = use;
    this.#owner = owner;
    this.#ticket = ticket;
    this.#clock = clock;
  }

  /** More than once is once. */
  release(): void {
    const ticket = this.#ticket;
    if (ticket.place === 'over') return;
    assert(ticket.place === 'executing', 'a seat belongs to who executes');
    this.#forget?.();
    const nowMs = this.#clock.monotonicMs();
    const { type, inflight } = this.#use;
    inflight.add(-1, nowMs);
    this.#owner.counters.ended(ticket.seats, type, nowMs - ticket.startedMs);
    this.#owner.level.finish(ticket, nowMs);
  }

  /** A watch has something to show before it begins: somebody else releases the seat, or `signal` does. */
  keep(): void {
    this.#isKept = true;
  }

  /** `response`, and the seat given back when it has been made. */
  keptFor(response: ApiResponse, { request, info, signal }: SeatedRequest): ApiResponse {
    const { body } = response;
    const isSent = request.peer.kind === 'remote' && request.method !== 'HEAD' && !signal.aborted;
    if (!isSent || !this.#isMadeWhileSent(body, info)) {
      this.release();
      return response;
    }
    const release = () => this.release();
    this.#forget = onAbort(signal, release);
    if (body.kind === 'list') {
      return { ...response, body: { ...body, chunks: () => this.#followed(body.chunks()) } };
    }
    return body.kind === 'tunnel' ? { ...response, body: { ...body, onClosed: release } } : response;
  }

  #isMadeWhileSent(body: ApiResponse['body'], { verb }: RequestInfo): boolean {
    if (body.kind === 'list') return this.#ticket.seats > 1;
    return verb === 'watch' ? this.#isKept : body.kind === 'tunnel';
  }

  *#followed(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
    try {
      yield* chunks;
    } finally {
      this.release();
    }
  }
}
