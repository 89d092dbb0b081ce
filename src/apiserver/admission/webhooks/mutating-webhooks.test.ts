/** Mutating webhooks through the API: what their patches make of an object, and who sees it. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, CONFIG_MAPS, jsonPatch, MERGE, newWebhookServer } from './webhooks.fixture.ts';

const put = (key: string, value: string) => jsonPatch({ op: 'add', path: `/data/${key}`, value });

test('a mutating webhook changes the object before it is validated and stored', async () => {
  const { webhook, configMap, call, asked } = await newWebhookServer();
  await webhook('mutating', 'a', () => put('a', 'patched'));
  await webhook('validating', 'b', ({ object }) => ({ allowed: object.data.a === 'patched' }));
  const created = await configMap({ k: '1' });
  deepEqual([created.status, created.value.data], [201, { k: '1', a: 'patched' }]);
  const updated = await call('PUT', `${CONFIG_MAPS}/c`, { metadata: { name: 'c' }, data: { k: '2' } });
  deepEqual([updated.status, updated.value.data], [200, { k: '2', a: 'patched' }]);
  equal(asked.length, 4);
  const dry = await configMap({ k: '3' }, { name: 'dry' }, '?dryRun=All');
  deepEqual([dry.status, dry.value.data], [201, { k: '3', a: 'patched' }]);
});

test('a mutating webhook sees a new object without what the server says of it, and cannot say it either', async () => {
  const { webhook, call, asked } = await newWebhookServer();
  await webhook('mutating', 'a', () =>
    jsonPatch(
      { op: 'add', path: '/metadata/uid', value: 'mine' },
      { op: 'add', path: '/metadata/labels', value: { l: 'x' } },
      { op: 'add', path: '/metadata/resourceVersion', value: '7' },
    ),
  );
  const created = await call('POST', CONFIG_MAPS, { metadata: { generateName: 'c-' }, data: {} });
  deepEqual(asked[0].object.metadata, { generateName: 'c-', namespace: 'default' });
  equal(asked[0].name, undefined);
  equal(created.status, 201);
  const { name, uid, labels } = created.value.metadata;
  match(name, /^c-.{5}$/);
  match(uid, /^[0-9a-f-]{36}$/);
  deepEqual(labels, { l: 'x' });
});

test('webhooks run in the order of their names, each on what the one before has made', async () => {
  const { webhook, configMap } = await newWebhookServer();
  const append = ({ object }: Asked, letter: string) => put('trail', `${object.data.trail ?? ''}${letter}`);
  await webhook('mutating', 'b', (request) => append(request, 'b'));
  await webhook('mutating', 'a', (request) => append(request, 'a'));
  equal((await configMap({ k: '' })).value.data.trail, 'ab');
});

test('reinvocationPolicy IfNeeded calls a webhook again when others have changed the object after it', async () => {
  const { webhook, configMap } = await newWebhookServer();
  const calls: string[] = [];
  const count = (name: string) => {
    calls.push(name);
    return put(name, String(calls.filter((call) => call === name).length));
  };
  await webhook('mutating', 'a', () => count('a'), { reinvocationPolicy: 'IfNeeded' });
  await webhook('mutating', 'b', () => count('b'));
  await webhook('mutating', 'c', () => ({}), { reinvocationPolicy: 'IfNeeded' });
  const { value } = await configMap({ k: '' });
  deepEqual(calls, ['a', 'b', 'a']);
  deepEqual(value.data, { k: '', a: '2', b: '1' });
});

test('a webhook that alone changes the object is not called again', async () => {
  const { webhook, configMap, asked } = await newWebhookServer();
  await webhook('mutating', 'a', () => put('a', '1'), { reinvocationPolicy: 'IfNeeded' });
  await configMap({ k: '' });
  equal(asked.length, 1);
});

test('the steps before webhooks run again on what webhooks have made, and webhooks once more on that', async () => {
  const { webhook, call } = await newWebhookServer();
  const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
  const tolerationsSeen: number[] = [];
  const sees = ({ object }: Asked) => {
    tolerationsSeen.push(object.spec.tolerations.length);
    return tolerationsSeen.length === 1
      ? jsonPatch({ op: 'replace', path: '/spec/tolerations', value: [] })
      : {};
  };
  await webhook('mutating', 'a', sees, { rules, reinvocationPolicy: 'IfNeeded' });
  const containers = [{ name: 'm', image: 'web' }];
  const url = '/api/v1/namespaces/default/pods';
  const created = await call('POST', url, { metadata: { name: 'p' }, spec: { containers } });
  equal(created.status, 201);
  deepEqual(tolerationsSeen, [2, 2]);
  equal(created.value.spec.tolerations.length, 2);
});

test('policies run before webhooks, and once more after them if they ask for it', async () => {
  const { webhook, call, configMap } = await newWebhookServer();
  const group = '/apis/admissionregistration.k8s.io/v1';
  const matchConstraints = {
    resourceRules: [
      { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
    ],
  };
  for (const [name, reinvocationPolicy] of [
    ['again', 'IfNeeded'],
    ['once', 'Never'],
  ] as const) {
    const expression = `Object{data: {"${name}": has(object.data.hook) ? "after" : "before"}}`;
    const mutations = [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }];
    const spec = { matchConstraints, reinvocationPolicy, mutations };
    await call('POST', `${group}/mutatingadmissionpolicies`, { metadata: { name }, spec });
    await call('POST', `${group}/mutatingadmissionpolicybindings`, {
      metadata: { name },
      spec: { policyName: name },
    });
  }
  const seen: unknown[] = [];
  await webhook('mutating', 'a', ({ object }) => {
    seen.push(object.data);
    return put('hook', 'yes');
  });
  const { status, value } = await configMap({ k: '' });
  equal(status, 201, JSON.stringify(value));
  deepEqual(seen, [{ k: '', again: 'before', once: 'before' }]);
  deepEqual(value.data, { k: '', hook: 'yes', again: 'after', once: 'before' });
});

test('what a patch makes gets defaults, is pruned, and must be valid', async () => {
  const { webhook, call } = await newWebhookServer();
  const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
  let added: Record<string, unknown> = { name: 'side', image: 'x:1', nonsense: true };
  await webhook(
    'mutating',
    'a',
    () => jsonPatch({ op: 'add', path: '/spec/containers/-', value: added as never }),
    {
      rules,
    },
  );
  const create = (name: string) =>
    call('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name },
      spec: { containers: [{ name: 'm', image: 'web' }] },
    });
  const side = (await create('p')).value.spec.containers[1];
  deepEqual([side.imagePullPolicy, side.nonsense], ['IfNotPresent', undefined]);
  added = { name: 'BAD' };
  const refused = await create('q');
  equal(refused.status, 422);
  match(refused.value.message, /spec\.containers\[1\]\.name: Invalid value: "BAD"/);
});

test('a patch that changes who an object is, is refused', async () => {
  const { webhook, configMap } = await newWebhookServer();
  let path = '';
  await webhook('mutating', 'a', ({ operation }) => {
    return operation === 'UPDATE' || path === '' ? {} : jsonPatch({ op: 'replace', path, value: 'x' });
  });
  path = '/metadata/namespace';
  const moved = await configMap({});
  equal(moved.status, 400);
  match(moved.value.message, /namespace of the provided object does not match/);
  path = '/kind';
  const changed = await configMap({});
  equal(changed.status, 500);
  match(
    changed.value.message,
    /^Internal error occurred: x in version "v1" cannot be handled as a ConfigMap/,
  );
});

test('an update cannot be renamed by a patch', async () => {
  const { webhook, configMap, call } = await newWebhookServer();
  await configMap({});
  await webhook('mutating', 'a', () => jsonPatch({ op: 'replace', path: '/metadata/name', value: 'x' }));
  const refused = await call('PATCH', `${CONFIG_MAPS}/c`, { data: { k: '1' } }, MERGE);
  equal(refused.status, 422);
  match(refused.value.message, /metadata\.name: Invalid value: "x": field is immutable/);
});

test('of a status update only the status is a webhook’s to change', async () => {
  const { webhook, call } = await newWebhookServer();
  const containers = [{ name: 'm', image: 'web' }];
  const url = '/api/v1/namespaces/default/pods';
  await call('POST', url, { metadata: { name: 'p' }, spec: { containers } });
  const rules = [
    { operations: ['UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/status'] },
  ];
  const patch = jsonPatch(
    { op: 'replace', path: '/spec/containers/0/image', value: 'other' },
    { op: 'add', path: '/status/message', value: 'seen' },
  );
  await webhook('mutating', 'a', () => patch, { rules });
  const { value } = await call('PATCH', `${url}/p/status`, { status: { phase: 'Running' } }, MERGE);
  deepEqual([value.spec.containers[0].image, value.status.message], ['web', 'seen']);
});

test('a Scale can be changed by a webhook', async () => {
  const { webhook, call } = await newWebhookServer();
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'm', image: 'web' }] } };
  const url = '/apis/apps/v1/namespaces/default/deployments';
  await call('POST', url, {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  });
  const rules = [
    { operations: ['UPDATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments/scale'] },
  ];
  await webhook('mutating', 'a', () => jsonPatch({ op: 'replace', path: '/spec/replicas', value: 2 }), {
    rules,
  });
  const { value } = await call('PATCH', `${url}/d/scale`, { spec: { replicas: 100 } }, MERGE);
  equal(value.spec.replicas, 2);
  equal((await call('GET', `${url}/d`)).value.spec.replicas, 2);
});

test('a deletion has no object to patch', async () => {
  const { webhook, configMap, call } = await newWebhookServer();
  await configMap({});
  await webhook('mutating', 'a', () => put('a', '1'));
  const refused = await call('DELETE', `${CONFIG_MAPS}/c`);
  equal(refused.status, 500);
  equal(
    refused.value.message,
    'Internal error occurred: admission webhook "a.example.com" attempted to modify the object, which is not supported for this operation',
  );
});

test('a review of v1beta1 needs no patchType', async () => {
  const { webhook, configMap } = await newWebhookServer();
  const { patch } = put('a', '1');
  await webhook('mutating', 'a', () => ({ patch }), { admissionReviewVersions: ['v1beta1', 'v1'] });
  deepEqual((await configMap({ k: '' })).value.data, { k: '', a: '1' });
});
