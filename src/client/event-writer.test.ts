import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { Event as CoreEvent } from '../api/generated/core-v1.ts';
import { EVENTS } from '../api/resources.ts';
import { silentLogger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import { InMemoryApi, type RequestFate } from '../simulation/in-memory-api.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { newSeededRandom } from '../simulation/sim-random.ts';
import { newEventRecorder } from './event-writer.ts';
import { newRestClient } from './rest-client.ts';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'u-1', resourceVersion: '7' },
  fieldPath: 'spec.containers{web}',
};

function newRecording(fateOf: () => RequestFate = () => 'answered') {
  const clock = newSimulatedClock();
  const random = newSeededRandom(1);
  const api = new InMemoryApi({ clock, random, fateOf });
  const client = newRestClient(api, { userAgent: 'test' });
  const recorder = newEventRecorder({
    client,
    clock,
    random,
    log: silentLogger,
    component: 'kubelet',
    host: 'node-1',
  });
  const stop = new AbortController();
  const ended = recorder.run(stop.signal);
  const end = async () => {
    stop.abort(new Error('over'));
    await ended;
  };
  const events = (): CoreEvent[] => api.objects<CoreEvent>(EVENTS);
  return { clock, api, recorder, events, end };
}

test('newEventRecorder writes an Event as upstream does', async () => {
  const { clock, recorder, events, end } = newRecording();
  recorder.event(POD, 'Warning', 'BackOff', 'Back-off restarting failed container');
  await clock.settle();
  const [event] = events();
  match(event!.metadata.name, /^web\.[0-9a-f]{16}$/);
  const { metadata, ...rest } = event!;
  equal(metadata.namespace, 'shop');
  deepEqual(rest, {
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      name: 'web',
      namespace: 'shop',
      uid: 'u-1',
      resourceVersion: '7',
      fieldPath: 'spec.containers{web}',
    },
    reason: 'BackOff',
    message: 'Back-off restarting failed container',
    type: 'Warning',
    count: 1,
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    source: { component: 'kubelet', host: 'node-1' },
    reportingComponent: 'kubelet',
    reportingInstance: 'node-1',
  });
  await end();
});

test('newEventRecorder counts a repeat on the same Event', async () => {
  const { clock, recorder, events, end } = newRecording();
  for (let i = 0; i < 3; i++) {
    recorder.event(POD, 'Warning', 'BackOff', 'again');
    await clock.advance(10_000);
  }
  deepEqual(
    events().map(({ count, firstTimestamp, lastTimestamp }) => ({ count, firstTimestamp, lastTimestamp })),
    [{ count: 3, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:20Z' }],
  );
  await end();
});

test('newEventRecorder begins anew when the Event has expired', async () => {
  const { clock, api, recorder, events, end } = newRecording();
  recorder.event(POD, 'Normal', 'Pulled', 'x');
  await clock.settle();
  api.finish(events()[0]!, EVENTS);
  recorder.event(POD, 'Normal', 'Pulled', 'x');
  await clock.settle();
  equal(events().length, 1);
  await end();
});

test('newEventRecorder combines more than ten different messages of one reason', async () => {
  const { clock, recorder, events, end } = newRecording();
  for (let i = 0; i < 15; i++) recorder.event(POD, 'Warning', 'Unhealthy', `probe failed: ${i}`);
  await clock.settle();
  equal(events().length, 11);
  const combined = events().find((event) => event.count === 5);
  equal(combined?.message, '(combined from similar events): probe failed: 14');
  await end();
});

test('newEventRecorder lets one subject have 25 Events at once, then one per 5 min', async () => {
  const { clock, recorder, events, end } = newRecording();
  for (let i = 0; i < 40; i++) recorder.event(POD, 'Warning', `Reason${i}`, 'x');
  await clock.settle();
  equal(events().length, 25);
  await clock.advance(300_000);
  recorder.event(POD, 'Warning', 'Later', 'x');
  recorder.event(POD, 'Warning', 'Later2', 'x');
  await clock.settle();
  equal(events().length, 26);
  await end();
});

test('newEventRecorder keeps Events while the server is away', async () => {
  let isAway = true;
  const away = new StatusError('ServiceUnavailable', 'away');
  const { clock, recorder, events, end } = newRecording(() => (isAway ? away : 'answered'));
  for (let i = 0; i < 3; i++) recorder.event(POD, 'Normal', `Reason${i}`, 'x');
  await clock.advance(30_000);
  equal(events().length, 0);
  isAway = false;
  await clock.advance(2000);
  equal(events().length, 3);
  equal(events()[0]?.firstTimestamp, '2026-01-01T00:00:00Z');
  await end();
});
