import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts';
import type { APIService, APIServiceSpec } from '../../api/generated/apiregistration-v1.ts';
import { newSimulatedApiServer } from '../../simulation/sim-api-server.ts';
import { AUTOMANAGED, type LocalApiService, planLocalApiServices } from './local-api-services.ts';

const SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';

function spec(group: string, priority = 1000): APIServiceSpec {
  return { group, version: 'v1', groupPriorityMinimum: priority, versionPriority: 100 };
}

function desired(group: string, managed: LocalApiService['managed']): LocalApiService {
  return { name: `v1.${group}`, managed, spec: spec(group) };
}

function existing(group: string, managed: string | undefined, priority?: number): APIService {
  const labels = managed === undefined ? {} : { [AUTOMANAGED]: managed };
  const conditions = [{ type: 'Available', status: 'True', reason: 'Local' }];
  const metadata = { name: `v1.${group}`, labels };
  return { metadata, spec: spec(group, priority), status: { conditions } } as unknown as APIService;
}

function planned(wanted: LocalApiService[], found: APIService[], isStart = false): object {
  const { put, delete: gone, tell } = planLocalApiServices(wanted, found, isStart);
  return {
    put: put.map(({ name }) => name),
    gone: gone.map(({ metadata }) => metadata.name),
    tell: tell.map(({ metadata }) => metadata.name),
  };
}

test('planLocalApiServices creates what is missing and leaves alone what is right', () => {
  const wanted = [desired('a', 'onstart'), desired('b', 'true')];
  assert.deepEqual(planned(wanted, []), { put: ['v1.a', 'v1.b'], gone: [], tell: [] });
  const all = [existing('a', 'onstart'), existing('b', 'true')];
  assert.deepEqual(planned(wanted, all, true), { put: [], gone: [], tell: [] });
});

test('planLocalApiServices puts right what is built in at the start, and what is not always', () => {
  const wanted = [desired('a', 'onstart'), desired('b', 'true')];
  const changed = [existing('a', 'onstart', 7), existing('b', 'true', 7)];
  assert.deepEqual(planned(wanted, changed), { put: ['v1.b'], gone: [], tell: [] });
  assert.deepEqual(planned(wanted, changed, true), { put: ['v1.a', 'v1.b'], gone: [], tell: [] });
});

test('planLocalApiServices deletes what it made and is wanted no more, and nothing else', () => {
  const found = [existing('a', 'onstart'), existing('b', 'true'), existing('c', undefined)];
  assert.deepEqual(planned([], found), { put: [], gone: ['v1.b'], tell: [] });
  assert.deepEqual(planned([], found, true), { put: [], gone: ['v1.a', 'v1.b'], tell: [] });
  assert.deepEqual(planned([desired('c', 'true')], [existing('c', undefined, 7)]), {
    put: [],
    gone: [],
    tell: [],
  });
});

test('planLocalApiServices waits for what is being deleted, and tells what has no Service that it is there', () => {
  const ending = existing('a', 'true');
  ending.metadata.deletionTimestamp = 't';
  assert.deepEqual(planned([desired('a', 'true')], [ending]), { put: [], gone: [], tell: [] });
  const untold = { ...existing('b', undefined), status: {} };
  assert.deepEqual(planned([], [untold]), { put: [], gone: [], tell: ['v1.b'] });
});

test('LocalApiServices has one for each group version of the table but that of APIServices', async () => {
  const { server, call } = await newSimulatedApiServer();
  await server.aggregation.start();
  const { items } = (await call('GET', SERVICES)).value as { items: APIService[] };
  const all = new Set(server.kinds.rows.map(({ group, version }) => `${version}.${group}`));
  all.delete('v1.apiregistration.k8s.io');
  assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), [...all].sort());
  for (const { status } of items) assert.equal(status?.conditions?.[0]?.reason, 'Local');
});

test('LocalApiServices goes on once a store that could not write can', async () => {
  const { server, call, clock, journal } = await newSimulatedApiServer();
  await server.aggregation.start();
  const ending = new AbortController();
  const running = server.aggregation.run(ending.signal);
  await clock.settle();
  journal.becomeUnavailable();
  server.kinds.put(DEFINITION);
  await clock.advance(5000);
  assert.equal((await call('GET', `${SERVICES}/v1.x.io`)).status, 404);
  journal.recover();
  await clock.advance(2000);
  assert.equal((await call('GET', `${SERVICES}/v1.x.io`)).status, 200);
  ending.abort();
  await assert.rejects(running);
});

const DEFINITION: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.x.io' } as CustomResourceDefinition['metadata'],
  spec: {
    group: 'x.io',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
