import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { QueueSet, type Queuing, type RejectReason, Ticket } from './queue-set.ts';

const QUEUING: Queuing = { queues: 8, handSize: 2, queueLengthLimit: 5 };

function arrived(arrival: Ticket | RejectReason): Ticket {
  ok(arrival instanceof Ticket, 'a ticket, and no refusal');
  return arrival;
}

type Step = { do: 'arrive'; flow: string; seats: number } | { do: 'finish' | 'leave'; at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      flow: fc.constantFrom('a', 'b', 'c'),
      seats: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('finish' as const, 'leave' as const), at: fc.nat() }),
  },
);

/** A queue set and all tickets that it has given. */
class Model {
  readonly set: QueueSet;
  readonly tickets: Ticket[] = [];
  readonly limit: number;
  #nowMs = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.set = new QueueSet({ queuing: QUEUING, limit });
  }

  in(place: Ticket['place']): Ticket[] {
    return this.tickets.filter((ticket) => ticket.place === place);
  }

  take(step: Step): void {
    this.#nowMs += 7;
    if (step.do === 'arrive') {
      const arrival = this.set.arrive(step, this.#nowMs);
      if (arrival instanceof Ticket) this.tickets.push(arrival);
      else equal(arrival, 'queue-full');
      return;
    }
    const those = this.in(step.do === 'finish' ? 'executing' : 'waiting');
    const ticket = those[step.at % Math.max(1, those.length)];
    if (ticket !== undefined) this.set[step.do](ticket, this.#nowMs);
  }

  check(): void {
    const [executing, waiting] = [this.in('executing'), this.in('waiting')];
    const seats = (tickets: Ticket[]) => tickets.reduce((sum, ticket) => sum + ticket.seats, 0);
    deepEqual(
      [this.set.executing, this.set.seatsInUse, this.set.waiting, this.set.seatsWaiting],
      [executing.length, seats(executing), waiting.length, seats(waiting)],
    );
    ok(seats(executing) <= this.limit || executing.length === 1, 'seats in use are within the limit');
    for (const queue of this.set.queues) ok(queue.waiting.size <= QUEUING.queueLengthLimit);
    const widest = Math.max(0, ...waiting.map((ticket) => ticket.seats));
    const isBlocked = seats(executing) + widest > this.limit;
    ok(waiting.length === 0 || isBlocked, 'nobody waits while there is room for whoever waits');
  }
}

test('QueueSet keeps to its bounds, whatever comes and goes, and serves everybody in the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 9 }), (steps, limit) => {
      const model = new Model(limit);
      for (const each of steps) {
        model.take(each);
        model.check();
      }
      for (let left = model.tickets.length; left > 0 && model.set.executing > 0; left--) {
        model.take({ do: 'finish', at: 0 });
      }
      deepEqual([model.set.waiting, model.set.executing, model.set.seatsInUse], [0, 0, 0]);
    }),
  );
});

test('QueueSet serves the requests of one queue in the order in which they came', () => {
  const set = new QueueSet({ queuing: { queues: 1, handSize: 1, queueLengthLimit: 50 }, limit: 1 });
  const tickets = Array.from({ length: 20 }, (_, at) =>
    arrived(set.arrive({ flow: `f${at % 3}`, seats: 1 }, at)),
  );
  for (const [at, ticket] of tickets.entries()) {
    equal(ticket.place, 'executing', `the one that came as number ${at}`);
    set.finish(ticket, 100 + at);
  }
});

test('QueueSet wakes who waited when it is their turn, and tells who finds no place', () => {
  const set = new QueueSet({ queuing: { queues: 1, handSize: 1, queueLengthLimit: 1 }, limit: 1 });
  const first = arrived(set.arrive({ flow: 'a', seats: 1 }, 0));
  const second = arrived(set.arrive({ flow: 'a', seats: 1 }, 0));
  let woken = 0;
  second.wake = () => woken++;
  equal(set.arrive({ flow: 'a', seats: 1 }, 0), 'queue-full');
  equal(woken, 0);
  set.finish(first, 5);
  equal(woken, 1);
  equal(second.place, 'executing');
});

/** How often each flow is served, when every request takes `msOf` of its flow and each flow keeps so many under way. */
function served(
  flows: Record<string, { underWay: number; seats: number; ms: number }>,
  limit: number,
  untilMs: number,
): Record<string, number> {
  const set = new QueueSet({ queuing: { queues: 64, handSize: 6, queueLengthLimit: 50 }, limit });
  const names = new Map<Ticket, string>();
  const counts: Record<string, number> = {};
  const come = (flow: string, nowMs: number) => {
    const arrival = set.arrive({ flow, seats: flows[flow]!.seats }, nowMs);
    if (arrival instanceof Ticket) names.set(arrival, flow);
  };
  for (const [flow, { underWay }] of Object.entries(flows)) for (let i = 0; i < underWay; i++) come(flow, 0);
  for (let nowMs = 1; nowMs <= untilMs; nowMs++) {
    for (const [ticket, flow] of Array.from(names)) {
      if (ticket.place !== 'executing' || nowMs - ticket.startedMs < flows[flow]!.ms) continue;
      names.delete(ticket);
      counts[flow] = (counts[flow] ?? 0) + 1;
      set.finish(ticket, nowMs);
      come(flow, nowMs);
    }
  }
  return counts;
}

test('QueueSet gives a modest flow what it asks for beside a greedy one', () => {
  const { greedy, modest } = served(
    { greedy: { underWay: 200, seats: 1, ms: 10 }, modest: { underWay: 1, seats: 1, ms: 10 } },
    8,
    5000,
  );
  // Alone it would be served 500 times; with all of its requests behind the greedy one's, 20 times.
  ok(modest! > 230, `served ${modest} times, the greedy one ${greedy} times`);
});

test('QueueSet divides by seats and time, not by requests', () => {
  const { wide, narrow } = served(
    { wide: { underWay: 30, seats: 4, ms: 10 }, narrow: { underWay: 30, seats: 1, ms: 10 } },
    8,
    5000,
  );
  const ratio = narrow! / wide!;
  ok(ratio > 2.5 && ratio < 6, `a flow whose requests take a quarter is served ${ratio} times as often`);
});

test('QueueSet lets a request that is wider than the limit have it alone', () => {
  const set = new QueueSet({ queuing: QUEUING, limit: 3 });
  const narrow = arrived(set.arrive({ flow: 'a', seats: 1 }, 0));
  const wide = arrived(set.arrive({ flow: 'b', seats: 5 }, 0));
  equal(wide.place, 'waiting');
  set.finish(narrow, 1);
  equal(wide.place, 'executing');
  equal(arrived(set.arrive({ flow: 'c', seats: 1 }, 1)).place, 'waiting');
});

test('QueueSet without queues refuses what finds no seat, and without a limit nothing', () => {
  const rejecting = new QueueSet({ limit: 2 });
  equal(arrived(rejecting.arrive({ flow: '', seats: 2 }, 0)).place, 'executing');
  equal(rejecting.arrive({ flow: '', seats: 1 }, 0), 'concurrency-limit');
  const exempt = new QueueSet({ limit: Number.POSITIVE_INFINITY });
  for (let i = 0; i < 1000; i++) equal(arrived(exempt.arrive({ flow: '', seats: 10 }, 0)).place, 'executing');
});

test('QueueSet dispatches at once when it gets more seats, and keeps queues until they are empty', () => {
  const set = new QueueSet({ queuing: QUEUING, limit: 1 });
  const tickets = Array.from({ length: 8 }, (_, at) => arrived(set.arrive({ flow: `f${at}`, seats: 1 }, 0)));
  set.reconfigure({ ...QUEUING, queues: 2 }, 3, 1);
  equal(tickets.filter(({ place }) => place === 'executing').length, 3);
  for (let left = 8; left > 0; left--) set.finish(tickets.find(({ place }) => place === 'executing')!, 2);
  equal(set.waiting, 0);
  equal(set.queues.length, 2);
});
