/** What has become of the requests of one flow schema at one priority level: numbers for whoever watches the server. */
import type { RejectReason } from './queue-set.ts';

export type RefusalReason = RejectReason | 'time-out' | 'cancelled';

/** Upper bounds, s. @see k8s.io/apiserver/pkg/util/flowcontrol/metrics requestDurationSecondsBuckets */
export const WAIT_BOUNDS = [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30] as const;

export class FlowCounters {
  readonly level: string;
  readonly schema: string;
  readonly refused = new Map<RefusalReason, number>();
  dispatched = 0;
  waiting = 0;
  waitingSeats = 0;
  executing = 0;
  executingSeats = 0;
  /** Of those that were dispatched: how many waited no longer than each of {@link WAIT_BOUNDS}, and longer. */
  readonly waits: number[] = Array.from({ length: WAIT_BOUNDS.length + 1 }, () => 0);
  waitSeconds = 0;

  constructor(level: string, schema: string) {
    this.level = level;
    this.schema = schema;
  }

  queued(seats: number): void {
    this.waiting++;
    this.waitingSeats += seats;
  }

  unqueued(seats: number): void {
    this.waiting--;
    this.waitingSeats -= seats;
  }

  begun(seats: number, waitedMs: number): void {
    this.dispatched++;
    this.executing++;
    this.executingSeats += seats;
    const seconds = waitedMs / 1000;
    this.waitSeconds += seconds;
    let bucket = 0;
    while (bucket < WAIT_BOUNDS.length && seconds > WAIT_BOUNDS[bucket]!) bucket++;
    this.waits[bucket]!++;
  }

  ended(seats: number): void {
    this.executing--;
    this.executingSeats -= seats;
  }

  refuse(reason: RefusalReason): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }
}
