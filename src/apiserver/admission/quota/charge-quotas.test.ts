/** Quotas as every write of the registry meets them. The controller is played by the test: it writes the status. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, PODS_URL, pod } from '../../../simulation/sim-api-server.ts';

const MERGE = { 'content-type': 'application/merge-patch+json' };
const CORE = '/api/v1/namespaces/default';
const QUOTAS = `${CORE}/resourcequotas`;

type Hard = Record<string, string>;

async function newServerWithQuota(hard: Hard, spec: object = {}) {
  const server = await newSimulatedApiServer();
  const limit = async (name: string, limits: Hard, more: object = {}) => {
    await server.call('POST', QUOTAS, { metadata: { name }, spec: { hard: limits, ...more } });
    const used = Object.fromEntries(Object.keys(limits).map((resource) => [resource, '0']));
    await server.call('PATCH', `${QUOTAS}/${name}/status`, { status: { hard: limits, used } }, MERGE);
  };
  await limit('q', hard, spec);
  const used = async (name = 'q') => (await server.call('GET', `${QUOTAS}/${name}`)).value.status.used;
  return { ...server, limit, used };
}

const sized = (name: string, requests: Hard, limits: Hard = {}) =>
  pod(name, { containers: [{ name: 'main', image: 'web', resources: { requests, limits } }] });

test('chargeQuotas charges what is created, and refuses in upstream’s words what is too much', async () => {
  const { call, used } = await newServerWithQuota({ pods: '2', 'requests.cpu': '1', 'limits.memory': '1Gi' });
  equal((await call('POST', PODS_URL, sized('a', { cpu: '600m' }, { memory: '512Mi' }))).status, 201);
  deepEqual(await used(), { pods: '1', 'requests.cpu': '600m', 'limits.memory': '512Mi' });
  const refused = await call('POST', PODS_URL, sized('b', { cpu: '500m' }, { memory: '600Mi' }));
  equal(refused.status, 403);
  equal(refused.value.reason, 'Forbidden');
  equal(
    refused.value.message,
    'pods "b" is forbidden: exceeded quota: q, requested: limits.memory=600Mi,requests.cpu=500m, used: limits.memory=512Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1',
  );
  deepEqual(await used(), { pods: '1', 'requests.cpu': '600m', 'limits.memory': '512Mi' });
  equal((await call('POST', PODS_URL, sized('c', { cpu: '400m' }, { memory: '512Mi' }))).status, 201);
  const full = await call('POST', PODS_URL, sized('d', { cpu: '1m' }, { memory: '1Mi' }));
  equal(
    full.value.message,
    'pods "d" is forbidden: exceeded quota: q, requested: limits.memory=1Mi,pods=1,requests.cpu=1m, used: limits.memory=1Gi,pods=2,requests.cpu=1, limited: limits.memory=1Gi,pods=2,requests.cpu=1',
  );
});

test('chargeQuotas wants every container to say what a quota of cpu or memory counts', async () => {
  const { call } = await newServerWithQuota({
    cpu: '1',
    'limits.memory': '1Gi',
    'requests.example.com/gpu': '1',
  });
  const refused = await call('POST', PODS_URL, pod('a'));
  equal(
    refused.value.message,
    'pods "a" is forbidden: failed quota: q: must specify cpu for: main; limits.memory for: main',
  );
});

test('chargeQuotas never lets concurrent creations exceed a quota, nor charges for what is not created', async () => {
  const { call, used } = await newServerWithQuota({ pods: '5' });
  const names = Array.from({ length: 20 }, (_, index) => `p${index % 10}`);
  const answers = await Promise.all(names.map((name) => call('POST', PODS_URL, pod(name))));
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  equal(count(201), 5);
  equal((await call('GET', PODS_URL)).value.items.length, 5);
  deepEqual(await used(), { pods: '5' });
});

test('chargeQuotas charges nothing for a dry run, nor for a name that is taken, but tells what would be refused', async () => {
  const { call, used } = await newServerWithQuota({ pods: '2' });
  equal((await call('POST', `${PODS_URL}?dryRun=All`, pod('a'))).status, 201);
  await call('POST', PODS_URL, pod('a'));
  equal((await call('POST', PODS_URL, pod('a'))).status, 409);
  deepEqual(await used(), { pods: '1' });
  await call('POST', PODS_URL, pod('b'));
  equal((await call('POST', `${PODS_URL}?dryRun=All`, pod('c'))).status, 403);
});

test('chargeQuotas charges an update by what it adds', async () => {
  const { call, used } = await newServerWithQuota({ 'services.nodeports': '1', services: '5' });
  const service = { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } };
  await call('POST', `${CORE}/services`, service);
  deepEqual(await used(), { services: '1', 'services.nodeports': '0' });
  await call('PATCH', `${CORE}/services/a`, { spec: { type: 'NodePort' } }, MERGE);
  deepEqual(await used(), { services: '1', 'services.nodeports': '1' });
  const more = {
    spec: {
      ports: [
        { port: 80, name: 'a' },
        { port: 81, name: 'b' },
      ],
    },
  };
  const refused = await call('PATCH', `${CORE}/services/a`, more, MERGE);
  equal(
    refused.value.message,
    'services "a" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
  );
  await call('PATCH', `${CORE}/services/a`, { metadata: { labels: { a: 'b' } } }, MERGE);
  await call('PATCH', `${CORE}/services/a`, { spec: { type: 'ClusterIP' } }, MERGE);
  deepEqual(await used(), { services: '1', 'services.nodeports': '1' }, 'only the controller gives back');
});

test('chargeQuotas charges the resize of a Pod', async () => {
  const { call, used } = await newServerWithQuota({ 'requests.cpu': '1' });
  await call('POST', PODS_URL, sized('a', { cpu: '500m' }));
  const resize = (cpu: string) =>
    call(
      'PATCH',
      `${PODS_URL}/a/resize`,
      { spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }] } },
      { 'content-type': 'application/strategic-merge-patch+json' },
    );
  equal((await resize('900m')).status, 200);
  deepEqual(await used(), { 'requests.cpu': '900m' });
  equal((await resize('1100m')).status, 403);
});

test('chargeQuotas charges every quota that counts the object, or none', async () => {
  const { call, limit, used } = await newServerWithQuota({ pods: '3' });
  await limit('best-effort', { pods: '1' }, { scopes: ['BestEffort'] });
  await call('POST', PODS_URL, sized('a', { cpu: '1' }));
  await call('POST', PODS_URL, pod('b'));
  deepEqual([await used(), await used('best-effort')], [{ pods: '2' }, { pods: '1' }]);
  const refused = await call('POST', PODS_URL, pod('c'));
  equal(
    refused.value.message,
    'pods "c" is forbidden: exceeded quota: best-effort, requested: pods=1, used: pods=1, limited: pods=1',
  );
  deepEqual(await used(), { pods: '2' });
});

test('chargeQuotas limits nothing by a quota that is not in force yet, and refuses where the usage is unknown', async () => {
  const { call } = await newServerWithQuota({ pods: '1' });
  await call('POST', QUOTAS, { metadata: { name: 'new' }, spec: { hard: { secrets: '0' } } });
  const secret = (name: string) => call('POST', `${CORE}/secrets`, { metadata: { name } });
  equal((await secret('a')).status, 201);
  await call('PATCH', `${QUOTAS}/new/status`, { status: { hard: { secrets: '0' } } }, MERGE);
  equal(
    (await secret('b')).value.message,
    'secrets "b" is forbidden: status unknown for quota: new, resources: secrets',
  );
});

test('chargeQuotas counts quotas themselves, and lets one be mended that is full', async () => {
  const { call, used } = await newServerWithQuota({ 'count/resourcequotas': '1', resourcequotas: '2' });
  const other = (name: string) => call('POST', QUOTAS, { metadata: { name }, spec: { hard: { pods: '1' } } });
  equal((await other('a')).status, 201);
  equal((await other('b')).status, 403);
  deepEqual(await used(), { 'count/resourcequotas': '1', resourcequotas: '1' });
  equal((await call('PATCH', `${QUOTAS}/q`, { spec: { hard: { secrets: '1' } } }, MERGE)).status, 200);
});

test('a ResourceQuota starts without a status, keeps it over updates of its spec, and its scopes', async () => {
  const { call } = await newSimulatedApiServer();
  const spec = { hard: { pods: '1' }, scopes: ['BestEffort'] };
  const created = await call('POST', QUOTAS, {
    metadata: { name: 'q' },
    spec,
    status: { used: { pods: '9' } },
  });
  deepEqual([created.value.status, created.value.metadata.generation], [{}, undefined]);
  const changed = await call('PATCH', `${QUOTAS}/q`, { spec: { scopes: null } }, MERGE);
  equal(
    changed.value.message,
    'ResourceQuota "q" is invalid: spec.scopes: Invalid value: null: field is immutable',
  );
  const status = await call('PATCH', `${QUOTAS}/q/status`, { status: { used: { pods: '-1' } } }, MERGE);
  equal(
    status.value.message,
    'ResourceQuota "q" is invalid: status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
  );
});

test('chargeQuotas counts the devices that a claim asks for, defaults included', async () => {
  const devices = 'gpu.deviceclass.resource.k8s.io/devices';
  const { call, used } = await newServerWithQuota({
    [devices]: '2',
    'count/resourceclaims.resource.k8s.io': '5',
  });
  const claim = (name: string, request: object) =>
    call('POST', '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims', {
      metadata: { name },
      spec: { devices: { requests: [{ name: 'a', ...request }] } },
    });
  const { status, value } = await claim('one', { exactly: { deviceClassName: 'gpu' } });
  equal(status, 201);
  deepEqual(value.spec.devices.requests, [
    { name: 'a', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 } },
  ]);
  const all = { name: 'all', deviceClassName: 'gpu', allocationMode: 'All' };
  equal(
    (await claim('all', { firstAvailable: [all] })).value.message,
    `resourceclaims.resource.k8s.io "all" is forbidden: exceeded quota: q, requested: ${devices}=32, used: ${devices}=1, limited: ${devices}=2`,
  );
  deepEqual(await used(), { [devices]: '1', 'count/resourceclaims.resource.k8s.io': '1' });
});
