/** The chain as every verb of the registry goes through it. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, PODS_URL, pod } from '../../simulation/sim-api-server.ts';
import { newForbidden } from '../errors.ts';
import type { AdmissionRequest, AdmissionStep } from './admission.ts';

const MERGE = { 'content-type': 'application/merge-patch+json' };

/** Notes what it sees in the validating phase; warns, and refuses Pods with a label. */
async function newWatchedServer() {
  const server = await newSimulatedApiServer();
  const seen: AdmissionRequest[] = [];
  const step: AdmissionStep = {
    name: 'Test',
    admit(request) {
      if (request.row.resource !== 'pods') return;
      seen.push({ ...request });
      request.notes.warnings.add('seen');
      const labels = request.object?.metadata.labels ?? request.old?.metadata.labels;
      if (labels?.['refuse'] !== undefined) throw newForbidden(request.row, request.name, 'not so');
    },
  };
  (server.server.registry.admission as { validating: readonly AdmissionStep[] }).validating = [step];
  return { ...server, seen };
}

test('validating steps see the object as it is stored, after defaults, mutation and strategy', async () => {
  const { call, seen } = await newWatchedServer();
  await call('POST', PODS_URL, pod('a'));
  const [creation] = seen;
  equal(creation?.operation, 'CREATE');
  equal(creation.object?.spec?.['serviceAccountName'], 'default');
  equal(creation.object?.status?.['phase'], 'Pending');
  await call('PATCH', `${PODS_URL}/a`, { metadata: { labels: { x: 'y' } } }, MERGE);
  equal(seen[1]?.object?.metadata.labels?.['x'], 'y');
  equal(seen[1]?.old?.metadata.labels?.['x'], undefined);
  await call('DELETE', `${PODS_URL}/a`);
  equal(seen[2]?.operation, 'DELETE');
  equal(seen[2]?.old?.metadata.labels?.['x'], 'y');
});

test('a validating step refuses every kind of write, and what it warns of is sent with the refusal', async () => {
  const { call } = await newWatchedServer();
  const refused = await call('POST', PODS_URL, {
    ...pod('a'),
    metadata: { name: 'a', labels: { refuse: 'yes' } },
  });
  deepEqual([refused.status, refused.value.message], [403, 'pods "a" is forbidden: not so']);
  equal(refused.headers['warning'], '299 - "seen"');
  equal((await call('GET', `${PODS_URL}/a`)).status, 404);
  equal((await call('POST', PODS_URL, pod('a'))).headers['warning'], '299 - "seen"');
  const labels = { metadata: { labels: { refuse: 'yes' } } };
  equal((await call('PATCH', `${PODS_URL}/a`, labels, MERGE)).status, 403);
  equal((await call('GET', `${PODS_URL}/a`)).value.metadata.labels.refuse, undefined);
  equal((await call('DELETE', `${PODS_URL}/a`)).status, 200);
});
