import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, PODS_URL, pod } from '../../simulation/sim-api-server.ts';

const DEPLOYMENTS_URL = '/apis/apps/v1/namespaces/default/deployments';
const MERGE = { 'content-type': 'application/merge-patch+json' };

function deployment(name: string, replicas = 2): Record<string, unknown> {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'web' }] },
      },
    },
  };
}

test('createObject fills in identity, defaults, status and what admission adds', async () => {
  const { call } = await newSimulatedApiServer();
  const { status, value } = await call('POST', PODS_URL, pod('web-1'));
  assert.equal(status, 201);
  assert.equal(value.metadata.namespace, 'default');
  assert.match(value.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.equal(value.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
  assert.deepEqual(value.status, { phase: 'Pending', qosClass: 'BestEffort' });
  assert.equal(value.spec.restartPolicy, 'Always');
  assert.equal(value.spec.serviceAccountName, 'default');
  assert.equal(value.spec.tolerations.length, 2);
  assert.match(value.spec.volumes[0].name, /^kube-api-access-/);
  assert.equal(
    value.spec.containers[0].volumeMounts[0].mountPath,
    '/var/run/secrets/kubernetes.io/serviceaccount',
  );
  assert.equal(value.spec.priority ?? 0, 0);
});

test('createObject generates names and refuses a taken one', async () => {
  const { call } = await newSimulatedApiServer();
  const body = { ...pod('x'), metadata: { generateName: 'web-' } };
  const first = await call('POST', PODS_URL, body);
  const second = await call('POST', PODS_URL, body);
  assert.match(first.value.metadata.name, /^web-[a-z0-9]{5}$/);
  assert.notEqual(first.value.metadata.name, second.value.metadata.name);
  await call('POST', PODS_URL, pod('a'));
  const again = await call('POST', PODS_URL, pod('a'));
  assert.equal(again.status, 409);
  assert.equal(again.value.message, 'pods "a" already exists');
});

test('createObject of a dry run stores nothing', async () => {
  const { call } = await newSimulatedApiServer();
  const { status, value } = await call('POST', `${PODS_URL}?dryRun=All`, pod('a'));
  assert.equal(status, 201);
  assert.equal(value.metadata.name, 'a');
  assert.equal((await call('GET', `${PODS_URL}/a`)).status, 404);
});

test('createObject refuses an invalid object with the path of each field', async () => {
  const { call } = await newSimulatedApiServer();
  const { status, value } = await call('POST', PODS_URL, { ...pod('Bad_Name'), spec: { containers: [] } });
  assert.equal(status, 422);
  assert.match(value.message, /^Pod "Bad_Name" is invalid: \[/);
  assert.ok(value.details.causes.some((cause: { field: string }) => cause.field === 'spec.containers'));
});

test('createObject warns of unknown fields, and refuses them when asked to be strict', async () => {
  const { call } = await newSimulatedApiServer();
  const warned = await call('POST', PODS_URL, pod('a', { foo: 1 }));
  assert.equal(warned.status, 201);
  assert.match(warned.headers['warning'] ?? '', /299 - "unknown field \\"spec.foo\\""/);
  const strict = await call('POST', `${PODS_URL}?fieldValidation=Strict`, pod('b', { foo: 1 }));
  assert.equal(strict.status, 400);
  assert.match(strict.value.message, /strict decoding error: unknown field "spec.foo"/);
});

test('createObject in a namespace that is missing or ending', async () => {
  const { call } = await newSimulatedApiServer();
  const missing = await call('POST', '/api/v1/namespaces/nope/pods', pod('a'));
  assert.equal(missing.status, 404);
  assert.equal(missing.value.message, 'namespaces "nope" not found');
  await call('POST', '/api/v1/namespaces', { metadata: { name: 'gone' } });
  const { value } = await call('DELETE', '/api/v1/namespaces/gone');
  assert.equal(value.status.phase, 'Terminating');
  const late = await call('POST', '/api/v1/namespaces/gone/configmaps', { metadata: { name: 'a' } });
  assert.equal(late.status, 403);
  assert.equal(
    late.value.message,
    'configmaps "a" is forbidden: unable to create new content in namespace gone because it is being terminated',
  );
  const finalized = await call('PUT', '/api/v1/namespaces/gone/finalize', {
    metadata: { name: 'gone' },
    spec: {},
  });
  assert.equal(finalized.status, 200);
  assert.equal((await call('GET', '/api/v1/namespaces/gone')).status, 404);
});

test('updateObject compares the resourceVersion and bumps the generation of a changed spec', async () => {
  const { call } = await newSimulatedApiServer();
  const { value: created } = await call('POST', DEPLOYMENTS_URL, deployment('web'));
  assert.equal(created.metadata.generation, 1);
  const changed = structuredClone(created);
  changed.spec.replicas = 3;
  const { status, value: updated } = await call('PUT', `${DEPLOYMENTS_URL}/web`, changed);
  assert.equal(status, 200);
  assert.equal(updated.metadata.generation, 2);
  const stale = await call('PUT', `${DEPLOYMENTS_URL}/web`, changed);
  assert.equal(stale.status, 409);
  assert.equal(
    stale.value.message,
    'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
  );
  const same = await call('PUT', `${DEPLOYMENTS_URL}/web`, updated);
  assert.equal(same.value.metadata.resourceVersion, updated.metadata.resourceVersion);
});

test('updateObject keeps status and spec to their own doors', async () => {
  const { call } = await newSimulatedApiServer();
  const { value: created } = await call('POST', DEPLOYMENTS_URL, deployment('web'));
  const both = structuredClone(created);
  both.spec.replicas = 9;
  both.status = { replicas: 5 };
  const viaStatus = await call('PUT', `${DEPLOYMENTS_URL}/web/status`, both);
  assert.equal(viaStatus.value.spec.replicas, 2);
  assert.equal(viaStatus.value.status.replicas, 5);
  assert.equal(viaStatus.value.metadata.generation, 1);
  const patched = await call(
    'PATCH',
    `${DEPLOYMENTS_URL}/web`,
    { spec: { replicas: 4 }, status: { replicas: 1 } },
    MERGE,
  );
  assert.equal(patched.value.spec.replicas, 4);
  assert.equal(patched.value.status.replicas, 5);
});

test('patch merges by its content type', async () => {
  const { call } = await newSimulatedApiServer();
  await call('POST', DEPLOYMENTS_URL, deployment('web'));
  const strategic = await call(
    'PATCH',
    `${DEPLOYMENTS_URL}/web`,
    {
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'main', image: 'web:2' },
              { name: 'side', image: 's' },
            ],
          },
        },
      },
    },
    { 'content-type': 'application/strategic-merge-patch+json' },
  );
  assert.equal(strategic.status, 200);
  assert.deepEqual(
    strategic.value.spec.template.spec.containers.map((c: { image: string }) => c.image),
    ['web:2', 's'],
  );
  const json = await call(
    'PATCH',
    `${DEPLOYMENTS_URL}/web`,
    [{ op: 'replace', path: '/spec/replicas', value: 7 }],
    { 'content-type': 'application/json-patch+json' },
  );
  assert.equal(json.value.spec.replicas, 7);
  const unknown = await call('PATCH', `${DEPLOYMENTS_URL}/web`, {}, { 'content-type': 'text/plain' });
  assert.equal(unknown.status, 415);
});

test('deleteObject of a running Pod waits for its grace period, and a second one may only shorten it', async () => {
  const { call } = await newSimulatedApiServer();
  await call('POST', PODS_URL, pod('a', { nodeName: 'n1' }));
  const first = await call('DELETE', `${PODS_URL}/a`);
  assert.equal(first.value.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(first.value.metadata.deletionTimestamp, '2026-01-01T00:00:30Z');
  const longer = await call('DELETE', `${PODS_URL}/a`, { gracePeriodSeconds: 60 });
  assert.equal(longer.value.metadata.deletionGracePeriodSeconds, 30);
  const shorter = await call('DELETE', `${PODS_URL}/a`, { gracePeriodSeconds: 5 });
  assert.equal(shorter.value.metadata.deletionTimestamp, '2026-01-01T00:00:05Z');
  const forced = await call('DELETE', `${PODS_URL}/a`, { gracePeriodSeconds: 0 });
  assert.equal(forced.status, 200);
  assert.equal((await call('GET', `${PODS_URL}/a`)).value.message, 'pods "a" not found');
});

test('deleteObject of a Pod without a node is at once', async () => {
  const { call } = await newSimulatedApiServer();
  await call('POST', PODS_URL, pod('a'));
  await call('DELETE', `${PODS_URL}/a`);
  assert.equal((await call('GET', `${PODS_URL}/a`)).status, 404);
});

test('deleteObject is held by finalizers, whose last one takes the object with it', async () => {
  const { call } = await newSimulatedApiServer();
  await call('POST', DEPLOYMENTS_URL, deployment('web'));
  const { value } = await call('DELETE', `${DEPLOYMENTS_URL}/web`, { propagationPolicy: 'Foreground' });
  assert.deepEqual(value.metadata.finalizers, ['foregroundDeletion']);
  assert.equal(value.metadata.deletionGracePeriodSeconds, 0);
  assert.equal(value.metadata.generation, 2);
  const added = await call(
    'PATCH',
    `${DEPLOYMENTS_URL}/web`,
    { metadata: { finalizers: ['foregroundDeletion', 'x.io/y'] } },
    MERGE,
  );
  assert.equal(added.status, 422);
  const freed = await call('PATCH', `${DEPLOYMENTS_URL}/web`, { metadata: { finalizers: null } }, MERGE);
  assert.equal(freed.status, 200);
  assert.equal((await call('GET', `${DEPLOYMENTS_URL}/web`)).status, 404);
});

test('deleteObject checks preconditions and answers with a Status', async () => {
  const { call } = await newSimulatedApiServer();
  const { value: created } = await call('POST', DEPLOYMENTS_URL, deployment('web'));
  const refused = await call('DELETE', `${DEPLOYMENTS_URL}/web`, { preconditions: { uid: 'other' } });
  assert.equal(refused.status, 409);
  assert.match(
    refused.value.message,
    /the UID in the precondition \(other\) does not match the UID in record/,
  );
  const { value } = await call('DELETE', `${DEPLOYMENTS_URL}/web`, {
    preconditions: { uid: created.metadata.uid },
  });
  assert.deepEqual(value.details, {
    name: 'web',
    group: 'apps',
    kind: 'deployments',
    uid: created.metadata.uid,
  });
});

test('deleteCollection deletes what the selector matches', async () => {
  const { call } = await newSimulatedApiServer();
  for (const name of ['web-1', 'web-2', 'db-1']) await call('POST', PODS_URL, pod(name));
  const { value } = await call('DELETE', `${PODS_URL}?labelSelector=app%3Dweb`);
  assert.equal(value.items.length, 2);
  const { value: left } = await call('GET', PODS_URL);
  assert.deepEqual(
    left.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['db-1'],
  );
});

test('PUT creates kinds that allow it', async () => {
  const { call } = await newSimulatedApiServer();
  const url = '/api/v1/namespaces/default/endpoints/a';
  const { status } = await call('PUT', url, { metadata: { name: 'a' } });
  assert.equal(status, 201);
  assert.equal((await call('PUT', `${PODS_URL}/nope`, pod('nope'))).status, 404);
});

test('createObject writes the values of a Pod’s own labels into its selectors, once', async () => {
  const { call } = await newSimulatedApiServer();
  const spread = (labelSelector: object) => ({
    ...pod('web-1'),
    metadata: { name: 'web-1', labels: { app: 'web', hash: '1' } },
    spec: {
      containers: [{ name: 'main', image: 'web' }],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          matchLabelKeys: ['hash'],
          labelSelector,
        },
      ],
    },
  });
  const refused = await call('POST', PODS_URL, spread({ matchLabels: { hash: '1' } }));
  assert.equal(refused.status, 422);
  assert.match(refused.value.message, /exists in both matchLabelKeys and labelSelector/);
  const { value } = await call('POST', PODS_URL, spread({ matchLabels: { app: 'web' } }));
  assert.deepEqual(value.spec.topologySpreadConstraints[0].labelSelector, {
    matchLabels: { app: 'web' },
    matchExpressions: [{ key: 'hash', operator: 'In', values: ['1'] }],
  });
  const labels = { ...value.metadata.labels, hash: '2' };
  const update = await call('PUT', `${PODS_URL}/web-1`, {
    ...value,
    metadata: { ...value.metadata, labels },
  });
  assert.equal(update.status, 200);
});
