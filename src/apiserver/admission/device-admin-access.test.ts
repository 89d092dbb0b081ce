import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../../simulation/sim-api-server.ts';

const GROUP = '/apis/resource.k8s.io/v1';
const WHY =
  'admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace';
const RESULT = { request: 'gpu', driver: 'a.b', pool: 'p', device: 'd' };

const spec = (adminAccess?: boolean) => ({
  devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu', adminAccess } }] },
});

async function newServer() {
  const { call } = await newSimulatedApiServer();
  await call('POST', '/api/v1/namespaces', {
    metadata: { name: 'admin', labels: { 'resource.kubernetes.io/admin-access': 'true' } },
  });
  const urlOf = (namespace: string, resource = 'resourceclaims') =>
    `${GROUP}/namespaces/${namespace}/${resource}`;
  return { call, urlOf };
}

test('deviceAdminAccess gives it to claims and templates of labelled namespaces alone', async () => {
  const { call, urlOf } = await newServer();
  const claim = { metadata: { name: 'c' }, spec: spec(true) };
  const template = { metadata: { name: 't' }, spec: { spec: spec(true) } };
  const refused = await call('POST', urlOf('default'), claim);
  equal(refused.status, 422);
  deepEqual(refused.value.details.causes, [
    {
      reason: 'FieldValueForbidden',
      message: `Forbidden: ${WHY}`,
      field: 'spec.devices.requests[0].adminAccess',
    },
  ]);
  const templates = urlOf('default', 'resourceclaimtemplates');
  equal(
    (await call('POST', templates, template)).value.message,
    `ResourceClaimTemplate.resource.k8s.io "t" is invalid: spec.devices.requests[0].adminAccess: Forbidden: ${WHY}`,
  );
  equal((await call('POST', urlOf('admin'), claim)).status, 201);
  equal((await call('POST', urlOf('admin', 'resourceclaimtemplates'), template)).status, 201);
  equal((await call('POST', urlOf('default'), { ...claim, spec: spec(false) })).status, 201);
});

test('deviceAdminAccess is not had by an allocation that nobody could ask for', async () => {
  const { call, urlOf } = await newServer();
  const allocate = async (namespace: string) => {
    const { value } = await call('POST', urlOf(namespace), { metadata: { name: 'c' }, spec: spec() });
    const results = [RESULT, { ...RESULT, device: 'e', adminAccess: true }];
    const status = { allocation: { devices: { results } } };
    return call('PUT', `${urlOf(namespace)}/c/status`, { ...value, status });
  };
  const { status, value } = await allocate('default');
  equal(status, 422);
  equal(value.details.causes[0].field, 'status.allocation.devices.results[1].adminAccess');
  const granted = await allocate('admin');
  equal(granted.status, 200);
  await call('PATCH', '/api/v1/namespaces/admin', { metadata: { labels: null } }, MERGE);
  const again = await call('PUT', `${urlOf('admin')}/c/status`, granted.value);
  equal(again.status, 200);
});

const MERGE = { 'content-type': 'application/merge-patch+json' };
