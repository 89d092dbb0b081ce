import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  newRequest,
  newSimulatedApiServer,
  PODS_URL,
  pod,
  type SimulatedApiServer,
} from '../../simulation/sim-api-server.ts';

const BUDGETS_URL = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';

function binding(name: string, node: string): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: node } };
}

async function runningPod({ call }: SimulatedApiServer, name: string): Promise<void> {
  await call('POST', PODS_URL, pod(name));
  await call('POST', `${PODS_URL}/${name}/binding`, binding(name, 'n1'));
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await call(
    'PATCH',
    `${PODS_URL}/${name}/status`,
    { status },
    { 'content-type': 'application/merge-patch+json' },
  );
}

async function budget(
  { call }: SimulatedApiServer,
  disruptionsAllowed: number,
  observedGeneration = 1,
): Promise<void> {
  await call('POST', BUDGETS_URL, {
    metadata: { name: 'web' },
    spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
  });
  const { value } = await call('GET', `${BUDGETS_URL}/web`);
  const status = {
    observedGeneration,
    disruptionsAllowed,
    currentHealthy: 2,
    desiredHealthy: 2,
    expectedPods: 2,
  };
  const answer = await call('PUT', `${BUDGETS_URL}/web/status`, { ...value, status });
  assert.equal(answer.status, 200);
}

function evict({ call }: SimulatedApiServer, name: string, extra: Record<string, unknown> = {}) {
  return call('POST', `${PODS_URL}/${name}/eviction`, { metadata: { name }, ...extra });
}

test('binding puts a Pod on a node once', async () => {
  const { call } = await newSimulatedApiServer();
  await call('POST', PODS_URL, pod('a'));
  assert.equal((await call('POST', `${PODS_URL}/a/binding`, binding('a', 'n1'))).status, 201);
  const { value } = await call('GET', `${PODS_URL}/a`);
  assert.equal(value.spec.nodeName, 'n1');
  assert.equal(value.metadata.generation, 1);
  assert.equal(value.status.conditions[0].type, 'PodScheduled');
  const again = await call('POST', '/api/v1/namespaces/default/bindings', binding('a', 'n2'));
  assert.equal(again.status, 409);
  assert.equal(
    again.value.message,
    'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"',
  );
});

test('eviction is refused with 429 while the budget allows no disruption', async () => {
  const api = await newSimulatedApiServer();
  await runningPod(api, 'web-1');
  await budget(api, 0);
  const { status, value } = await evict(api, 'web-1');
  assert.equal(status, 429);
  assert.equal(value.message, "Cannot evict pod as it would violate the pod's disruption budget.");
  assert.deepEqual(value.details.causes, [
    {
      reason: 'DisruptionBudget',
      message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
    },
  ]);
});

test('eviction waits for a budget that is still being processed', async () => {
  const api = await newSimulatedApiServer();
  await runningPod(api, 'web-1');
  await budget(api, 1, 0);
  const { status, value, headers } = await evict(api, 'web-1');
  assert.equal(status, 429);
  assert.match(value.details.causes[0].message, /still being processed/);
  assert.equal(headers['retry-after'], '10');
});

test('eviction charges the budget once, marks the Pod and deletes it gracefully', async () => {
  const api = await newSimulatedApiServer();
  await runningPod(api, 'web-1');
  await runningPod(api, 'web-2');
  await budget(api, 1);
  const [first, second] = await Promise.all([evict(api, 'web-1'), evict(api, 'web-2')]);
  assert.equal(first.status, 201);
  assert.equal(second.status, 429);
  const { value } = await api.call('GET', `${PODS_URL}/web-1`);
  assert.equal(value.metadata.deletionGracePeriodSeconds, 30);
  const condition = value.status.conditions.find(({ type }: { type: string }) => type === 'DisruptionTarget');
  assert.equal(condition.reason, 'EvictionByEvictionAPI');
  const { value: charged } = await api.call('GET', `${BUDGETS_URL}/web`);
  assert.equal(charged.status.disruptionsAllowed ?? 0, 0);
  assert.deepEqual(Object.keys(charged.status.disruptedPods), ['web-1']);
});

test('eviction of a Pod that no budget covers needs no leave, and a dry run does nothing', async () => {
  const api = await newSimulatedApiServer();
  await runningPod(api, 'db-1');
  await budget(api, 0);
  assert.equal((await evict(api, 'db-1', { deleteOptions: { dryRun: ['All'] } })).status, 201);
  assert.equal((await api.call('GET', `${PODS_URL}/db-1`)).value.metadata.deletionTimestamp, undefined);
  assert.equal((await evict(api, 'db-1')).status, 201);
  assert.notEqual((await api.call('GET', `${PODS_URL}/db-1`)).value.metadata.deletionTimestamp, undefined);
});

test('scale shows and changes the replicas of a workload', async () => {
  const { call } = await newSimulatedApiServer();
  const url = '/apis/apps/v1/namespaces/default/replicasets';
  await call('POST', url, {
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'm', image: 'i' }] } },
    },
  });
  const { value: scale } = await call('GET', `${url}/web/scale`);
  assert.equal(scale.kind, 'Scale');
  assert.deepEqual(scale.spec, { replicas: 2 });
  assert.deepEqual(scale.status, { replicas: 0, selector: 'app=web' });
  const merge = { 'content-type': 'application/merge-patch+json' };
  const { value: patched } = await call('PATCH', `${url}/web/scale`, { spec: { replicas: 5 } }, merge);
  assert.deepEqual(patched.spec, { replicas: 5 });
  const { value: after } = await call('GET', `${url}/web`);
  assert.equal(after.metadata.generation, 2);
  const stale = await call('PUT', `${url}/web/scale`, scale);
  assert.equal(stale.status, 409);
  const negative = await call('PATCH', `${url}/web/scale`, { spec: { replicas: -1 } }, merge);
  assert.equal(negative.status, 422);
});

test('log, exec and port-forward lead to the agent of the node', async () => {
  const api = await newSimulatedApiServer();
  const { call } = api;
  await call('POST', '/api/v1/nodes', {
    metadata: { name: 'n1' },
    status: {
      addresses: [
        { type: 'Hostname', address: 'n1' },
        { type: 'InternalIP', address: '192.0.2.7' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10255 } },
    },
  });
  await runningPod(api, 'web-1');
  const targetOf = async (url: string) => {
    const { body } = (await call('GET', `${PODS_URL}/web-1/${url}`)).response;
    assert.equal(body.kind, 'tunnel');
    const { host, port, path, query } = body.target;
    return `${host}:${port}${path}?${query}`;
  };
  assert.equal(
    await targetOf('log?follow=true&tailLines=5'),
    '192.0.2.7:10255/containerLogs/default/web-1/main?follow=true&tailLines=5',
  );
  assert.equal(
    await targetOf('exec?command=ls&command=-l&stdout=true'),
    '192.0.2.7:10255/exec/default/web-1/main?output=1&command=ls&command=-l',
  );
  assert.equal(await targetOf('portforward?ports=80'), '192.0.2.7:10255/portForward/default/web-1?port=80');
});

test('exec, attach and port-forward need the right to create, whatever the method', async () => {
  const api = await newSimulatedApiServer({
    authorizer: {
      authorize: ({ verb, subresource }) => ({ allowed: subresource === '' || verb !== 'create' }),
    },
  });
  await runningPod(api, 'web-1');
  for (const stream of ['exec', 'attach', 'portforward']) {
    const { status, value } = await api.call('GET', `${PODS_URL}/web-1/${stream}?command=ls&stdout=true`);
    assert.equal(status, 403);
    assert.match(value.message, new RegExp(`cannot create resource "pods/${stream}"`));
  }
});

test('log asks for a container when there are several, and says when one has not started', async () => {
  const { call } = await newSimulatedApiServer();
  const containers = [
    { name: 'a', image: 'x' },
    { name: 'b', image: 'x' },
  ];
  await call('POST', PODS_URL, { metadata: { name: 'two' }, spec: { containers, nodeName: 'n1' } });
  const ambiguous = await call('GET', `${PODS_URL}/two/log`);
  assert.equal(
    ambiguous.value.message,
    'a container name must be specified for pod two, choose one of: [a b]',
  );
  const wrong = await call('GET', `${PODS_URL}/two/log?container=c`);
  assert.equal(wrong.value.message, 'container c is not valid for pod two');
  const waiting = {
    name: 'a',
    image: 'x',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { waiting: { reason: 'ContainerCreating' } },
  };
  await call(
    'PATCH',
    `${PODS_URL}/two/status`,
    { status: { containerStatuses: [waiting] } },
    { 'content-type': 'application/merge-patch+json' },
  );
  const early = await call('GET', `${PODS_URL}/two/log?container=a`);
  assert.equal(early.status, 400);
  assert.equal(early.value.message, 'container "a" in pod "two" is waiting to start: ContainerCreating');
});

test('token is issued for an account, and bound to a Pod of that account only', async () => {
  const { call } = await newSimulatedApiServer();
  const url = '/api/v1/namespaces/default/serviceaccounts/default/token';
  const { status, value } = await call('POST', url, { spec: { audiences: [], expirationSeconds: 900 } });
  assert.equal(status, 201);
  assert.equal(value.status.token, 'token-of-default');
  const short = await call('POST', url, { spec: { audiences: [], expirationSeconds: 5 } });
  assert.equal(short.status, 422);
  const unbound = await call('POST', url, {
    spec: { audiences: [], boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'nope' } },
  });
  assert.equal(unbound.status, 404);
});

test('token is issued to an agent for Pods of its node and for whom they say, or for whom it may ask', async () => {
  const world = await newSimulatedApiServer({
    authorizer: {
      authorize: ({ verb, resource }) => ({
        allowed: verb !== 'request-serviceaccounts-token-audience' || resource === 'granted',
      }),
    },
  });
  await runningPod(world, 'a');
  const { value: stored } = await world.call('GET', `${PODS_URL}/a`);
  const user = { username: 'system:node:n1', groups: ['system:nodes'] };
  const ask = async (audiences: string[], reference: object = { uid: stored.metadata.uid }, as = user) => {
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'a', ...reference };
    const url = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const request = newRequest('POST', url, { spec: { audiences, boundObjectRef } });
    const { signal } = new AbortController();
    const { status, body } = await world.server.handle(
      { ...request, peer: { kind: 'internal', user: as } },
      signal,
    );
    assert.ok(body.kind === 'object');
    return status === 201 ? 'issued' : (body.value as { message: string }).message;
  };
  assert.equal(await ask([]), 'issued');
  assert.equal(await ask(['granted']), 'issued');
  const refused = 'serviceaccounts "default" is forbidden: ';
  assert.equal(
    await ask(['vault']),
    `${refused}audience "vault" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience`,
  );
  assert.equal(await ask(['a', 'b']), `${refused}node may only request 0 or 1 audiences`);
  assert.equal(await ask([], {}), `${refused}node requested token with a pod binding without a uid`);
  const other = { ...user, username: 'system:node:n2' };
  assert.equal(
    await ask([], { uid: stored.metadata.uid }, other),
    `${refused}node requested token bound to a pod scheduled on a different node`,
  );
});

test('ephemeralcontainers may be added beside the immutable rest of a Pod', async () => {
  const { call } = await newSimulatedApiServer();
  const { value } = await call('POST', PODS_URL, pod('a'));
  const wanted = structuredClone(value);
  wanted.spec.ephemeralContainers = [{ name: 'debug', image: 'busybox', targetContainerName: 'main' }];
  wanted.spec.nodeName = 'ignored';
  const { status, value: changed } = await call('PUT', `${PODS_URL}/a/ephemeralcontainers`, wanted);
  assert.equal(status, 200);
  assert.equal(changed.spec.ephemeralContainers[0].name, 'debug');
  assert.equal(changed.spec.nodeName, undefined);
});

test('ephemeralcontainers that are there may neither change nor go, and are added through their own door only', async () => {
  const { call } = await newSimulatedApiServer();
  const { value } = await call('POST', PODS_URL, pod('a'));
  const url = `${PODS_URL}/a/ephemeralcontainers`;
  const withImages = (...images: string[]) => ({
    ...value,
    metadata: { name: 'a' },
    spec: { ...value.spec, ephemeralContainers: images.map((image, i) => ({ name: `debug-${i}`, image })) },
  });
  assert.equal((await call('PUT', `${PODS_URL}/a`, withImages('busybox'))).status, 422);
  assert.equal((await call('PUT', url, withImages('busybox'))).status, 200);
  assert.equal((await call('PUT', url, withImages('busybox', 'curl'))).status, 200);
  const removed = await call('PUT', url, withImages('busybox'));
  assert.equal(removed.status, 422);
  assert.match(removed.value.message, /existing ephemeral containers "debug-1" may not be removed/);
  assert.equal((await call('PUT', url, withImages())).status, 422);
  const changed = await call('PUT', url, withImages('other', 'curl'));
  assert.match(changed.value.message, /existing ephemeral containers "debug-0" may not be changed/);
});

test('SubjectAccessReviews answer what the authorizer says', async () => {
  const { call } = await newSimulatedApiServer({
    authorizer: {
      authorize: ({ user, verb }) => ({
        allowed: user.username === 'admin' || verb === 'get',
        reason: 'test',
      }),
    },
  });
  const base = '/apis/authorization.k8s.io/v1';
  const attributes = { resourceAttributes: { namespace: 'default', verb: 'delete', resource: 'pods' } };
  const self = await call('POST', `${base}/selfsubjectaccessreviews`, { spec: attributes });
  assert.deepEqual(self.value.status, { allowed: true, reason: 'test' });
  const other = await call('POST', `${base}/subjectaccessreviews`, { spec: { ...attributes, user: 'eve' } });
  assert.equal(other.value.status.allowed, false);
  const who = await call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
  assert.equal(who.value.status.userInfo.username, 'admin');
});
