/**
 * Upstream's tests of ServiceCIDRs and IPAddresses, step by step, and of Services on another range than the first.
 *
 * @see Kubernetes test/e2e/network/service_cidrs.go
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startServerFor } from '../tools/server-process.ts';
import { eventually } from '../tools/up-cluster.ts';
import { type ApiObject, type ApiSession, openApiSession } from './api-session.ts';

const MERGE = { type: 'application/merge-patch+json' };
const ROOT = '/apis/networking.k8s.io/v1';
const CIDRS = `${ROOT}/servicecidrs`;
const ADDRESSES = `${ROOT}/ipaddresses`;
const SERVICES = '/api/v1/namespaces/default/services';

let opened: ApiSession | undefined;
after(() => opened?.close());
const server = await startServerFor({ after });
const api = openApiSession(server);
opened = api;

function readyOf(cidr: ApiObject): unknown {
  const { conditions } = cidr['status'] as { conditions: { type: string; status: string; reason: string }[] };
  const ready = conditions.find(({ type }) => type === 'Ready');
  return [ready?.status, ready?.reason];
}

async function annotate(path: string, name: string): Promise<void> {
  const object = await api.ok('GET', path);
  object.metadata.annotations = { ...object.metadata.annotations, [name]: 'true' };
  const updated = await api.ok('PUT', path, object);
  assert.equal(updated.metadata.annotations?.[name], 'true');
}

test('ServiceCIDR and IPAddress API should support ServiceCIDR API operations', async () => {
  const first = `${CIDRS}/kubernetes`;
  const { spec } = await api.ok('GET', first);
  assert.equal((spec as { cidrs: string[] }).cidrs.length, 1);
  const patched = await api.ok('PATCH', first, { metadata: { annotations: { patched: 'true' } } }, MERGE);
  assert.equal(patched.metadata.annotations?.['patched'], 'true');
  await annotate(first, 'updated');
  assert.equal((await api.ok('GET', CIDRS)).items?.length, 1);
  const watch = api.watch(`${CIDRS}?watch=true`);
  await watch.until(({ object }) => object.metadata.name === 'kubernetes');
  watch.close();
});

test('ServiceCIDR and IPAddress API should support IPAddress API operations', async () => {
  const parentRef = { group: 'mygroup', resource: 'myresources', namespace: 'foo', name: 'bar' };
  const address = (name: string, type: string) => ({
    metadata: { name, labels: { type } },
    spec: { parentRef },
  });
  const broadcast = `${ADDRESSES}/255.255.255.255`;
  await api.ok('POST', ADDRESSES, address('255.255.255.255', 'broadcast'));
  await api.ok('POST', ADDRESSES, address('fe80::42:1dff:fe84:f9e2', 'link-local'));
  const patched = await api.ok('PATCH', broadcast, { metadata: { annotations: { patched: 'true' } } }, MERGE);
  assert.equal(patched.metadata.annotations?.['patched'], 'true');
  await annotate(broadcast, 'updated');
  const selected = `${ADDRESSES}?labelSelector=type%3Dbroadcast`;
  assert.equal((await api.ok('GET', selected)).items?.length, 1);
  const watch = api.watch(`${selected}&watch=true`);
  await watch.until(({ object }) => object.metadata.name === '255.255.255.255');
  watch.close();
  await api.ok('DELETE', broadcast);
  const linkLocal = `${ADDRESSES}?labelSelector=type%3Dlink-local`;
  await api.ok('DELETE', linkLocal);
  assert.equal((await api.ok('GET', linkLocal)).items?.length, 0);
});

test('Service CIDRs should create Services on different Service CIDRs, and go when these have', async () => {
  await api.ok('POST', CIDRS, {
    metadata: { name: 'test-svc-cidr' },
    spec: { cidrs: ['203.0.113.0/24'] },
  });
  await eventually('the ServiceCIDR is ready', async () => {
    assert.deepEqual(readyOf(await api.ok('GET', `${CIDRS}/test-svc-cidr`)), ['True', '']);
  });
  const service = (clusterIP: string) => ({
    metadata: { name: 'cidr1-test' },
    spec: { type: 'NodePort', clusterIP, ports: [{ name: 'http', port: 80, targetPort: 9376 }] },
  });
  await api.ok('POST', SERVICES, service('203.0.113.10'));
  const { spec } = await api.ok('GET', `${ADDRESSES}/203.0.113.10`);
  assert.deepEqual(spec, { parentRef: { resource: 'services', namespace: 'default', name: 'cidr1-test' } });
  await api.ok('DELETE', `${CIDRS}/test-svc-cidr`);
  await eventually('the ServiceCIDR says why it stays', async () => {
    assert.deepEqual(readyOf(await api.ok('GET', `${CIDRS}/test-svc-cidr`)), ['False', 'Terminating']);
  });
  const refused = await api.ask('POST', SERVICES, { ...service('203.0.113.11'), metadata: { name: 'late' } });
  assert.match(String(refused.object['message']), /the provided network does not match the current range$/);
  await api.ok('DELETE', `${SERVICES}/cidr1-test`);
  await eventually('the ServiceCIDR is gone', async () => {
    assert.equal((await api.ask('GET', `${CIDRS}/test-svc-cidr`)).status, 404);
    assert.equal((await api.ask('GET', `${ADDRESSES}/203.0.113.10`)).status, 404);
  });
});

test('the default ServiceCIDR is held by the kubernetes Service, unless another covers it', async () => {
  const first = await api.ok('GET', `${CIDRS}/kubernetes`);
  const { cidrs } = first['spec'] as { cidrs: string[] };
  await api.ok('DELETE', `${CIDRS}/kubernetes`);
  await eventually('it stays', async () => {
    assert.deepEqual(readyOf(await api.ok('GET', `${CIDRS}/kubernetes`)), ['False', 'Terminating']);
  });
  await api.ok('POST', CIDRS, { metadata: { name: 'same' }, spec: { cidrs } });
  await eventually('it is gone, and made again', async () => {
    const again = await api.ok('GET', `${CIDRS}/kubernetes`);
    assert.notEqual(again.metadata.uid, first.metadata.uid);
    assert.deepEqual(readyOf(again), ['True', '']);
  });
});
