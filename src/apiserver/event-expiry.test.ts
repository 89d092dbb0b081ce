import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../simulation/sim-api-server.ts';
import { EVENT_TTL_MS, runEventExpiry } from './event-expiry.ts';

const URL_OF_EVENTS = '/api/v1/namespaces/default/events';

function event(name: string): Record<string, unknown> {
  return {
    metadata: { name },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'web-1', apiVersion: 'v1' },
    reason: 'Started',
    message: 'Started container main',
    type: 'Normal',
    source: { component: 'kubelet' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    count: 1,
  };
}

test('runEventExpiry deletes an Event an hour after its last write', async () => {
  const { server, clock, call } = await newSimulatedApiServer();
  await call('POST', URL_OF_EVENTS, event('before'));
  const stop = new AbortController();
  const running = runEventExpiry(server.registry, stop.signal);
  await clock.settle();
  await call('POST', URL_OF_EVENTS, event('a'));
  await call('POST', URL_OF_EVENTS, event('b'));
  await clock.advance(EVENT_TTL_MS / 2);
  await call('PATCH', `${URL_OF_EVENTS}/b`, { count: 2 }, { 'content-type': 'application/merge-patch+json' });
  await clock.advance(EVENT_TTL_MS / 2 + 60_000);
  const { value } = await call('GET', URL_OF_EVENTS);
  assert.deepEqual(
    value.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['b'],
  );
  stop.abort(new Error('stop'));
  await assert.rejects(running, /stop/);
});

test('runEventExpiry tries again later while the disk is full', async () => {
  const { server, clock, call, journal } = await newSimulatedApiServer();
  await call('POST', URL_OF_EVENTS, event('a'));
  const stop = new AbortController();
  const running = runEventExpiry(server.registry, stop.signal);
  const names = async () =>
    (await call('GET', URL_OF_EVENTS)).value.items.map(
      ({ metadata }: { metadata: { name: string } }) => metadata.name,
    );
  await clock.settle();
  journal.becomeUnavailable();
  await clock.advance(EVENT_TTL_MS + 120_000);
  assert.deepEqual(await names(), ['a']);
  journal.recover();
  await clock.advance(60_000);
  assert.deepEqual(await names(), []);
  stop.abort(new Error('stop'));
  await assert.rejects(running, /stop/);
});

test('an Event of either API version is the same Event', async () => {
  const { call } = await newSimulatedApiServer();
  await call('POST', URL_OF_EVENTS, event('a'));
  const base = '/apis/events.k8s.io/v1/namespaces/default/events';
  const { value } = await call('GET', `${base}/a`);
  assert.equal(value.apiVersion, 'events.k8s.io/v1');
  assert.equal(value.note, 'Started container main');
  assert.equal(value.regarding.name, 'web-1');
  assert.equal(value.involvedObject, undefined);
  const created = await call('POST', base, {
    metadata: { name: 'n' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    regarding: { kind: 'Node', name: 'n1', namespace: 'default' },
    reportingController: 'x.io/y',
    reportingInstance: 'y-1',
    action: 'Testing',
    reason: 'Tested',
    note: 'hello',
    type: 'Normal',
  });
  assert.equal(created.status, 201);
  const core = await call('GET', `${URL_OF_EVENTS}?fieldSelector=involvedObject.kind%3DNode`);
  assert.equal(core.value.items[0].message, 'hello');
  assert.equal(core.value.items[0].apiVersion, 'v1');
  const selected = await call('GET', `${base}?fieldSelector=regarding.kind%3DPod`);
  assert.deepEqual(
    selected.value.items.map((item: { note: string }) => item.note),
    ['Started container main'],
  );
});

test('a HorizontalPodAutoscaler of version 1 is stored with its one metric', async () => {
  const { call } = await newSimulatedApiServer();
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  await call('POST', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers', {
    metadata: { name: 'a' },
    spec: { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 70 },
  });
  const two = await call('GET', '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/a');
  assert.equal(two.value.spec.metrics[0].resource.target.averageUtilization, 70);
  const one = await call('GET', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers/a');
  assert.equal(one.value.spec.targetCPUUtilizationPercentage, 70);
  assert.equal(one.value.spec.metrics, undefined);
});
