/**
 * API priority and fairness: who is served now, who waits, and who is told to come again.
 *
 *     classify ─► flow schema ─► priority level ─► its queues ─► a turn of the event loop ─► the request is served
 *                                                     └─► 429: full, or waited too long
 *
 * What is decided is decided by the pure parts beside this file; here is what holds them together with time, with the
 * requests that wait, and with the objects in the store.
 *
 * @see k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go, pkg/server/filters/priority-and-fairness.go
 */
import { MANDATORY_FLOW_SCHEMAS, type Prescribed } from '../../api/flow-control/bootstrap.ts';
import type {
  FlowSchema,
  FlowSchemaSpec,
  PriorityLevelConfiguration,
} from '../../api/generated/flowcontrol-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import { FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS, type ResourceRow } from '../../api/resources.ts';
import { onAbort } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { StatusError } from '../../base/status-error.ts';
import type { Store } from '../../store/store.ts';
import { objectOf } from '../api-object.ts';
import type { CoarseTimers } from '../coarse-timers.ts';
import { prefixOf } from '../registry/registry.ts';
import type { RequestInfo } from '../route.ts';
import { FlowClassifier } from './classify.ts';
import { FlowCounters, type RefusalReason } from './flow-counters.ts';
import { InflightPeak } from './inflight-peak.ts';
import type { PriorityLevel } from './priority-level.ts';
import { PriorityLevels } from './priority-levels.ts';
import type { Ticket } from './queue-set.ts';
import { type MeasuredRequest, RequestWidths } from './request-width.ts';
import { Seat, type SeatUse } from './seat.ts';
import { Turns } from './turns.ts';

export interface FairnessOptions {
  store: Store;
  clock: Clock;
  timers: CoarseTimers;
  /** What may be served at once. @see --max-requests-inflight, --max-mutating-requests-inflight */
  totalSeats: number;
  /** See {@link Turns}. */
  nextTurn: (() => Promise<void>) | undefined;
}

/** Where a flow schema leads. */
export interface Flow {
  schema: FlowSchema;
  level: PriorityLevel;
  counters: FlowCounters;
}

/** A quarter of the time that a request may take. @see apf_filter.go getRequestWaitContext */
const WAIT_MAX_MS = 15_000;
/** Counters of schemas and levels that are gone are kept, as upstream's are; with so many of them, not. */
const COUNTERS_MAX = 10_000;

export class Fairness {
  readonly levels: PriorityLevels;
  /** How many requests had a seat at once. */
  readonly inflight = { readOnly: new InflightPeak(), mutating: new InflightPeak() };
  readonly #uses = {
    reading: { type: 'regular', inflight: this.inflight.readOnly },
    watching: { type: 'watch', inflight: this.inflight.readOnly },
    writing: { type: 'regular', inflight: this.inflight.mutating },
  } as const satisfies Record<string, SeatUse>;
  readonly #options: FairnessOptions;
  readonly #widths: RequestWidths;
  readonly #turns: Turns;
  readonly #counters = new Map<string, FlowCounters>();
  #classifier: FlowClassifier<Flow>;

  constructor(options: FairnessOptions) {
    this.#options = options;
    this.levels = new PriorityLevels(options.totalSeats);
    this.#widths = new RequestWidths(options.store, options.clock);
    this.#turns = new Turns(options.nextTurn);
    this.#classifier = this.#configured();
  }

  get counters(): Iterable<FlowCounters> {
    return this.#counters.values();
  }

  /** Takes over what the store says now. */
  reload(): void {
    this.#classifier = this.#configured();
  }

  classify(info: RequestInfo, user: UserInfo): Flow {
    return this.#classifier.classify(info, user);
  }

  /**
   * A seat for a request of `flow`, perhaps after a while; it must be given back.
   * @throws StatusError TooManyRequests; `signal.reason` when it aborts before
   */
  enter(
    flow: Flow,
    request: MeasuredRequest & { user: UserInfo },
    signal: AbortSignal,
  ): Seat | Promise<Seat> {
    const { clock } = this.#options;
    const { level, counters } = flow;
    const nowMs = clock.monotonicMs();
    this.levels.adjustWhenDue(nowMs);
    const seats = this.#widths.widthOf(request, level.widthMax);
    const arrival = level.arrive(flowIdOf(flow, request), seats, nowMs);
    if (typeof arrival === 'string') {
      counters.refuse(arrival);
      throw newTooManyRequests(level.dropped.record(nowMs));
    }
    const use = this.#useOf(request.info);
    if (arrival.place === 'waiting') return this.#wait(flow, { ticket: arrival, use }, signal);
    counters.begun(seats, 0);
    const seat = new Seat(flow, arrival, clock, use);
    if (seats === 1) return seat;
    const turn = this.#turns.begin(level.name);
    return turn === undefined ? seat : onTurn(seat, turn, signal);
  }

  #useOf({ verb }: RequestInfo): SeatUse {
    if (verb === 'watch') return this.#uses.watching;
    return verb === 'get' || verb === 'list' ? this.#uses.reading : this.#uses.writing;
  }

  #wait(flow: Flow, { ticket, use }: { ticket: Ticket; use: SeatUse }, signal: AbortSignal): Promise<Seat> {
    const { clock, timers } = this.#options;
    const { level, counters } = flow;
    if (signal.aborted) {
      level.leave(ticket, clock.monotonicMs());
      return Promise.reject(signal.reason);
    }
    counters.queued(ticket.seats);
    return new Promise((resolve, reject) => {
      const giveUp = (reason: RefusalReason) => {
        const nowMs = clock.monotonicMs();
        counters.unqueued(ticket.seats);
        counters.refuse(reason);
        level.leave(ticket, nowMs);
        return level.dropped.record(nowMs);
      };
      const timer = timers.set(WAIT_MAX_MS, () => {
        forget();
        reject(newTooManyRequests(giveUp('time-out')));
      });
      const forget = onAbort(signal, () => {
        timer.cancel();
        giveUp('cancelled');
        reject(signal.reason);
      });
      ticket.wake = () => {
        timer.cancel();
        forget();
        counters.unqueued(ticket.seats);
        counters.begun(ticket.seats, clock.monotonicMs() - ticket.arrivedMs);
        const seat = new Seat(flow, ticket, clock, use);
        const turn = this.#turns.begin(level.name);
        resolve(turn === undefined ? seat : onTurn(seat, turn, signal));
      };
    });
  }

  #configured(): FlowClassifier<Flow> {
    const { store, clock } = this.#options;
    const read = (row: ResourceRow): unknown[] =>
      store.list({ prefix: prefixOf(row, '') }).objects.map(objectOf);
    const schemas = read(FLOW_SCHEMAS as ResourceRow) as FlowSchema[];
    const configurations = read(PRIORITY_LEVEL_CONFIGURATIONS as ResourceRow);
    this.levels.configure(configurations as PriorityLevelConfiguration[], clock.monotonicMs());
    const byName = new Map(schemas.map((schema) => [schema.metadata.name, schema]));
    for (const prescribed of MANDATORY_FLOW_SCHEMAS) {
      if (!byName.has(prescribed.name)) byName.set(prescribed.name, imagined(prescribed));
    }
    const flows = [...byName.values()].flatMap((schema) => {
      const level = this.levels.get(schema.spec.priorityLevelConfiguration.name);
      // One that leads nowhere is passed over, and says so in its status.
      if (level === undefined) return [];
      return [{ schema, level, counters: this.#countersOf(level.name, schema.metadata.name) }];
    });
    return new FlowClassifier(flows);
  }

  #countersOf(level: string, schema: string): FlowCounters {
    const key = `${level}/${schema}`;
    let counters = this.#counters.get(key);
    if (counters === undefined) {
      if (this.#counters.size >= COUNTERS_MAX) this.#counters.clear();
      counters = new FlowCounters(level, schema);
      this.#counters.set(key, counters);
    }
    return counters;
  }
}

async function onTurn(seat: Seat, turn: Promise<void>, signal: AbortSignal): Promise<Seat> {
  await turn;
  if (!signal.aborted) return seat;
  seat.release();
  throw signal.reason;
}

/** What tells the flows of one priority level apart. */
function flowIdOf({ schema }: Flow, { user, info }: { user: UserInfo; info: RequestInfo }): string {
  const { name } = schema.metadata;
  const method = schema.spec.distinguisherMethod?.type;
  if (method === 'ByUser') return `${name}\0${user.username}`;
  return method === 'ByNamespace' ? `${name}\0${info.namespace}` : name;
}

function imagined({ name, spec }: Prescribed<FlowSchemaSpec>): FlowSchema {
  const header = { apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema' } as const;
  return { ...header, metadata: { name } as FlowSchema['metadata'], spec };
}

function newTooManyRequests(retryAfterSeconds: number): StatusError {
  return new StatusError('TooManyRequests', 'Too many requests, please try again later.', {
    details: { retryAfterSeconds },
  });
}
