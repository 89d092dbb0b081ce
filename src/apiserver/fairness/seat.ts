/**
 * What a request holds while it is served: one seat or more of its priority level. It is given back when the answer is there,
 * but for two kinds of answers that are still made while they are sent: what is wide is held until the last of it has been
 * taken, and a watch until it has shown what there was when it began.
 */
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { onAbort } from '../../base/abort.ts';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { FlowCounters } from './flow-counters.ts';
import type { PriorityLevel } from './priority-level.ts';
import type { Ticket } from './queue-set.ts';

interface SeatOwner {
  level: PriorityLevel;
  counters: FlowCounters;
}

export class Seat {
  readonly #owner: SeatOwner;
  readonly #ticket: Ticket;
  readonly #clock: Clock;
  #forget: (() => void) | undefined;
  #isKept = false;

  constructor(owner: SeatOwner, ticket: Ticket, clock: Clock) {
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
    this.#owner.counters.ended(ticket.seats);
    this.#owner.level.finish(ticket, this.#clock.monotonicMs());
  }

  /** A watch has something to show before it begins: somebody else releases the seat, or `signal` does. */
  keep(): void {
    this.#isKept = true;
  }

  /** `response`, and the seat given back when it has been made. */
  keptFor(response: ApiResponse, request: ApiRequest, signal: AbortSignal): ApiResponse {
    const { body } = response;
    const isSent = request.peer.kind === 'remote' && request.method !== 'HEAD';
    const isWideList = body.kind === 'list' && this.#ticket.seats > 1;
    const isMadeWhileSent = isSent && !signal.aborted && (isWideList || this.#isKept);
    if (!isMadeWhileSent) {
      this.release();
      return response;
    }
    this.#forget = onAbort(signal, () => this.release());
    if (body.kind !== 'list') return response;
    return { ...response, body: { ...body, chunks: () => this.#followed(body.chunks()) } };
  }

  *#followed(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
    try {
      yield* chunks;
    } finally {
      this.release();
    }
  }
}
