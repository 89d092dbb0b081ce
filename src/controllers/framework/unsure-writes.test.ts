import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import { REPLICA_SETS } from '../../api/resources.ts';
import { newRestClient } from '../../client/rest-client.ts';
import { InMemoryApi, type RequestFate } from '../../simulation/in-memory-api.ts';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import { UnsureWrites } from './unsure-writes.ts';

const never = new AbortController().signal;
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [] } };
const selector = { matchLabels: { app: 'web' } };
const metadata = {
  name: 'web',
  namespace: 'default',
  uid: 'uid-web',
  resourceVersion: '1',
  creationTimestamp: '',
};
const OWNER: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: { selector, template },
};

function replicaSet(name: string, ownerUid = 'uid-web'): NewObject<ReplicaSet> {
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: ownerUid, controller: true };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'default', ownerReferences: [owner] },
    spec: { selector, template },
  };
}

/** What becomes of the requests, one after another; those that follow are answered. */
function newScene(...fates: RequestFate[]) {
  const fateOf = (): RequestFate => fates.shift() ?? 'answered';
  const api = new InMemoryApi({ clock: newSimulatedClock(), random: newSeededRandom(1), fateOf });
  const client = newRestClient(api, { userAgent: 'test' });
  const found: string[] = [];
  const unsure = new UnsureWrites<ReplicaSet>({
    client,
    resource: REPLICA_SETS,
    onFound: (ownerUid, { metadata: { name } }) => found.push(`${ownerUid} ${name}`),
  });
  const create = (name: string, ownerUid?: string) =>
    unsure.attempt(OWNER, name, client.create(REPLICA_SETS, replicaSet(name, ownerUid), never));
  return { client, create, found, unsure };
}

test('UnsureWrites asks once for what was written without an answer', async () => {
  const { create, found, unsure } = newScene('lost');
  await rejects(create('web-1'), { reason: 'ServiceUnavailable' });
  await unsure.settle(OWNER, never);
  await unsure.settle(OWNER, never);
  deepEqual(found, ['uid-web web-1']);
});

test('UnsureWrites asks again until it is answered', async () => {
  const { create, found, unsure } = newScene('lost', 'lost');
  await rejects(create('web-1'));
  await rejects(unsure.settle(OWNER, never), { reason: 'ServiceUnavailable' });
  await unsure.settle(OWNER, never);
  deepEqual(found, ['uid-web web-1']);
});

test('UnsureWrites asks for what met a newer version, which may be its own repeated', async () => {
  const { client, create, found, unsure } = newScene();
  const created = await create('web-1');
  const update = () => unsure.attempt(OWNER, 'web-1', client.update(REPLICA_SETS, created, never));
  await update();
  await rejects(update(), { reason: 'Conflict' });
  await unsure.settle(OWNER, never);
  deepEqual(found, ['uid-web web-1']);
});

test('UnsureWrites tells nothing of what was refused, was answered, or is another owner’s', async () => {
  const { create, found, unsure } = newScene('answered', 'answered', 'lost');
  await create('web-1');
  await rejects(create('web-1'), { reason: 'AlreadyExists' });
  await rejects(create('web-2', 'uid-other'));
  await unsure.settle(OWNER, never);
  deepEqual(found, []);
});
