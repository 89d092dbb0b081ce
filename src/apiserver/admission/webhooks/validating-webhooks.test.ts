/** Validating webhooks through the API: who is asked what, and what an answer means. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, CONFIG_MAPS, MERGE, newWebhookServer } from './webhooks.fixture.ts';

const deny = (status: object) => () => ({ allowed: false, status });

test('a validating webhook is asked in a review with all that there is to know', async () => {
  const { webhook, configMap, call, asked } = await newWebhookServer();
  await webhook('validating', 'a', () => ({}));
  equal((await configMap({ k: '1' }, { labels: { l: 'x' } }, '?fieldManager=me&dryRun=All')).status, 201);
  const [creation] = asked;
  match(creation.uid, /^[0-9a-f-]{36}$/);
  match(creation.object.metadata.uid, /^[0-9a-f-]{36}$/);
  const { uid: _, object, userInfo, ...rest } = creation;
  deepEqual(object.data, { k: '1' });
  equal(userInfo.username, 'admin');
  const kind = { group: '', version: 'v1', kind: 'ConfigMap' };
  const resource = { group: '', version: 'v1', resource: 'configmaps' };
  const options = {
    kind: 'CreateOptions',
    apiVersion: 'meta.k8s.io/v1',
    dryRun: ['All'],
    fieldManager: 'me',
  };
  deepEqual(rest, {
    kind,
    resource,
    requestKind: kind,
    requestResource: resource,
    name: 'c',
    namespace: 'default',
    operation: 'CREATE',
    oldObject: null,
    dryRun: true,
    options,
  });
  equal((await configMap({ k: '1' })).status, 201);
  equal((await call('PATCH', `${CONFIG_MAPS}/c`, { data: { k: '2' } }, MERGE)).status, 200);
  equal((await call('DELETE', `${CONFIG_MAPS}/c`, { gracePeriodSeconds: 0 })).status, 200);
  const [, , update, deletion] = asked;
  deepEqual(
    [update.operation, update.object.data, update.oldObject.data],
    ['UPDATE', { k: '2' }, { k: '1' }],
  );
  equal(update.options.kind, 'PatchOptions');
  deepEqual([deletion.operation, deletion.object, deletion.oldObject.data], ['DELETE', null, { k: '2' }]);
  deepEqual(deletion.options, {
    kind: 'DeleteOptions',
    apiVersion: 'meta.k8s.io/v1',
    gracePeriodSeconds: 0,
  });
  equal(asked.length, 4);
});

test('a refusal has the words and the code of the webhook', async () => {
  const { webhook, configMap, call } = await newWebhookServer();
  await webhook('validating', 'a', ({ name }) => (name === 'free' ? {} : deny({ message: 'no' })()));
  const refused = await configMap();
  equal(refused.status, 400);
  equal(refused.value.message, 'admission webhook "a.example.com" denied the request: no');
  equal(refused.value.reason, undefined);
  equal((await configMap({}, { name: 'free' })).status, 201);
  equal((await call('GET', `${CONFIG_MAPS}/c`)).status, 404);
});

test('newRejection shows what a status says, and never a success', async () => {
  const statuses: [object | undefined, number, string][] = [
    [undefined, 400, 'admission webhook "a.example.com" denied the request without explanation'],
    [
      { code: 403, reason: 'Forbidden' },
      403,
      'admission webhook "a.example.com" denied the request: Forbidden',
    ],
    [
      { code: 200, status: 'Success', message: 'm' },
      400,
      'admission webhook "a.example.com" denied the request: m',
    ],
    [{ code: 1e9, message: 'm' }, 400, 'admission webhook "a.example.com" denied the request: m'],
  ];
  for (const [status, code, message] of statuses) {
    const { webhook, configMap } = await newWebhookServer();
    await webhook('validating', 'a', () => ({ allowed: false, ...(status && { status }) }));
    const refused = await configMap();
    deepEqual([refused.status, refused.value.message], [code, message]);
  }
  const { webhook, configMap } = await newWebhookServer();
  const details = { name: 7, kind: 'k', causes: [{ message: 'why', field: 1 }, 'x'], retryAfterSeconds: 'x' };
  await webhook('validating', 'a', deny({ code: 422, reason: 'Mine', message: 'm', details }));
  const { value } = await configMap();
  deepEqual(
    [value.reason, value.code, value.details],
    ['Mine', 422, { kind: 'k', causes: [{ message: 'why' }] }],
  );
});

test('warnings and audit annotations are noted, a refusal notwithstanding', async () => {
  const { webhook, configMap } = await newWebhookServer();
  await webhook('validating', 'a', () => ({ warnings: ['careful'] }));
  equal((await configMap()).headers['warning'], '299 - "careful"');
  await webhook('validating', 'b', () => ({ allowed: false, warnings: ['very careful'] }));
  const refused = await configMap({}, { name: 'd' });
  equal(refused.status, 400);
  deepEqual(refused.headers['warning'], '299 - "careful", 299 - "very careful"');
});

test('all are asked at once, and the first by name decides', async () => {
  const { webhook, configMap, asked } = await newWebhookServer();
  const slow = Promise.withResolvers<void>();
  await webhook('validating', 'a', async () => {
    await slow.promise;
    return { allowed: false, status: { message: 'first' } };
  });
  await webhook('validating', 'b', () => {
    slow.resolve();
    return { allowed: false, status: { message: 'second' } };
  });
  match((await configMap()).value.message, /"a\.example\.com" denied the request: first$/);
  equal(asked.length, 2);
});

test('a webhook is asked what its rules, selectors and conditions are about, and nothing else', async () => {
  const { webhook, configMap, call, asked } = await newWebhookServer();
  await webhook('validating', 'a', () => ({}), {
    rules: [
      { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['*'], scope: 'Namespaced' },
    ],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
    objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] },
    matchConditions: [
      { name: 'sized', expression: 'has(object.data) && request.operation == "CREATE"' },
      { name: 'user', expression: 'request.userInfo.username == "admin"' },
    ],
  });
  const names = () => asked.splice(0).map(({ name }) => name);
  await configMap({ k: '1' }, { name: 'matches' });
  await configMap({ k: '1' }, { name: 'skipped', labels: { skip: 'yes' } });
  await call('POST', CONFIG_MAPS, { metadata: { name: 'empty' } });
  await call('POST', '/api/v1/namespaces/kube-system/configmaps', {
    metadata: { name: 'elsewhere' },
    data: {},
  });
  await call('POST', '/api/v1/namespaces', { metadata: { name: 'n' } });
  await call('PATCH', `${CONFIG_MAPS}/matches`, { data: { k: '2' } }, MERGE);
  deepEqual(names(), ['matches']);
});

test('a match condition that fails refuses, or with Ignore lets pass unasked', async () => {
  const matchConditions = [{ name: 'wrong', expression: 'object.data.nope == "x"' }];
  const { webhook, configMap, asked } = await newWebhookServer();
  await webhook('validating', 'a', () => ({}), { matchConditions, failurePolicy: 'Ignore' });
  equal((await configMap()).status, 201);
  await webhook('validating', 'b', () => ({}), { matchConditions });
  const refused = await configMap({}, { name: 'd' });
  equal(refused.status, 403);
  match(
    refused.value.message,
    /^configmaps "d" is forbidden: expression 'object\.data\.nope == "x"' resulted in error: /,
  );
  equal(asked.length, 0);
});

test('matchPolicy Equivalent shows the object in the version that the rules name; Exact does not look there', async () => {
  const { webhook, call, asked } = await newWebhookServer();
  const rules = [
    {
      operations: ['CREATE'],
      apiGroups: ['autoscaling'],
      apiVersions: ['v1'],
      resources: ['horizontalpodautoscalers'],
    },
  ];
  await webhook('validating', 'a', () => ({}), { rules });
  await webhook('validating', 'b', () => ({}), { rules, matchPolicy: 'Exact' });
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
  const metrics = [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
  ];
  const url = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
  const created = await call('POST', url, {
    metadata: { name: 'h' },
    spec: { scaleTargetRef, maxReplicas: 3, metrics },
  });
  equal(created.status, 201, JSON.stringify(created.value));
  equal(asked.length, 1);
  deepEqual([asked[0].kind.version, asked[0].requestKind.version], ['v1', 'v2']);
  deepEqual(
    [asked[0].object.apiVersion, asked[0].object.spec.targetCPUUtilizationPercentage],
    ['autoscaling/v1', 50],
  );
});

test('reviews, which are never stored, are asked about too', async () => {
  const { webhook, call } = await newWebhookServer();
  const group = 'authorization.k8s.io';
  const rules = [{ operations: ['CREATE'], apiGroups: [group], apiVersions: ['v1'], resources: ['*'] }];
  const isCurious = (verb: string) => verb === 'delete';
  const backend = ({ object }: Asked) => ({ allowed: !isCurious(object.spec.resourceAttributes.verb) });
  await webhook('validating', 'a', backend, { rules });
  const ask = (verb: string) =>
    call('POST', `/apis/${group}/v1/selfsubjectaccessreviews`, { spec: { resourceAttributes: { verb } } });
  equal((await ask('get')).status, 201);
  equal((await ask('delete')).status, 400);
});

test('options are those of the operation, whichever verb leads to it', async () => {
  const { webhook, call, asked } = await newWebhookServer();
  await webhook('validating', 'a', () => ({}));
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { k: '1' } };
  const type = { 'content-type': 'application/apply-patch+yaml' };
  const url = `${CONFIG_MAPS}/c?fieldManager=me`;
  equal((await call('PATCH', url, object, type)).status, 201);
  equal((await call('PATCH', `${url}&force=true`, { ...object, data: { k: '2' } }, type)).status, 200);
  equal((await call('PUT', `${CONFIG_MAPS}/c`, object)).status, 200);
  const common = { apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' };
  deepEqual(
    asked.map(({ options }) => options),
    [
      { kind: 'CreateOptions', ...common },
      { kind: 'PatchOptions', ...common, force: true },
      { kind: 'UpdateOptions', apiVersion: 'meta.k8s.io/v1' },
    ],
  );
});

test('of a collection that is deleted each object is asked about, by what it is and not by name', async () => {
  const { webhook, configMap, call, asked } = await newWebhookServer();
  for (const name of ['a', 'b']) await configMap({}, { name, labels: { all: 'yes' } });
  await webhook('validating', 'x', ({ oldObject }) => ({ allowed: oldObject.metadata.name === 'a' }));
  const refused = await call('DELETE', `${CONFIG_MAPS}?labelSelector=all`);
  equal(refused.status, 400);
  deepEqual(
    asked.map(({ operation, name, oldObject }) => `${operation} ${name} ${oldObject.metadata.name}`),
    ['DELETE undefined a', 'DELETE undefined b'],
  );
  equal((await call('GET', `${CONFIG_MAPS}/a`)).status, 404);
  equal((await call('GET', `${CONFIG_MAPS}/b`)).status, 200);
});

test('webhooks are never asked about what configures admission', async () => {
  const { webhook, call, asked } = await newWebhookServer();
  const rules = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }];
  await webhook('validating', 'a', () => ({ allowed: false }), { rules });
  await webhook('mutating', 'b', () => ({ allowed: false }), { rules });
  const url = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/a';
  equal((await call('DELETE', url)).status, 200);
  equal(asked.length, 0);
  equal((await call('POST', CONFIG_MAPS, { metadata: { name: 'c' } })).status, 400);
});

test('subresources are seen as what they are: a Scale, a Binding, an Eviction, a connection', async () => {
  const { webhook, call, asked } = await newWebhookServer();
  const rules = [
    {
      operations: ['*'],
      apiGroups: ['*'],
      apiVersions: ['*'],
      resources: ['deployments/scale', 'pods/*', 'serviceaccounts/token'],
    },
  ];
  const base = '/api/v1/namespaces/default';
  const containers = [{ name: 'm', image: 'web' }];
  await call('POST', `${base}/pods`, { metadata: { name: 'p' }, spec: { containers } });
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers } };
  const deployments = '/apis/apps/v1/namespaces/default/deployments';
  await call('POST', deployments, {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  });
  await webhook('validating', 'a', () => ({}), { rules });
  await call('PATCH', `${deployments}/d/scale`, { spec: { replicas: 3 } }, MERGE);
  await call('POST', `${base}/pods/p/binding`, { target: { name: 'n' } });
  await call('PATCH', `${base}/pods/p/status`, { status: { phase: 'Running' } }, MERGE);
  await call('POST', `${base}/pods/p/eviction`, { metadata: { name: 'p' } });
  await call('POST', `${base}/pods/p/exec?command=ls&stdout=true`);
  equal(asked.at(-1).options, null);
  await call('POST', `${base}/serviceaccounts/default/token`, { spec: {} });
  const seen = asked.map(({ operation, kind, resource, subResource, object }) => {
    return `${operation} ${resource.resource}/${subResource} ${kind.kind} ${object?.kind ?? 'none'}`;
  });
  deepEqual(seen, [
    'UPDATE deployments/scale Scale Scale',
    'CREATE pods/binding Binding Binding',
    'UPDATE pods/status Pod Pod',
    'CREATE pods/eviction Eviction Eviction',
    'CONNECT pods/exec PodExecOptions none',
    'CREATE serviceaccounts/token TokenRequest TokenRequest',
  ]);
  deepEqual([asked[0].object.spec, asked[0].oldObject.spec], [{ replicas: 3 }, { replicas: 1 }]);
});

test('an update that is overtaken while webhooks are asked is decided anew', async () => {
  const { webhook, configMap, call, asked } = await newWebhookServer();
  await configMap({ a: '1' });
  let isOvertaken = false;
  await webhook('validating', 'a', async ({ object }) => {
    if (object.data.slow === undefined || isOvertaken) return {};
    isOvertaken = true;
    await call('PATCH', `${CONFIG_MAPS}/c`, { data: { b: '2' } }, MERGE);
    return {};
  });
  const answer = await call('PATCH', `${CONFIG_MAPS}/c`, { data: { slow: 'yes' } }, MERGE);
  equal(answer.status, 200);
  deepEqual(answer.value.data, { a: '1', b: '2', slow: 'yes' });
  deepEqual(asked.at(-1).oldObject.data, { a: '1', b: '2' });
  const stale = { metadata: { name: 'c', resourceVersion: '1' }, data: {} };
  equal((await call('PUT', `${CONFIG_MAPS}/c`, stale)).status, 409);
});

test('deliberate gives up on an object that is always changed under it', async () => {
  const { webhook, configMap, call } = await newWebhookServer();
  await configMap({});
  let changes = 0;
  await webhook('validating', 'a', async ({ object }) => {
    if (object.data?.slow !== undefined)
      await call('PATCH', `${CONFIG_MAPS}/c`, { metadata: { labels: { n: String(changes++) } } }, MERGE);
    return {};
  });
  const answer = await call('PATCH', `${CONFIG_MAPS}/c`, { data: { slow: 'yes' } }, MERGE);
  equal(answer.status, 409);
  match(answer.value.message, /the object has been modified/);
  equal(changes, 16);
});
