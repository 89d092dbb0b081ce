import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, type SimulatedApiServer } from '../../simulation/sim-api-server.ts';

const SERVICES_URL = '/api/v1/namespaces/default/services';
const NETWORKING = '/apis/networking.k8s.io/v1';
const PATCH = { 'content-type': 'application/merge-patch+json' };

function service(name: string, spec: Record<string, unknown> = {}): Record<string, unknown> {
  return { metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec } };
}

function cidr(name: string, cidrs: string[], more: object = {}): Record<string, unknown> {
  return { metadata: { name }, spec: { cidrs }, ...more };
}

async function addressesIn({ call }: SimulatedApiServer): Promise<string[]> {
  const { value } = await call('GET', `${NETWORKING}/ipaddresses`);
  return value.items.map(
    ({ metadata, spec }: { metadata: { name: string }; spec: { parentRef: { name: string } } }) =>
      `${metadata.name} ${spec.parentRef.name}`,
  );
}

test('addressChanges gives each Service that gains an address an IPAddress as upstream does', async () => {
  const { call, store } = await newSimulatedApiServer();
  const { value: created } = await call('POST', SERVICES_URL, service('a'));
  const { value } = await call('GET', `${NETWORKING}/ipaddresses/${created.spec.clusterIP}`);
  assert.deepEqual(value.spec, {
    parentRef: { resource: 'services', namespace: 'default', name: 'a' },
  });
  assert.deepEqual(value.metadata.labels, {
    'ipaddress.kubernetes.io/ip-family': 'IPv4',
    'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
  });
  assert.equal(value.metadata.creationTimestamp, created.metadata.creationTimestamp);
  assert.ok(value.metadata.uid);
  const service1 = store.get('/registry/services/default/a')!;
  const address = store.get(`/registry/networking.k8s.io/ipaddresses/${created.spec.clusterIP}`)!;
  assert.equal(address.revision + 1, service1.revision, 'one commit');
});

test('addressChanges takes the IPAddress away when the Service goes, or has no address any more', async () => {
  const server = await newSimulatedApiServer();
  const { call } = server;
  const held = ['10.96.0.1 kubernetes'];
  assert.deepEqual(await addressesIn(server), held);
  await call('POST', SERVICES_URL, service('a', { clusterIP: '10.96.0.7' }));
  assert.deepEqual(await addressesIn(server), [...held, '10.96.0.7 a']);
  await call('PATCH', `${SERVICES_URL}/a`, { metadata: { labels: { a: 'b' } } }, PATCH);
  assert.deepEqual(await addressesIn(server), [...held, '10.96.0.7 a']);
  const external = { spec: { type: 'ExternalName', externalName: 'example.com', clusterIP: null } };
  const changed = await call('PATCH', `${SERVICES_URL}/a`, external, PATCH);
  assert.equal(changed.status, 200, JSON.stringify(changed.value));
  assert.deepEqual(await addressesIn(server), held);
  const back = { spec: { type: 'ClusterIP', externalName: null, clusterIP: '10.96.0.8' } };
  await call('PATCH', `${SERVICES_URL}/a`, back, PATCH);
  assert.deepEqual(await addressesIn(server), [...held, '10.96.0.8 a']);
  await call('DELETE', `${SERVICES_URL}/a`);
  assert.deepEqual(await addressesIn(server), held);
});

test('addressChanges waits for the last finalizer of the Service, and for those of the IPAddress', async () => {
  const server = await newSimulatedApiServer();
  const { call } = server;
  const guarded = service('a', { clusterIP: '10.96.0.7' });
  await call('POST', SERVICES_URL, { ...guarded, metadata: { name: 'a', finalizers: ['example.com/x'] } });
  const at = `${NETWORKING}/ipaddresses/10.96.0.7`;
  await call('PATCH', at, { metadata: { finalizers: ['example.com/y'] } }, PATCH);
  await call('DELETE', `${SERVICES_URL}/a`);
  assert.equal((await call('GET', at)).value.metadata.deletionTimestamp, undefined);
  await call('PATCH', `${SERVICES_URL}/a`, { metadata: { finalizers: null } }, PATCH);
  assert.equal((await call('GET', `${SERVICES_URL}/a`)).status, 404);
  assert.ok((await call('GET', at)).value.metadata.deletionTimestamp);
  const taken = await call('POST', SERVICES_URL, service('b', { clusterIP: '10.96.0.7' }));
  assert.match(taken.value.message, /provided IP is already allocated$/);
  await call('PATCH', at, { metadata: { finalizers: null } }, PATCH);
  assert.equal((await call('POST', SERVICES_URL, service('b', { clusterIP: '10.96.0.7' }))).status, 201);
});

test('addressPool takes an IPAddress of somebody else for taken, and lets it be', async () => {
  const server = await newSimulatedApiServer();
  const { call } = server;
  const address = {
    metadata: { name: '10.96.0.9' },
    spec: { parentRef: { group: 'example.com', resource: 'gateways', name: 'g' } },
  };
  assert.equal((await call('POST', `${NETWORKING}/ipaddresses`, address)).status, 201);
  const taken = await call('POST', SERVICES_URL, service('a', { clusterIP: '10.96.0.9' }));
  assert.equal(taken.status, 422);
  assert.match(taken.value.message, /failed to allocate IP 10.96.0.9: provided IP is already allocated$/);
  await call('DELETE', `${NETWORKING}/ipaddresses/10.96.0.9`);
  assert.equal((await call('POST', SERVICES_URL, service('a', { clusterIP: '10.96.0.9' }))).status, 201);
  await call('DELETE', `${NETWORKING}/ipaddresses/10.96.0.9`);
  const again = await call('POST', SERVICES_URL, service('b', { clusterIP: '10.96.0.9' }));
  assert.equal(again.status, 422, 'a Service has it, whatever became of its IPAddress');
});

test('addressPool is all ready ServiceCIDRs, the first one first', async () => {
  const server = await newSimulatedApiServer();
  const { call } = server;
  const url = `${NETWORKING}/servicecidrs`;
  assert.deepEqual((await call('GET', `${url}/kubernetes`)).value.spec, { cidrs: ['10.96.0.0/24'] });
  const asked = () => call('POST', SERVICES_URL, service('a', { clusterIP: '192.168.9.10' }));
  assert.equal((await asked()).status, 422);
  await call('POST', url, cidr('a-second', ['192.168.9.0/28', 'fd00::/64']));
  assert.equal((await asked()).status, 201);
  for (const edge of ['192.168.9.0', '192.168.9.15']) {
    const { value } = await call('POST', SERVICES_URL, service('edge', { clusterIP: edge }));
    assert.match(value.message, /does not match the current range$/);
  }
  const { value: dynamic } = await call('POST', SERVICES_URL, service('b'));
  assert.match(dynamic.spec.clusterIP, /^10\.96\.0\.(1[7-9]|[2-9]\d|\d{3})$/, 'not from the static part');
  const fill = Array.from({ length: 252 }, (_, i) => call('POST', SERVICES_URL, service(`f-${i}`)));
  assert.ok((await Promise.all(fill)).every(({ status }) => status === 201));
  const { value: beyond } = await call('POST', SERVICES_URL, service('c'));
  assert.match(beyond.spec.clusterIP, /^192\.168\.9\./);
});

test('addressPool has nothing of a ServiceCIDR that is deleted, or not ready', async () => {
  const { call } = await newSimulatedApiServer();
  const url = `${NETWORKING}/servicecidrs`;
  const conditions = [{ type: 'Ready', status: 'False', reason: 'Wait', message: '' }];
  await call('POST', url, cidr('wait', ['10.97.0.0/24'], { status: { conditions } }));
  const held = { metadata: { name: 'gone', finalizers: ['example.com/x'] } };
  await call('POST', url, cidr('gone', ['10.98.0.0/24'], held));
  const at = (clusterIP: string) => call('POST', SERVICES_URL, service('a', { clusterIP }));
  const [deleted, refused] = await Promise.all([call('DELETE', `${url}/gone`), at('10.98.0.1')]);
  assert.equal(deleted.status, 200);
  assert.equal(refused.status, 422, 'though the deletion was not durable yet');
  assert.equal((await at('10.97.0.1')).status, 422);
  await call('DELETE', `${url}/kubernetes`);
  const { value } = await call('POST', SERVICES_URL, service('a'));
  assert.equal(value.message, 'Internal error occurred: failed to allocate a serviceIP: range is full');
});

test('ServiceAllocator gives back the address when there is no port left', async () => {
  const { call } = await newSimulatedApiServer();
  const ports = Array.from({ length: 2768 }, (_, i) => ({ name: `p-${i}`, port: i + 1 }));
  await call('POST', SERVICES_URL, service('all', { type: 'NodePort', ports }));
  const one = service('a', { type: 'NodePort', clusterIP: '10.96.0.5' });
  const { value } = await call('POST', SERVICES_URL, one);
  assert.equal(value.message, 'Internal error occurred: failed to allocate a nodePort: range is full');
  assert.equal((await call('POST', SERVICES_URL, service('a', { clusterIP: '10.96.0.5' }))).status, 201);
});
