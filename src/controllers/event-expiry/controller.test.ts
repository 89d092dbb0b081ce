import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Event as CoreEvent } from '../../api/generated/core-v1.ts';
import { EVENTS } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import { newControllerBench } from '../../simulation/controller-bench.ts';
import { SIMULATION_START_MS } from '../../simulation/sim-clock.ts';
import { newEventExpiryController } from './controller.ts';
import { EVENT_TTL_MS, eventExpiryMs, planExpiry } from './reconcile.ts';

const START = SIMULATION_START_MS;
const HOUR_MS = 3_600_000;

function newEvent(name: string, times: { createdMs: number; lastMs?: number }): CoreEvent {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name,
      namespace: 'a',
      uid: name,
      resourceVersion: '1',
      creationTimestamp: toTimestamp(times.createdMs),
    },
    involvedObject: {},
    ...(times.lastMs === undefined ? {} : { lastTimestamp: toTimestamp(times.lastMs) }),
  };
}

test('eventExpiryMs counts from the last occurrence, and from now when that lies ahead', () => {
  equal(eventExpiryMs(newEvent('e', { createdMs: START }), START), START + EVENT_TTL_MS);
  const repeated = newEvent('e', { createdMs: START, lastMs: START + 60_000 });
  equal(eventExpiryMs(repeated, START + 60_000), START + 60_000 + EVENT_TTL_MS);
  equal(eventExpiryMs(newEvent('e', { createdMs: START + 10 * HOUR_MS }), START), START + EVENT_TTL_MS);
});

test('planExpiry names what is too old, and when the first of the rest will be', () => {
  const old = newEvent('old', { createdMs: START - 2 * HOUR_MS });
  const young = newEvent('young', { createdMs: START - 60_000 });
  const middle = newEvent('middle', { createdMs: START - 1_800_000 });
  deepEqual(planExpiry([young, old, middle], START), { expired: [old], nextExpiryMs: START + 1_800_000 });
  deepEqual(planExpiry([], START), { expired: [], nextExpiryMs: undefined });
});

test('newEventExpiryController deletes Events after an hour, page after page, and looks rarely', async () => {
  const { clock, api, end } = newControllerBench({ seed: 1, controllers: [newEventExpiryController] });
  const names = () => api.objects(EVENTS).map(({ metadata }) => metadata.name);
  for (let i = 0; i < 1200; i++) {
    api.put(EVENTS, newEvent(`early-${i}`, { createdMs: START - 1_800_000 + i }));
  }
  api.put(EVENTS, newEvent('late', { createdMs: START }));
  await clock.advance(1_795_000);
  equal(names().length, 1201);
  await clock.advance(310_000);
  deepEqual(names(), ['late']);
  await clock.advance(HOUR_MS);
  deepEqual(names(), []);
  await end();
});

test('newEventExpiryController keeps an Event that occurs again while it is being deleted', async () => {
  const { clock, api, end } = newControllerBench({
    seed: 1,
    controllers: [newEventExpiryController],
    fateOf: () => {
      const [event] = api.objects(EVENTS);
      if (event !== undefined) api.put(EVENTS, { ...event, lastTimestamp: toTimestamp(clock.now()) });
      return 'answered';
    },
  });
  api.put(EVENTS, newEvent('again', { createdMs: START - 2 * HOUR_MS }));
  await clock.advance(HOUR_MS / 2);
  equal(api.objects(EVENTS).length, 1);
  await end();
});
