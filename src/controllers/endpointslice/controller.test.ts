import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoints, Pod, Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES } from '../../api/resources.ts';
import { type ControllerBench, newControllerBench } from '../../simulation/controller-bench.ts';
import { newEndpointSliceController } from './controller.ts';
import { newEndpointsController } from './endpoints-controller.ts';

const CONTROLLERS = [newEndpointSliceController, newEndpointsController];

const never = new AbortController().signal;

async function createService({ client }: ControllerBench): Promise<void> {
  const service: Service = await client.create<Service>(
    SERVICES,
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, clusterIP: '10.0.0.1', ports: [{ port: 80, protocol: 'TCP' }] },
    },
    never,
  );
  equal(service.metadata.name, 'web');
}

async function putPod({ api, client }: ControllerBench, name: string, isReady: boolean): Promise<void> {
  const known = api.objects<Pod>(PODS).find((pod) => pod.metadata.name === name);
  const pod =
    known ??
    (await client.create<Pod>(
      PODS,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', labels: { app: 'web' } },
        spec: { containers: [] },
      },
      never,
    ));
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }];
  api.put(PODS, { ...pod, status: { phase: 'Running', podIP: `10.1.0.${name.length}`, conditions } });
}

const readyAddresses = ({ api }: ControllerBench) =>
  api
    .objects<EndpointSlice>(ENDPOINT_SLICES)
    .flatMap(({ endpoints = [] }) => endpoints)
    .filter(({ conditions }) => conditions?.ready)
    .flatMap(({ addresses }) => addresses);

test('newEndpointSliceController follows readiness at once, without waiting', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  await createService(bench);
  await putPod(bench, 'a', true);
  await putPod(bench, 'bb', true);
  await bench.clock.advance(100);
  deepEqual(readyAddresses(bench).sort(), ['10.1.0.1', '10.1.0.2']);
  await putPod(bench, 'a', false);
  await bench.clock.advance(0);
  deepEqual(readyAddresses(bench), ['10.1.0.2']);
  const [endpoints] = bench.api.objects<Endpoints>(ENDPOINTS);
  deepEqual(
    endpoints?.subsets?.map(({ notReadyAddresses }) => notReadyAddresses?.map(({ ip }) => ip)),
    [['10.1.0.1']],
  );
  await bench.end();
});

test('newEndpointSliceController makes one slice behind lagging caches, and writes nothing when idle', async () => {
  const bench = newControllerBench({ seed: 2, controllers: CONTROLLERS, lagged: true });
  await createService(bench);
  for (let i = 1; i <= 20; i++) {
    await putPod(bench, 'x'.repeat(i), true);
    await bench.clock.advance(37);
  }
  await bench.clock.advance(5000);
  equal(bench.api.objects(ENDPOINT_SLICES).length, 1);
  equal(readyAddresses(bench).length, 20);
  const writes = bench.api.writes.length;
  await bench.clock.advance(3_600_000);
  equal(bench.api.writes.length, writes);
  await bench.end();
});

test('newEndpointSliceController mends a slice that someone changed, and deletes Endpoints with the Service', async () => {
  const bench = newControllerBench({ seed: 3, controllers: CONTROLLERS });
  await createService(bench);
  await putPod(bench, 'a', true);
  await bench.clock.advance(100);
  const [slice] = bench.api.objects<EndpointSlice>(ENDPOINT_SLICES);
  bench.api.put(ENDPOINT_SLICES, { ...slice!, endpoints: [] });
  await bench.clock.advance(100);
  deepEqual(readyAddresses(bench), ['10.1.0.1']);
  await bench.client.delete(SERVICES, { namespace: 'default', name: 'web' }, {}, never);
  await bench.clock.advance(100);
  deepEqual(bench.api.objects(ENDPOINTS), []);
  await bench.end();
});
