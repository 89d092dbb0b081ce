import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { REPLICA_SETS } from '../../api/resources.ts';
import { createDeployment, newWorld } from '../world/world.fixture.ts';
import { CalmTime } from './calm-time.ts';
import { DEPLOYMENTS_PREFIX, REPLICA_SETS_PREFIX } from './storage-prefixes.ts';
import { WantedScale } from './wanted-scale.ts';

test('WantedScale: of an owner that is gone, the old number may be believed, and none at all', async (t) => {
  const world = await newWorld(t);
  const { metadata, spec } = await createDeployment(world, 4);
  const scale = new WantedScale(world, new CalmTime(world));
  const bounds = () => [
    scale.least(metadata.uid, world.clock.now()),
    scale.most(metadata.uid, world.clock.now()),
  ];
  deepEqual(bounds(), [4, 4]);
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec };
  const deletion = { kind: 'commit', type: 'delete', key: `${DEPLOYMENTS_PREFIX}default/web` };
  scale.onCommit({ ...deletion, atMs: world.clock.now(), object } as never, world.clock.now());
  deepEqual(bounds(), [0, 4]);
});

test('WantedScale: a ReplicaSet works for its Deployment for as long as it is there', async (t) => {
  const world = await newWorld(t);
  const deployment = await createDeployment(world, 1);
  await world.advance(1000);
  const [set] = world.objects(REPLICA_SETS);
  const scale = new WantedScale(world, new CalmTime(world));
  equal(scale.workloadOf(set!.metadata.uid), deployment.metadata.uid);
  equal(scale.workloadOf(deployment.metadata.uid), deployment.metadata.uid);
  const key = `${REPLICA_SETS_PREFIX}default/${set!.metadata.name}`;
  const nowMs = world.clock.now();
  scale.onCommit({ kind: 'commit', type: 'delete', key, atMs: nowMs, object: set } as never, nowMs);
  equal(scale.workloadOf(set!.metadata.uid), set!.metadata.uid);
});
