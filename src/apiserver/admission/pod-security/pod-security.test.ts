/** Pod security as a client of the API meets it. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, PODS_URL, pod } from '../../../simulation/sim-api-server.ts';

const MERGE = { 'content-type': 'application/merge-patch+json' };
const NAMESPACE_URL = '/api/v1/namespaces/default';
const DEPLOYMENTS_URL = '/apis/apps/v1/namespaces/default/deployments';
const P = 'pod-security.kubernetes.io/';

async function newLabelledServer(labels: Record<string, string>) {
  const server = await newSimulatedApiServer();
  const label = (wanted: Record<string, string>) =>
    server.call('PATCH', NAMESPACE_URL, { metadata: { labels: wanted } }, MERGE);
  equal((await label(labels)).status, 200);
  return { ...server, label };
}

test('podSecurity refuses a Pod that violates what its namespace enforces', async () => {
  const { call } = await newLabelledServer({ [`${P}enforce`]: 'baseline', [`${P}warn`]: 'restricted' });
  const refused = await call('POST', PODS_URL, pod('daring', { hostPID: true }));
  deepEqual(
    [refused.status, refused.value.message],
    [403, 'pods "daring" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID)'],
  );
  equal(refused.headers['warning'], undefined);
  const warned = await call('POST', PODS_URL, pod('usual'));
  equal(warned.status, 201);
  match(
    warned.headers['warning'] ?? '',
    /would violate PodSecurity \\"restricted:latest\\": allowPrivilegeEscalation/,
  );
});

test('podSecurity only warns of a template, and only of the object itself', async () => {
  const { call } = await newLabelledServer({ [`${P}enforce`]: 'baseline' });
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: { ...(pod('x') as { spec: object }).spec, hostIPC: true },
  };
  const deployment = {
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: { app: 'x' } }, template },
  };
  const created = await call('POST', DEPLOYMENTS_URL, deployment);
  deepEqual(
    [created.status, created.headers['warning']],
    [201, '299 - "would violate PodSecurity \\"baseline:latest\\": host namespaces (hostIPC)"'],
  );
  const status = await call('PATCH', `${DEPLOYMENTS_URL}/web/status`, { status: { replicas: 1 } }, MERGE);
  deepEqual([status.status, status.headers['warning']], [200, undefined]);
});

test('podSecurity looks again at a Pod only when its images change', async () => {
  const { call, label } = await newLabelledServer({});
  await call('POST', PODS_URL, pod('daring', { hostPID: true }));
  const stricter = await label({ [`${P}enforce`]: 'baseline' });
  deepEqual(
    [stricter.status, stricter.headers['warning']],
    [
      200,
      '299 - "existing pods in namespace \\"default\\" violate the new PodSecurity enforce level \\"baseline:latest\\"", 299 - "daring: host namespaces"',
    ],
  );
  equal((await call('PATCH', `${PODS_URL}/daring`, { metadata: { labels: { x: 'y' } } }, MERGE)).status, 200);
  const containers = [{ name: 'main', image: 'other' }];
  const image = { 'content-type': 'application/strategic-merge-patch+json' };
  equal((await call('PATCH', `${PODS_URL}/daring`, { spec: { containers } }, image)).status, 403);
});

test('podSecurity refuses labels that it cannot read', async () => {
  const { call, label } = await newLabelledServer({});
  const refused = await label({ [`${P}enforce`]: 'strict' });
  deepEqual(
    [refused.status, refused.value.message],
    [
      422,
      `Namespace "default" is invalid: metadata.labels[${P}enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`,
    ],
  );
  const created = await call('POST', '/api/v1/namespaces', {
    metadata: { name: 'new', labels: { [`${P}warn-version`]: '1.30' } },
  });
  equal(created.status, 422);
});
