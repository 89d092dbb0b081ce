import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newSimulatedApiServer } from '../../simulation/sim-api-server.ts';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import { Bitmap } from './bitmap.ts';

const URL_OF_SERVICES = '/api/v1/namespaces/default/services';

function service(name: string, spec: Record<string, unknown> = {}): Record<string, unknown> {
  return { metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec } };
}

test('ServiceAllocator gives an address from the range and keeps it through updates', async () => {
  const { call } = await newSimulatedApiServer();
  const { value } = await call('POST', URL_OF_SERVICES, service('a'));
  assert.match(value.spec.clusterIP, /^10\.96\.0\.\d+$/);
  assert.deepEqual(value.spec.clusterIPs, [value.spec.clusterIP]);
  assert.deepEqual(value.spec.ipFamilies, ['IPv4']);
  const { value: updated, status } = await call(
    'PUT',
    `${URL_OF_SERVICES}/a`,
    service('a', { type: 'NodePort' }),
  );
  assert.equal(status, 200);
  assert.equal(updated.spec.clusterIP, value.spec.clusterIP);
  const { nodePort } = updated.spec.ports[0];
  assert.ok(nodePort >= 30000 && nodePort <= 32767);
  const { value: again } = await call('PUT', `${URL_OF_SERVICES}/a`, service('a', { type: 'NodePort' }));
  assert.equal(again.spec.ports[0].nodePort, nodePort);
  const { value: back } = await call('PUT', `${URL_OF_SERVICES}/a`, service('a'));
  assert.equal(back.spec.ports[0].nodePort, undefined);
  const { status: taken } = await call(
    'POST',
    URL_OF_SERVICES,
    service('b', { type: 'NodePort', ports: [{ port: 80, nodePort }] }),
  );
  assert.equal(taken, 201, 'the port was released');
});

test('ServiceAllocator refuses what is taken or out of range in upstream words', async () => {
  const { call } = await newSimulatedApiServer();
  const taken = await call('POST', URL_OF_SERVICES, service('a', { clusterIP: '10.96.0.1' }));
  assert.equal(taken.status, 422);
  assert.equal(
    taken.value.message,
    'Service "a" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: provided IP is already allocated',
  );
  const outside = await call('POST', URL_OF_SERVICES, service('a', { clusterIP: '10.1.0.1' }));
  assert.match(
    outside.value.message,
    /failed to allocate IP 10.1.0.1: the provided network does not match the current range$/,
  );
  const port = await call(
    'POST',
    URL_OF_SERVICES,
    service('a', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }),
  );
  assert.match(
    port.value.message,
    /provided port is not in the valid range. The range of valid ports is 30000-32767/,
  );
});

test('ServiceAllocator releases on deletion, on a refused creation and on a dry run', async () => {
  const { call } = await newSimulatedApiServer();
  const fixed = service('a', { clusterIP: '10.96.0.200' });
  await call('POST', `${URL_OF_SERVICES}?dryRun=All`, fixed);
  await call('POST', URL_OF_SERVICES, service('taken'));
  const refused = await call('POST', URL_OF_SERVICES, service('taken', { clusterIP: '10.96.0.200' }));
  assert.equal(refused.status, 409);
  assert.equal((await call('POST', URL_OF_SERVICES, fixed)).status, 201);
  await call('DELETE', `${URL_OF_SERVICES}/a`);
  assert.equal((await call('POST', URL_OF_SERVICES, fixed)).status, 201);
});

const LOCAL = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };

test('ServiceAllocator gives a Service of local endpoints a port for health checks, and keeps it', async () => {
  const { call } = await newSimulatedApiServer();
  const { value } = await call('POST', URL_OF_SERVICES, service('a', LOCAL));
  const { healthCheckNodePort: port, ports } = value.spec;
  assert.ok(port >= 30000 && port <= 32767 && port !== ports[0].nodePort);
  const same = await call('PUT', `${URL_OF_SERVICES}/a`, service('a', LOCAL));
  assert.equal(same.value.spec.healthCheckNodePort, port);
  const other = { ...LOCAL, healthCheckNodePort: port === 30000 ? 30001 : 30000 };
  const moved = await call('PUT', `${URL_OF_SERVICES}/a`, service('a', other));
  assert.match(moved.value.message, /spec\.healthCheckNodePort: Forbidden: field is immutable$/);
  const taken = service('b', { ...LOCAL, healthCheckNodePort: port });
  const refused = await call('POST', URL_OF_SERVICES, taken);
  assert.equal(refused.status, 500);
  assert.equal(
    refused.value.message,
    `Internal error occurred: failed to allocate requested HealthCheck NodePort ${port}: provided port is already allocated`,
  );
  const cluster = { type: 'LoadBalancer', externalTrafficPolicy: 'Cluster' };
  const released = await call('PUT', `${URL_OF_SERVICES}/a`, service('a', cluster));
  assert.equal(released.value.spec.healthCheckNodePort, undefined);
  assert.equal((await call('POST', URL_OF_SERVICES, taken)).status, 201);
  await call('DELETE', `${URL_OF_SERVICES}/b`);
  assert.equal((await call('POST', URL_OF_SERVICES, taken)).status, 201);
});

test('ServiceAllocator gives no port for health checks that is a node port', async () => {
  const { call } = await newSimulatedApiServer();
  const ports = [{ port: 80, nodePort: 30_100 }];
  const both = await call(
    'POST',
    URL_OF_SERVICES,
    service('a', { ...LOCAL, ports, healthCheckNodePort: 30_100 }),
  );
  assert.match(both.value.message, /NodePort 30100: provided port is already allocated$/);
  const outside = await call('POST', URL_OF_SERVICES, service('a', { ...LOCAL, healthCheckNodePort: 80 }));
  assert.match(outside.value.message, /NodePort 80: provided port is not in the valid range\./);
  const again = await call('POST', URL_OF_SERVICES, service('a', { type: 'NodePort', ports }));
  assert.equal(again.status, 201, 'what was refused holds nothing');
});

test('ServiceAllocator respects the node ports that a Service without them asks for', async () => {
  const { call } = await newSimulatedApiServer();
  const ports = [
    { name: 'a', port: 80, nodePort: 30_200 },
    { name: 'b', port: 81 },
  ];
  const balancer = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports };
  const { value } = await call('POST', URL_OF_SERVICES, service('a', balancer));
  assert.deepEqual(
    value.spec.ports.map(({ nodePort }: { nodePort?: number }) => nodePort),
    [30_200, undefined],
  );
  const taken = await call('POST', URL_OF_SERVICES, service('b', { type: 'NodePort', ports }));
  assert.match(
    taken.value.message,
    /spec\.ports\[0\]\.nodePort: Invalid value: 30200: provided port is already/,
  );
});

test('ServiceAllocator leaves headless and external Services without an address', async () => {
  const { call } = await newSimulatedApiServer();
  const { value: headless } = await call('POST', URL_OF_SERVICES, service('a', { clusterIP: 'None' }));
  assert.deepEqual(headless.spec.clusterIPs, ['None']);
  const { value: external } = await call('POST', URL_OF_SERVICES, {
    metadata: { name: 'b' },
    spec: { type: 'ExternalName', externalName: 'example.com' },
  });
  assert.equal(external.spec.clusterIP, undefined);
});

test('carryOverAllocations leaves nothing of the address to what becomes external by a patch', async () => {
  const { call } = await newSimulatedApiServer();
  await call('POST', URL_OF_SERVICES, service('a'));
  const spec = { type: 'ExternalName', externalName: 'example.com', clusterIP: null };
  const type = { 'content-type': 'application/merge-patch+json' };
  const { value } = await call('PATCH', `${URL_OF_SERVICES}/a`, { spec }, type);
  assert.deepEqual([value.spec.clusterIP, value.spec.clusterIPs], [undefined, undefined]);
});

test('ServiceAllocator never gives an address twice, also to concurrent creations', async () => {
  const { call } = await newSimulatedApiServer();
  const answers = await Promise.all(
    Array.from({ length: 260 }, (_, index) => call('POST', URL_OF_SERVICES, service(`s-${index}`))),
  );
  const addresses = answers.filter(({ status }) => status === 201).map(({ value }) => value.spec.clusterIP);
  assert.equal(addresses.length, 253, '254 usable addresses, one of them for kubernetes');
  assert.equal(new Set(addresses).size, addresses.length);
  assert.equal(
    answers.at(-1)!.value.message,
    'Internal error occurred: failed to allocate a serviceIP: range is full',
  );
});

test('Bitmap holds just what was taken and not released', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(69))), (script) => {
      const bitmap = new Bitmap(70);
      const model = new Set<number>();
      for (const [isTake, index] of script) {
        if (isTake) {
          assert.equal(bitmap.take(index), !model.has(index));
          model.add(index);
        } else {
          bitmap.release(index);
          model.delete(index);
        }
        assert.equal(bitmap.taken, model.size);
      }
      const random = newSeededRandom(1);
      for (let index = bitmap.takeAny(random); index !== undefined; index = bitmap.takeAny(random)) {
        assert.ok(!model.has(index));
        model.add(index);
      }
      assert.equal(model.size, 70);
    }),
  );
});
