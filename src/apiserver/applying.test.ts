import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, type SimulatedApiServer } from '../simulation/sim-api-server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const APPLY = { 'content-type': 'application/apply-patch+yaml' };

const map = (data: Record<string, string>, metadata: Record<string, unknown> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', ...metadata },
  data,
});

function apply(api: SimulatedApiServer, manager: string, body: unknown, query = '') {
  return api.call('PATCH', `${MAPS}/settings?fieldManager=${manager}${query}`, body, APPLY);
}

interface Entry {
  manager: string;
  operation: string;
  fieldsV1: unknown;
  time: string;
}

const entriesOf = (value: { metadata: { managedFields?: Entry[] } }) =>
  (value.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => [
    manager,
    operation,
    fieldsV1,
  ]);

test('applyOne creates an object that is not there, owned by who applied it', async () => {
  const api = await newSimulatedApiServer();
  const { status, value } = await apply(api, 'one', map({ a: '1' }));
  equal(status, 201);
  deepEqual(entriesOf(value), [['one', 'Apply', { 'f:data': { 'f:a': {} } }]]);
  equal(value.metadata.managedFields[0].apiVersion, 'v1');
});

test('applyOne takes YAML as text', async () => {
  const api = await newSimulatedApiServer();
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: "1"\n';
  const { status, value } = await apply(api, 'one', yaml);
  equal(status, 201);
  deepEqual(value.data, { a: '1' });
});

test('applyOne names every conflict in upstream words, and writes nothing', async () => {
  const api = await newSimulatedApiServer();
  await apply(api, 'one', map({ a: '1', b: '1' }));
  const { status, value } = await apply(api, 'two', map({ a: '2' }));
  equal(status, 409);
  equal(value.message, 'Apply failed with 1 conflict: conflict with "one": .data.a');
  deepEqual(value.details.causes, [
    { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' },
  ]);
  const two = await apply(api, 'two', map({ a: '2', b: '2' }));
  equal(two.value.message, 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b');
  deepEqual((await api.call('GET', `${MAPS}/settings`)).value.data, { a: '1', b: '1' });
});

test('applyOne takes fields over by force', async () => {
  const api = await newSimulatedApiServer();
  await apply(api, 'one', map({ a: '1', b: '1' }));
  const { status, value } = await apply(api, 'two', map({ a: '2' }), '&force=true');
  equal(status, 200);
  deepEqual(value.data, { a: '2', b: '1' });
  deepEqual(entriesOf(value), [
    ['one', 'Apply', { 'f:data': { 'f:b': {} } }],
    ['two', 'Apply', { 'f:data': { 'f:a': {} } }],
  ]);
});

test('applyOne removes what its manager leaves out, and nothing of others', async () => {
  const api = await newSimulatedApiServer();
  await apply(api, 'one', map({ a: '1', b: '1' }));
  await api.call(
    'PATCH',
    `${MAPS}/settings?fieldManager=hand`,
    { data: { c: '1' } },
    {
      'content-type': 'application/merge-patch+json',
    },
  );
  const { value } = await apply(api, 'one', map({ a: '1' }));
  deepEqual(value.data, { a: '1', c: '1' });
});

test('applyOne that changes nothing writes nothing', async () => {
  const api = await newSimulatedApiServer();
  const first = await apply(api, 'one', map({ a: '1' }));
  await api.clock.advance(5000);
  const again = await apply(api, 'one', map({ a: '1' }));
  equal(again.value.metadata.resourceVersion, first.value.metadata.resourceVersion);
  deepEqual(again.value.metadata.managedFields, first.value.metadata.managedFields);
});

test('applyOne meets what was there before the first apply as one owner', async () => {
  const api = await newSimulatedApiServer();
  await api.call('POST', MAPS, map({ a: '1' }));
  equal((await api.call('GET', `${MAPS}/settings`)).value.metadata.managedFields, undefined);
  const conflict = await apply(api, 'one', map({ a: '2' }));
  equal(conflict.status, 409);
  match(
    conflict.value.message,
    /conflict with "before-first-apply" using v1 at 2026-01-01T00:00:\d\dZ: \.data\.a/,
  );
  const { status, value } = await apply(api, 'one', map({ a: '1', b: '1' }));
  equal(status, 200);
  deepEqual(value.data, { a: '1', b: '1' });
});

test('applyOne lets kubectl take over what it had applied from the client', async () => {
  const api = await newSimulatedApiServer();
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const annotations = { [annotation]: JSON.stringify(map({ a: '1' })) };
  await api.call('POST', MAPS, map({ a: '1', other: '1' }, { annotations }));
  equal((await apply(api, 'kubectl', map({ a: '2' }))).status, 200);
  equal((await apply(api, 'kubectl', map({ a: '2', other: '2' }))).status, 409);
});

test('an update takes the fields that it changes from who applied them', async () => {
  const api = await newSimulatedApiServer();
  const { value: live } = await apply(api, 'one', map({ a: '1', b: '1' }));
  await api.clock.advance(2000);
  const { value } = await api.call('PUT', `${MAPS}/settings?fieldManager=hand`, {
    ...live,
    data: { a: '2', b: '1' },
  });
  deepEqual(entriesOf(value), [
    ['one', 'Apply', { 'f:data': { 'f:b': {} } }],
    ['hand', 'Update', { 'f:data': { 'f:a': {} } }],
  ]);
  equal(value.metadata.managedFields[1].time, '2026-01-01T00:00:02Z');
});

test('an empty entry gives all ownership up', async () => {
  const api = await newSimulatedApiServer();
  await apply(api, 'one', map({ a: '1' }));
  const { value } = await api.call(
    'PATCH',
    `${MAPS}/settings`,
    { metadata: { managedFields: [{}] } },
    {
      'content-type': 'application/merge-patch+json',
    },
  );
  equal(value.metadata.managedFields, undefined);
});

test('applyOne through the status subresource owns only status', async () => {
  const api = await newSimulatedApiServer();
  const pods = '/api/v1/namespaces/default/pods';
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'web', image: 'web' }] },
  };
  await api.call('PATCH', `${pods}/web?fieldManager=one`, pod, APPLY);
  const status = { conditions: [{ type: 'gate', status: 'True' }] };
  const body = { ...pod, spec: undefined, status };
  const { status: code, value } = await api.call('PATCH', `${pods}/web/status?fieldManager=two`, body, APPLY);
  equal(code, 200, value.message);
  const entry = value.metadata.managedFields.find(({ manager }: Entry) => manager === 'two');
  equal(entry.subresource, 'status');
  deepEqual(Object.keys(entry.fieldsV1), ['f:status']);
  ok(value.status.conditions.some(({ type }: { type: string }) => type === 'gate'));
});

for (const [what, query, body, code, message] of [
  ['no manager', '', map({}), 422, /fieldManager: Required value: is required for apply patch/],
  ['a manager of control characters', '?fieldManager=%01', map({}), 422, /printable characters/],
  ['no kind', '?fieldManager=one', { data: {} }, 400, /invalid object type: \/, Kind=$/],
  [
    'a version that is no text',
    '?fieldManager=one',
    { apiVersion: 5 },
    400,
    /invalid object type: \/, Kind=$/,
  ],
  ['managed fields', '?fieldManager=one', map({}, { managedFields: [{ manager: 'x' }] }), 400, /must be nil/],
  [
    'an unknown field',
    '?fieldManager=one',
    { ...map({}), dat: 1 },
    500,
    /settings; \/v1, Kind=ConfigMap\): \.dat: field not declared in schema/,
  ],
  ['a uid of nobody', '?fieldManager=one', map({}, { uid: 'x' }), 409, /uid mismatch/],
  ['text that is no YAML', '?fieldManager=one', '{', 400, /./],
] as const) {
  test(`applyOne refuses ${what}`, async () => {
    const api = await newSimulatedApiServer();
    const { status, value } = await api.call('PATCH', `${MAPS}/settings${query}`, body, APPLY);
    equal(status, code);
    match(value.message, message);
  });
}

test('applyOne refuses items that cannot be told apart', async () => {
  const api = await newSimulatedApiServer();
  const containers = [
    { name: 'a', image: '1' },
    { name: 'a', image: '2' },
  ];
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } };
  const { status, value } = await api.call(
    'PATCH',
    '/api/v1/namespaces/default/pods/web?fieldManager=one',
    body,
    APPLY,
  );
  equal(status, 500);
  match(value.message, /\.spec\.containers: duplicate entries for key \[name="a"\]/);
});

test('applyOne names all fields that no schema has, without a reason, as upstream', async () => {
  const api = await newSimulatedApiServer();
  const body = { ...map({}), dat: 1, more: { a: 1 } };
  const { value } = await api.call('PATCH', `${MAPS}/settings?fieldManager=one`, body, APPLY);
  deepEqual(value, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message:
      'failed to create typed patch object (default/settings; /v1, Kind=ConfigMap): errors:\n  .dat: field not declared in schema\n  .more: field not declared in schema',
    code: 500,
  });
});

test('applyOne refuses what comes twice where that is asked for, and warns of it elsewhere', async () => {
  const api = await newSimulatedApiServer();
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  a: one\n  a: two\n';
  const send = (query: string) => api.call('PATCH', `${MAPS}/settings?fieldManager=one${query}`, text, APPLY);
  const { status, value } = await send('&fieldValidation=Strict');
  equal(status, 400);
  equal(
    value.message,
    'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "a" already set in map',
  );
  const { response, value: applied } = await send('');
  deepEqual(applied.data, { a: 'two' });
  match(response.headers['warning'] ?? '', /line 6: key \\"a\\" already set in map/);
});

test('managed fields that cannot be read are as if they were not sent', async () => {
  const api = await newSimulatedApiServer();
  const owner = { manager: 'm', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1' };
  const entries = [{ ...owner, fieldsV1: { 'f:data': { 'k:{': {} } } }];
  const created = await api.call('POST', MAPS, map({ a: '1' }, { managedFields: entries }));
  equal(created.status, 201);
  equal((await apply(api, 'one', map({ a: '1' }))).status, 200);
  const before = entriesOf((await api.call('GET', `${MAPS}/settings`)).value);
  const patch = { metadata: { managedFields: [{ ...owner, fieldsV1: 'x' }] } };
  const merge = { 'content-type': 'application/merge-patch+json' };
  equal((await api.call('PATCH', `${MAPS}/settings`, patch, merge)).status, 200);
  deepEqual(entriesOf((await api.call('GET', `${MAPS}/settings`)).value), before);
});

test('applyOne tells of ten thousand owners in time that does not grow with their square', async () => {
  const api = await newSimulatedApiServer();
  const managedFields = Array.from({ length: 10_000 }, (_, i) => ({
    manager: `m${i}`,
    operation: 'Apply',
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': { 'f:a': {} } },
  }));
  await api.call('POST', MAPS, map({ a: '1' }, { managedFields }));
  const begin = process.cpuUsage();
  equal((await apply(api, 'one', map({ a: '2' }))).value.details.causes.length, 10_000);
  const { user } = process.cpuUsage(begin);
  ok(user < 1_500_000, `it took ${user / 1000} ms`);
});
