import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { ApiRequest } from '../../api/message.ts';
import { PODS } from '../../api/resources.ts';
import { newRestClient } from '../../client/rest-client.ts';
import { InMemoryApi, type RequestFate } from '../../simulation/in-memory-api.ts';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import { newExpectations } from './expectations.ts';
import { newPodControl } from './pod-control.ts';

const never = new AbortController().signal;
const TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: { containers: [] } };
const OWNER: ReplicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'uid-web',
    resourceVersion: '1',
    creationTimestamp: '',
  },
  spec: { selector: { matchLabels: { app: 'web' } }, template: TEMPLATE },
};

/** An API whose answers to the first requests of each method are lost, and a cache that shows nothing yet. */
function newTestControl(lost: Record<string, number>) {
  const clock = newSimulatedClock();
  const random = newSeededRandom(1);
  const fateOf = ({ method }: ApiRequest): RequestFate => {
    lost[method] = (lost[method] ?? 0) - 1;
    return lost[method] >= 0 ? 'lost' : 'answered';
  };
  const api = new InMemoryApi({ clock, random: random.fork('api'), fateOf });
  const client = newRestClient(api, { userAgent: 'test' });
  const expectations = newExpectations<Pod>({ get: () => undefined, revision: '1' });
  const recorder = { event() {} };
  return { api, expectations, control: newPodControl({ clock, random, client, recorder, expectations }) };
}

test('newPodControl makes one Pod of a creation whose answer was lost, also when the look at it fails', async () => {
  const { api, expectations, control } = newTestControl({ POST: 1, GET: 2 });
  for (let i = 0; i < 3; i++)
    await rejects(control.create(OWNER, TEMPLATE, never), { reason: 'ServiceUnavailable' });
  await control.create(OWNER, TEMPLATE, never);
  equal(api.objects(PODS).length, 1);
  const known = expectations.observe('uid-web', []).map(({ metadata }) => metadata.name);
  deepEqual(known, [api.objects<Pod>(PODS)[0]!.metadata.name]);
});
