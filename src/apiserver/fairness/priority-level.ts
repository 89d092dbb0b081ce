/** One priority level as it is now: its queues, its part of the seats, and how many it would like to have. */
import type { PriorityLevelConfiguration, QueuingConfiguration } from '../../api/generated/flowcontrol-v1.ts';
import { DroppedRequests } from './dropped-requests.ts';
import { QueueSet, type Queuing, type RejectReason, Ticket } from './queue-set.ts';
import { type DemandReport, SeatDemand } from './seat-demand.ts';
import type { SeatClaim, SeatLimits } from './share-seats.ts';

/** Of the old smoothed demand so much stays each time: it falls slowly. @see seatDemandSmoothingCoefficient */
const SMOOTHING = 0.977;
/** A single request may have so much of the nominal seats. @see priorityLevelMaxSeatsPercent */
const WIDTH_SHARE_MAX = 0.15;

export class PriorityLevel {
  readonly queues: QueueSet;
  readonly dropped = new DroppedRequests();
  #configuration: PriorityLevelConfiguration;
  #limits: SeatLimits = { nominal: 0, lower: 0, upper: 0 };
  #currentSeats = 0;
  #widthMax = 1;
  readonly #demand: SeatDemand;
  #report: DemandReport = { average: 0, deviation: 0, highWatermark: 0 };
  #smoothed = 0;
  #target = 0;
  /** Its object is gone; it stays until those have gone that came before. */
  isQuiescing = false;

  constructor(configuration: PriorityLevelConfiguration, nowMs: number) {
    this.#configuration = configuration;
    const queuing = queuingOf(configuration);
    this.queues = new QueueSet({ ...(queuing && { queuing }), limit: this.isExempt ? Infinity : 0 });
    this.#demand = new SeatDemand(nowMs);
  }

  get name(): string {
    return this.#configuration.metadata.name;
  }

  /** Empty for one that no object prescribes. */
  get uid(): string {
    return this.#configuration.metadata.uid ?? '';
  }

  get configuration(): PriorityLevelConfiguration {
    return this.#configuration;
  }

  get isExempt(): boolean {
    return this.#configuration.spec.type === 'Exempt';
  }

  get isIdle(): boolean {
    return this.queues.waiting === 0 && this.queues.executing === 0;
  }

  get limits(): SeatLimits {
    return this.#limits;
  }

  get currentSeats(): number {
    return this.#currentSeats;
  }

  get demand(): DemandReport & { smoothed: number; target: number } {
    return { ...this.#report, smoothed: this.#smoothed, target: this.#target };
  }

  /** How wide a single request may be. */
  get widthMax(): number {
    return this.#widthMax;
  }

  configure(configuration: PriorityLevelConfiguration): void {
    this.#configuration = configuration;
    this.isQuiescing = false;
  }

  limit(limits: SeatLimits): void {
    this.#limits = limits;
    const queuing = queuingOf(this.#configuration);
    this.#widthMax = queuing === undefined ? Infinity : widthMaxOf(limits, queuing);
  }

  /** What it asks for, by its demand since it was asked last. @see apf_controller.go updateBorrowingLocked */
  claim(nowMs: number): SeatClaim {
    const report = this.#demand.take(nowMs);
    if (report !== undefined) {
      this.#report = report;
      const envelope = report.average + report.deviation;
      this.#smoothed = Math.max(envelope, SMOOTHING * this.#smoothed + (1 - SMOOTHING) * envelope);
    }
    const { nominal, lower, upper } = this.#limits;
    const least = Math.max(lower, Math.min(nominal, this.#report.highWatermark));
    this.#target = Math.max(least, this.#smoothed);
    return { target: this.#target, lower: least, upper };
  }

  grant(seats: number, nowMs: number): void {
    this.#currentSeats = seats;
    const limit = this.isExempt ? Infinity : seats;
    this.queues.reconfigure(queuingOf(this.#configuration), limit, nowMs);
  }

  arrive(flow: string, seats: number, nowMs: number): Ticket | RejectReason {
    const arrival = this.queues.arrive({ flow, seats }, nowMs);
    if (arrival instanceof Ticket) this.#noteDemand(nowMs);
    return arrival;
  }

  leave(ticket: Ticket, nowMs: number): void {
    this.queues.leave(ticket, nowMs);
    this.#noteDemand(nowMs);
  }

  finish(ticket: Ticket, nowMs: number): void {
    this.queues.finish(ticket, nowMs);
    this.#noteDemand(nowMs);
  }

  #noteDemand(nowMs: number): void {
    this.#demand.set(this.queues.seatsInUse + this.queues.seatsWaiting, nowMs);
  }
}

function widthMaxOf({ nominal }: SeatLimits, { handSize }: Queuing): number {
  const most = Math.min(Math.ceil(nominal * WIDTH_SHARE_MAX), Math.floor(nominal / handSize));
  return Math.max(1, most);
}

function queuingOf({ spec }: PriorityLevelConfiguration): Queuing | undefined {
  const queuing: QueuingConfiguration | undefined = spec.limited?.limitResponse?.queuing;
  if (queuing === undefined) return undefined;
  const { queues = 1, handSize = 1, queueLengthLimit = 1 } = queuing;
  return { queues, handSize, queueLengthLimit };
}
