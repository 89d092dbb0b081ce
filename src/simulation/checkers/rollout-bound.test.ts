import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { REPLICA_SETS } from '../../api/resources.ts';
import { createDeployment, newWorld } from '../world/world.fixture.ts';
import { CalmTime } from './calm-time.ts';
import { newRolloutBoundChecker } from './rollout-bound.ts';
import { REPLICA_SETS_PREFIX } from './storage-prefixes.ts';

test('rollout-bound: an empty ReplicaSet adds to nothing, also beside adopted ones that are too many', async (t) => {
  const world = await newWorld(t);
  await createDeployment(world, 4);
  await world.advance(1000);
  const [set] = world.objects(REPLICA_SETS);
  const said: string[] = [];
  const existing = new Set(['adopted']);
  const scale = { most: (uid: string) => (existing.has(uid) ? 2 : undefined) };
  const cluster = { world, calm: new CalmTime(world), scale } as never;
  const checker = newRolloutBoundChecker(cluster, (message) => said.push(message));
  const commit = (uid: string, replicas: number) => {
    const object = {
      ...set!,
      metadata: { ...set!.metadata, name: uid, uid },
      spec: { ...set!.spec, replicas },
    };
    const key = `${REPLICA_SETS_PREFIX}default/${uid}`;
    checker.onEvent!({ kind: 'commit', type: 'put', key, atMs: world.clock.now(), object } as never);
  };
  commit('adopted', 2);
  commit('empty', 0);
  deepEqual(said, []);
  commit('one', 1);
  deepEqual(said, ['Deployment default/web may have 5 Pods; with 1 in default/one it wants 7']);
});
