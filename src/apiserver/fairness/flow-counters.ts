/** What has become of the requests of one flow schema at one priority level: numbers for whoever watches the server. */
import { Histogram } from '../metrics/histogram.ts';
import type { RejectReason } from './queue-set.ts';

export type RefusalReason = RejectReason | 'time-out' | 'cancelled';

/** Upper bounds, s. @see k8s.io/apiserver/pkg/util/flowcontrol/metrics requestDurationSecondsBuckets */
const DURATION_BOUNDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

/** A watch is executed until it has begun. */
export type ExecutionType = 'regular' | 'watch';

export class FlowCounters {
  readonly level: string;
  readonly schema: string;
  readonly refused = new Map<RefusalReason, number>();
  dispatched = 0;
  waiting = 0;
  waitingSeats = 0;
  executing = 0;
  executingSeats = 0;
  /** How long those waited that were dispatched, and how long they were executed, s. */
  readonly waits = new Histogram(DURATION_BOUNDS);
  readonly executions: Readonly<Record<ExecutionType, Histogram>> = {
    regular: new Histogram(DURATION_BOUNDS),
    watch: new Histogram(DURATION_BOUNDS),
  };

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
    this.waits.observe(waitedMs / 1000);
  }

  ended(seats: number, type: ExecutionType, executedMs: number): void {
    this.executing--;
    this.executingSeats -= seats;
    this.executions[type].observe(executedMs / 1000);
  }

  refuse(reason: RefusalReason): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }
}
