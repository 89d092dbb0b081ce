import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../../simulation/sim-api-server.ts';

const GROUP = '/apis/resource.k8s.io/v1';
const CLAIMS = `${GROUP}/namespaces/default/resourceclaims`;
const SLICES = `${GROUP}/resourceslices`;

test('dropDeallocatedDevices forgets what drivers said of devices that are given back', async () => {
  const { call } = await newSimulatedApiServer();
  const request = { name: 'gpu', exactly: { deviceClassName: 'gpu' } };
  const { value } = await call('POST', CLAIMS, {
    metadata: { name: 'c' },
    spec: { devices: { requests: [request] } },
  });
  const device = { driver: 'a.b', pool: 'p', device: 'd' };
  const allocation = { devices: { results: [{ request: 'gpu', ...device }] } };
  const put = async (status: object) => {
    const metadata = { ...value.metadata, resourceVersion: undefined };
    return call('PUT', `${CLAIMS}/c/status`, { ...value, metadata, status });
  };
  const given = await put({ allocation, devices: [{ ...device, data: { a: 1 } }] });
  deepEqual(given.value.status.devices, [{ ...device, data: { a: 1 } }]);
  const unknown = await put({ allocation, devices: [{ ...device, device: 'e' }] });
  equal(unknown.status, 422);
  const back = await put({ devices: [device] });
  deepEqual([back.status, back.value.status], [200, {}]);
});

test('dateTaints says since when a device is tainted, and keeps to it', async () => {
  const { call, clock } = await newSimulatedApiServer();
  const taint = { key: 'a', effect: 'NoSchedule' };
  const timeAdded = '2020-01-01T00:00:00Z';
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
  const devices = [{ name: 'd', taints: [taint, { ...taint, key: 'b', timeAdded }] }, { name: 'e' }];
  const spec = { driver: 'a.b', nodeName: 'n', pool, devices };
  const { value } = await call('POST', SLICES, { metadata: { name: 's' }, spec });
  const created = value.metadata.creationTimestamp;
  deepEqual(value.spec.devices[0].taints, [
    { ...taint, timeAdded: created },
    { ...taint, key: 'b', timeAdded },
  ]);
  await clock.advance(10_000);
  const [first, second] = value.spec.devices;
  const changed = { ...value.spec, devices: [first, { ...second, taints: [taint] }] };
  const updated = (await call('PUT', `${SLICES}/s`, { ...value, spec: changed })).value.spec.devices;
  equal(updated[0].taints[0].timeAdded, created);
  equal(Date.parse(updated[1].taints[0].timeAdded) - Date.parse(created), 10_000);
});
