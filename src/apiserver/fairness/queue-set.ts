/**
 * The queues of one priority level: who of those that wait gets the next free seat. Pure; time is an argument.
 *
 *              hand of the flow           the earliest virtual finish
 *     arrive ──► emptiest queue ──waiting──► executing ──► finish
 *        └─► rejected: queue-full │ concurrency-limit     └─► seats are free: dispatch
 *
 * Fairness is that of fair queuing with virtual time: R counts the seat-seconds that each busy queue has had so far. A queue
 * starts where R is, and every request that it dispatches takes it further by its work; the queue that would be done first
 * goes next. Work is seats x {@link ESTIMATED_SECONDS}, put right once it is known how long it really took.
 *
 * Invariants: seats in use never pass the limit, but for one request that is wider than the limit and has it alone; a
 * request waits only while the next in turn has no room.
 *
 * @see k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset/doc.go; R is a float here and never wound back
 */
import { assert } from '../../base/assert.ts';
import { dealHand } from './shuffle-shard.ts';

export interface Queuing {
  queues: number;
  handSize: number;
  queueLengthLimit: number;
}

export interface ArrivingRequest {
  /** Of one priority level: requests of one flow are dealt the same hand. */
  flow: string;
  seats: number;
}

export type RejectReason = 'queue-full' | 'concurrency-limit';
type Place = 'waiting' | 'executing' | 'over';

/** Hands are kept for so many flows; then they are dealt anew. */
const HANDS_MAX = 1000;
const ESTIMATED_SECONDS = 0.003;

/** One request in a queue set. */
export class Ticket {
  readonly flow: string;
  readonly seats: number;
  readonly arrivedMs: number;
  place: Place = 'waiting';
  startedMs = 0;
  /** Absent where nothing is queued. */
  readonly queue: Queue | undefined;
  /** The progress of the level when it came. */
  readonly arrivalR: number;
  /** Called once it executes; must not call back into the queue set. */
  wake: (() => void) | undefined;

  constructor(
    { flow, seats }: ArrivingRequest,
    queue: Queue | undefined,
    { atMs, r }: { atMs: number; r: number },
  ) {
    this.flow = flow;
    this.seats = seats;
    this.queue = queue;
    this.arrivedMs = atMs;
    this.arrivalR = r;
  }
}

class Queue {
  /** In the order in which they came. */
  readonly waiting = new Set<Ticket>();
  executing = 0;
  seatsInUse = 0;
  seatsWaiting = 0;
  /** Where R will be when the next of its requests begins, were each busy queue served at the same rate. */
  nextDispatchR = 0;

  get isIdle(): boolean {
    return this.executing === 0 && this.waiting.size === 0;
  }

  get first(): Ticket | undefined {
    if (this.waiting.size === 0) return undefined;
    return this.waiting.values().next().value;
  }

  /** What waits does not begin, in the virtual world, before it came: idle time is not saved up. */
  bound(): void {
    const { first } = this;
    if (first !== undefined) this.nextDispatchR = Math.max(this.nextDispatchR, first.arrivalR);
  }
}

export interface QueueSetOptions {
  /** Absent: what finds no seat is rejected. */
  queuing?: Queuing;
  /** Seats; `Infinity` for a level without limits. */
  limit: number;
}

export class QueueSet {
  readonly #queues: Queue[] = [];
  readonly #hands = new Map<string, number[]>();
  #queuing: Queuing | undefined;
  #limit: number;
  #enqueued = 0;
  /** Where the search for the next queue begins: behind the last that was served. */
  #robin = 0;
  #busyQueues = 0;
  #r = 0;
  #syncedMs = 0;
  #waiting = 0;
  #executing = 0;
  #seatsInUse = 0;
  #seatsWaiting = 0;

  constructor({ queuing, limit }: QueueSetOptions) {
    this.#queuing = queuing;
    this.#limit = limit;
    this.#addQueues();
  }

  get waiting(): number {
    return this.#waiting;
  }

  get executing(): number {
    return this.#executing;
  }

  get seatsInUse(): number {
    return this.#seatsInUse;
  }

  get seatsWaiting(): number {
    return this.#seatsWaiting;
  }

  /** What each queue holds, for whoever looks into it. */
  get queues(): readonly Readonly<Queue>[] {
    return this.#queues;
  }

  /** A ticket that executes or waits, or why there is none. */
  arrive(request: ArrivingRequest, nowMs: number): Ticket | RejectReason {
    const { flow, seats } = request;
    const queuing = this.#queuing;
    if (queuing === undefined) {
      if (!this.#hasRoomFor(seats)) return 'concurrency-limit';
      return this.#begun(new Ticket(request, undefined, { atMs: nowMs, r: 0 }), nowMs);
    }
    this.#sync(nowMs);
    const queue = this.#chooseQueue(flow, queuing);
    if (queue.waiting.size >= queuing.queueLengthLimit) return 'queue-full';
    const ticket = new Ticket(request, queue, { atMs: nowMs, r: this.#r });
    if (queue.isIdle) {
      queue.nextDispatchR = this.#r;
      this.#busyQueues++;
    }
    // Without a look at all queues, as long as nobody waits.
    const isFree = this.#waiting === 0 && this.#seatsInUse < this.#limit;
    if (isFree && this.#hasRoomFor(seats)) return this.#dispatched(ticket, queue, nowMs);
    this.#enqueue(ticket, queue);
    this.#dispatchAll(nowMs);
    return ticket;
  }

  /** Who waits has gone, or has waited long enough. */
  leave(ticket: Ticket, nowMs: number): void {
    assert(ticket.place === 'waiting', 'only who waits can leave');
    this.#sync(nowMs);
    ticket.place = 'over';
    this.#dequeue(ticket, ticket.queue!);
    this.#settle(ticket.queue!);
    this.#dispatchAll(nowMs);
  }

  /** A request has given back its seats. */
  finish(ticket: Ticket, nowMs: number): void {
    assert(ticket.place === 'executing', 'only what executes can finish');
    const { queue, seats } = ticket;
    this.#sync(nowMs);
    ticket.place = 'over';
    this.#executing--;
    this.#seatsInUse -= seats;
    if (queue !== undefined) {
      queue.executing--;
      queue.seatsInUse -= seats;
      queue.nextDispatchR -= seats * (ESTIMATED_SECONDS - (nowMs - ticket.startedMs) / 1000);
      this.#settle(queue);
    }
    this.#dispatchAll(nowMs);
  }

  /** Those that wait stay where they are, and go when it is their turn. */
  reconfigure(queuing: Queuing | undefined, limit: number, nowMs: number): void {
    this.#sync(nowMs);
    const { queues, handSize } = this.#queuing ?? {};
    if (queues !== queuing?.queues || handSize !== queuing?.handSize) this.#hands.clear();
    this.#queuing = queuing;
    this.#limit = limit;
    this.#addQueues();
    this.#dropQueues();
    this.#dispatchAll(nowMs);
  }

  /** Moves R on, by what each busy queue has had since it was moved last. */
  #sync(nowMs: number): void {
    const seconds = (nowMs - this.#syncedMs) / 1000;
    this.#syncedMs = nowMs;
    if (this.#busyQueues === 0) return;
    const seats = Math.min(this.#seatsInUse + this.#seatsWaiting, this.#limit);
    this.#r += (seats / this.#busyQueues) * seconds;
  }

  #chooseQueue(flow: string, queuing: Queuing): Queue {
    const hand = this.#handOf(flow, queuing);
    // Each time from another on: else flows that share a queue would meet in it.
    const offset = this.#enqueued++ % hand.length;
    let best = this.#queues[hand[offset]!]!;
    for (let index = 1; index < hand.length && best.seatsWaiting > 0; index++) {
      const queue = this.#queues[hand[(offset + index) % hand.length]!]!;
      if (queue.seatsWaiting < best.seatsWaiting) best = queue;
    }
    return best;
  }

  #handOf(flow: string, { queues, handSize }: Queuing): number[] {
    let hand = this.#hands.get(flow);
    if (hand !== undefined) return hand;
    if (this.#hands.size >= HANDS_MAX) this.#hands.clear();
    hand = dealHand(flow, queues, handSize);
    this.#hands.set(flow, hand);
    return hand;
  }

  #hasRoomFor(seats: number): boolean {
    if (seats > this.#limit) return this.#executing === 0;
    return this.#seatsInUse + seats <= this.#limit;
  }

  #enqueue(ticket: Ticket, queue: Queue): void {
    queue.waiting.add(ticket);
    queue.seatsWaiting += ticket.seats;
    this.#waiting++;
    this.#seatsWaiting += ticket.seats;
    queue.bound();
  }

  #dequeue(ticket: Ticket, queue: Queue): void {
    queue.waiting.delete(ticket);
    queue.seatsWaiting -= ticket.seats;
    this.#waiting--;
    this.#seatsWaiting -= ticket.seats;
  }

  /** After a request of its has gone. */
  #settle(queue: Queue): void {
    queue.bound();
    if (!queue.isIdle) return;
    this.#busyQueues--;
    this.#dropQueues();
  }

  #begun(ticket: Ticket, nowMs: number): Ticket {
    ticket.place = 'executing';
    ticket.startedMs = nowMs;
    this.#executing++;
    this.#seatsInUse += ticket.seats;
    return ticket;
  }

  #dispatched(ticket: Ticket, queue: Queue, nowMs: number): Ticket {
    queue.executing++;
    queue.seatsInUse += ticket.seats;
    queue.nextDispatchR += ticket.seats * ESTIMATED_SECONDS;
    queue.bound();
    return this.#begun(ticket, nowMs);
  }

  #dispatchAll(nowMs: number): void {
    while (this.#waiting > 0 && this.#seatsInUse < this.#limit) {
      const index = this.#nextQueue();
      const queue = this.#queues[index]!;
      const ticket = queue.first!;
      if (!this.#hasRoomFor(ticket.seats)) return;
      this.#robin = index;
      this.#dequeue(ticket, queue);
      this.#dispatched(ticket, queue, nowMs).wake?.();
    }
  }

  /** The queue whose first request would be done first; of equals the one that was served longest ago. */
  #nextQueue(): number {
    const count = this.#queues.length;
    let best = -1;
    let earliest = Number.POSITIVE_INFINITY;
    for (let step = 1; step <= count; step++) {
      const index = (this.#robin + step) % count;
      const queue = this.#queues[index]!;
      const { first } = queue;
      if (first === undefined) continue;
      const finishR = queue.nextDispatchR + first.seats * ESTIMATED_SECONDS;
      if (finishR >= earliest) continue;
      best = index;
      earliest = finishR;
    }
    assert(best >= 0, 'who waits, waits in a queue');
    return best;
  }

  #addQueues(): void {
    const wanted = this.#queuing?.queues ?? 0;
    while (this.#queues.length < wanted) this.#queues.push(new Queue());
  }

  /** Queues beyond those that are wanted go when they are empty, from the end on. */
  #dropQueues(): void {
    const wanted = this.#queuing?.queues ?? 0;
    while (this.#queues.length > wanted && this.#queues.at(-1)!.isIdle) this.#queues.pop();
    if (this.#robin >= this.#queues.length) this.#robin = 0;
  }
}
