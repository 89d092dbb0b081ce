import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, type SimulatedApiServer } from '../../simulation/sim-api-server.ts';
import { bootstrapCluster } from '../bootstrap.ts';
import { runServiceAddresses } from './keep-addresses.ts';

const SERVICES_URL = '/api/v1/namespaces/default/services';
const NETWORKING = '/apis/networking.k8s.io/v1';
const ADDRESS_KEY = '/registry/networking.k8s.io/ipaddresses';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const MANAGED = {
  'ipaddress.kubernetes.io/ip-family': 'IPv4',
  'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
};

function service(name: string, clusterIP: string): Record<string, unknown> {
  return { metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 80 }], clusterIP } };
}

function address(name: string, service: string, labels: object = MANAGED): Record<string, unknown> {
  const parentRef = { resource: 'services', namespace: 'default', name: service };
  return { metadata: { name, labels }, spec: { parentRef } };
}

async function kept(run: (server: SimulatedApiServer) => Promise<void>): Promise<void> {
  const server = await newSimulatedApiServer();
  const stop = new AbortController();
  const running = runServiceAddresses(server.server.registry, stop.signal);
  await run(server);
  stop.abort('done');
  await assert.rejects(running, (reason) => reason === 'done');
}

async function ownersIn({ call, clock }: SimulatedApiServer): Promise<Record<string, string>> {
  await clock.advance(100);
  const { value } = await call('GET', `${NETWORKING}/ipaddresses`);
  return Object.fromEntries(
    value.items.map(
      ({ metadata, spec }: { metadata: { name: string }; spec: { parentRef: { name: string } } }) => [
        metadata.name,
        spec.parentRef.name,
      ],
    ),
  );
}

async function eventsIn({ call }: SimulatedApiServer): Promise<string[]> {
  const { value } = await call('GET', '/api/v1/namespaces/default/events');
  return value.items.map(
    (event: { reason: string; message: string; count: number; involvedObject: { kind: string } }) =>
      `${event.involvedObject.kind} ${event.reason} ${event.count} ${event.message}`,
  );
}

test('runServiceAddresses says nothing while Services come and go', async () => {
  await kept(async (server) => {
    await server.call('POST', SERVICES_URL, service('a', '10.96.0.7'));
    assert.deepEqual(await ownersIn(server), { '10.96.0.1': 'kubernetes', '10.96.0.7': 'a' });
    await server.call('DELETE', `${SERVICES_URL}/a`);
    assert.deepEqual(await ownersIn(server), { '10.96.0.1': 'kubernetes' });
    assert.deepEqual(await eventsIn(server), []);
  });
});

test('runServiceAddresses gives an IPAddress back to the Service that it was taken from', async () => {
  await kept(async (server) => {
    const { call } = server;
    await call('POST', SERVICES_URL, service('a', '10.96.0.7'));
    for (const count of [1, 2]) {
      await call('DELETE', `${NETWORKING}/ipaddresses/10.96.0.7`);
      assert.deepEqual(await ownersIn(server), { '10.96.0.1': 'kubernetes', '10.96.0.7': 'a' });
      assert.deepEqual(await eventsIn(server), [
        `Service ClusterIPNotAllocated ${count} Cluster IP [IPv4]: 10.96.0.7 is not allocated; repairing`,
      ]);
    }
    const { value } = await call('GET', `${NETWORKING}/ipaddresses/10.96.0.7`);
    assert.deepEqual(value.metadata.labels, MANAGED);
  });
});

test('runServiceAddresses gives Services of an older version their IPAddresses at its start', async () => {
  const server = await newSimulatedApiServer();
  await server.call('POST', SERVICES_URL, service('a', '10.96.0.7'));
  await server.store.transact(`${ADDRESS_KEY}/10.96.0.7`, () => ({ delete: true }));
  assert.deepEqual(await ownersIn(server), { '10.96.0.1': 'kubernetes' });
  const stop = new AbortController();
  const running = runServiceAddresses(server.server.registry, stop.signal);
  assert.deepEqual(await ownersIn(server), { '10.96.0.1': 'kubernetes', '10.96.0.7': 'a' });
  stop.abort('done');
  await assert.rejects(running, (reason) => reason === 'done');
});

test('runServiceAddresses removes IPAddresses of the allocator that no Service holds, and no others', async () => {
  await kept(async (server) => {
    const { call } = server;
    await call('POST', SERVICES_URL, service('a', '10.96.0.7'));
    await call('POST', `${NETWORKING}/ipaddresses`, address('10.96.0.20', 'nobody', { mine: 'yes' }));
    await call('POST', `${NETWORKING}/ipaddresses`, address('10.96.0.21', 'nobody'));
    await call('POST', `${NETWORKING}/ipaddresses`, address('10.96.0.22', 'a'));
    const foreign = {
      metadata: { name: '10.96.0.23', labels: MANAGED },
      spec: { parentRef: { group: 'example.com', resource: 'gateways', name: 'g' } },
    };
    await call('POST', `${NETWORKING}/ipaddresses`, foreign);
    assert.deepEqual(await ownersIn(server), {
      '10.96.0.1': 'kubernetes',
      '10.96.0.20': 'nobody',
      '10.96.0.7': 'a',
    });
    assert.deepEqual(await eventsIn(server), [
      'IPAddress IPAddressNotAllocated 1 IPAddress: 10.96.0.21 for Service default/nobody appears to have leaked: cleaning up',
      'IPAddress IPAddressWrongReference 1 IPAddress: 10.96.0.22 for Service default/a has a wrong reference; cleaning up',
      'IPAddress IPAddressNotAllocated 1 IPAddress 10.96.0.23 appears to have been modified, not referencing a Service {"group":"example.com","resource":"gateways","name":"g"}: cleaning up',
    ]);
  });
});

test('runServiceAddresses sets right what says that the address is of something else', async () => {
  await kept(async (server) => {
    const { call, store } = server;
    await call('POST', SERVICES_URL, service('a', '10.96.0.7'));
    const key = `${ADDRESS_KEY}/10.96.0.7`;
    const { spec } = address('x', 'gone');
    await store.transact(key, (current) => ({ put: { ...current!.value, spec } }));
    assert.deepEqual(await ownersIn(server), { '10.96.0.1': 'kubernetes', '10.96.0.7': 'a' });
    await call(
      'PATCH',
      `${NETWORKING}/ipaddresses/10.96.0.7`,
      { metadata: { labels: null } },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    await server.clock.advance(100);
    const { value } = await call('GET', `${NETWORKING}/ipaddresses/10.96.0.7`);
    assert.deepEqual(value.metadata.labels, MANAGED);
  });
});

test('runServiceAddresses tells of a Service that is outside of all ranges', async () => {
  await kept(async (server) => {
    const { call, store } = server;
    const url = `${NETWORKING}/servicecidrs`;
    await call('POST', url, { metadata: { name: 'more' }, spec: { cidrs: ['10.97.0.0/24'] } });
    await call('POST', SERVICES_URL, service('a', '10.97.0.7'));
    await call('DELETE', `${url}/more`);
    await store.transact(`${ADDRESS_KEY}/10.97.0.7`, () => ({ delete: true }));
    assert.deepEqual(await ownersIn(server), { '10.96.0.1': 'kubernetes' });
    assert.deepEqual(await eventsIn(server), [
      'Service ClusterIPOutOfRange 1 Cluster IP [IPv4]: 10.97.0.7 is not within any configured Service CIDR; please recreate service',
    ]);
  });
});

test('runServiceAddresses makes the default ServiceCIDR again when it is gone', async () => {
  await kept(async ({ call, clock, store }) => {
    const url = `${NETWORKING}/servicecidrs/kubernetes`;
    const { value: first } = await call('GET', url);
    assert.deepEqual(first.metadata.finalizers, ['networking.k8s.io/service-cidr-finalizer']);
    await store.transact('/registry/networking.k8s.io/servicecidrs/kubernetes', () => ({ delete: true }));
    await clock.advance(100);
    const { value } = await call('GET', url);
    assert.notEqual(value.metadata.uid, first.metadata.uid);
    assert.deepEqual(value.spec, first.spec);
    assert.equal(value.status.conditions[0].status, 'True');
  });
});

test('bootstrapCluster succeeds while the address of the kubernetes Service is not to be had', async () => {
  const { call, server } = await newSimulatedApiServer();
  await call('POST', SERVICES_URL, service('a', '10.96.0.7'));
  await call('DELETE', `${SERVICES_URL}/kubernetes`);
  await call('DELETE', `${NETWORKING}/servicecidrs/kubernetes`);
  const options = { advertise: { address: '192.0.2.1', port: 6443 }, rbacObjects: [] };
  await bootstrapCluster(server.registry, options);
  assert.equal((await call('GET', `${SERVICES_URL}/kubernetes`)).status, 404);
  await call('PATCH', `${NETWORKING}/servicecidrs/kubernetes`, { metadata: { finalizers: null } }, MERGE);
  await bootstrapCluster(server.registry, options);
  assert.equal((await call('GET', `${SERVICES_URL}/kubernetes`)).value.spec.clusterIP, '10.96.0.1');
});

test('runServiceAddresses goes on later with what a full disk refused', async () => {
  await kept(async (server) => {
    const { call, journal, clock, store } = server;
    await call('POST', SERVICES_URL, service('a', '10.96.0.7'));
    await store.transact(`${ADDRESS_KEY}/10.96.0.7`, () => ({ delete: true }));
    journal.becomeUnavailable();
    assert.deepEqual(await ownersIn(server), { '10.96.0.1': 'kubernetes' });
    journal.recover();
    await clock.advance(10_000);
    assert.deepEqual(await ownersIn(server), { '10.96.0.1': 'kubernetes', '10.96.0.7': 'a' });
  });
});
