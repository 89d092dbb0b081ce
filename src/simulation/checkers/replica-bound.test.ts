import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/core-v1.ts';
import { PODS, REPLICA_SETS } from '../../api/resources.ts';
import { createDeployment, newWorld } from '../world/world.fixture.ts';
import { newReplicaBoundChecker } from './replica-bound.ts';

test('replica-bound: a dead controller may leave behind what a ReplicaSet without any Pod missed', async (t) => {
  const world = await newWorld(t);
  await createDeployment(world, 2);
  await world.advance(1000);
  const [set] = world.objects(REPLICA_SETS);
  const [pod] = world.objects(PODS);
  const said: string[] = [];
  const scale = { most: () => 2 };
  const pods = { all: () => [], get: () => undefined };
  const checker = newReplicaBoundChecker({ world, scale, pods } as never, (message) => said.push(message));
  const create = (uid: string) => {
    const object = { ...pod!, metadata: { ...pod!.metadata, name: uid, uid } } as Pod;
    const key = `/registry/pods/default/${uid}`;
    checker.onEvent!({ kind: 'commit', type: 'put', key, atMs: world.clock.now(), object } as never);
  };
  const process = 'control-plane/controllers';
  checker.onEvent!({ kind: 'process', process, what: 'killed', atMs: world.clock.now() } as never);
  for (const uid of ['1', '2', '3', '4']) create(uid);
  deepEqual(said, []);
  create('5');
  equal(said.length, 1);
  equal(said[0], `ReplicaSet default/${set!.metadata.name} wants 2 Pods, and has 5 active with the new 5`);
});
