import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { ConfigMap, Pod } from '../../api/generated/core-v1.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import type { KubeObject } from '../../api/meta.ts';
import { allResources, CONFIG_MAPS, PODS, REPLICA_SETS } from '../../api/resources.ts';
import { type ControllerBench, newControllerBench } from '../../simulation/controller-bench.ts';
import { newGarbageCollector } from './controller.ts';

const never = new AbortController().signal;

const newBench = (seed = 1, lagged = false) =>
  newControllerBench({
    seed,
    lagged,
    controllers: [(context) => newGarbageCollector(context, allResources())],
  });

const refTo = (owner: KubeObject, blockOwnerDeletion = true): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  blockOwnerDeletion,
});

function createConfigMap({ client }: ControllerBench, name: string, owners: OwnerReference[] = []) {
  return client.create<ConfigMap>(
    CONFIG_MAPS,
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default', ownerReferences: owners },
    },
    never,
  );
}

const namesOf = ({ api }: ControllerBench) =>
  api.objects<ConfigMap>(CONFIG_MAPS).map(({ metadata }) => metadata.name);

const remove = (
  { client }: ControllerBench,
  name: string,
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground',
) =>
  client.delete(
    CONFIG_MAPS,
    { namespace: 'default', name },
    propagationPolicy === undefined ? {} : { propagationPolicy },
    never,
  );

for (const lagged of [false, true]) {
  test(`newGarbageCollector deletes a chain of dependents behind ${lagged ? 'lagging' : 'prompt'} watches`, async () => {
    const bench = newBench(1, lagged);
    const a = await createConfigMap(bench, 'a');
    const b = await createConfigMap(bench, 'b', [refTo(a)]);
    await createConfigMap(bench, 'c', [refTo(b)]);
    await createConfigMap(bench, 'other');
    await bench.clock.advance(2000);
    await remove(bench, 'a');
    await bench.clock.advance(5000);
    deepEqual(namesOf(bench), ['other']);
    await bench.end();
  });
}

test('newGarbageCollector keeps what still has a living owner, without the dead reference', async () => {
  const bench = newBench();
  const a = await createConfigMap(bench, 'a');
  const b = await createConfigMap(bench, 'b');
  await createConfigMap(bench, 'c', [refTo(a), refTo(b)]);
  await bench.clock.advance(100);
  await remove(bench, 'a');
  await bench.clock.advance(1000);
  deepEqual(namesOf(bench), ['b', 'c']);
  const c = bench.api.objects<ConfigMap>(CONFIG_MAPS)[1]!;
  deepEqual(
    c.metadata.ownerReferences?.map(({ uid }) => uid),
    [b.metadata.uid],
  );
  await bench.end();
});

test('newGarbageCollector finds at its start what lost its owner before, also to a namesake', async () => {
  const bench = newBench();
  await createConfigMap(bench, 'a');
  const dead = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'of-an-earlier-life' };
  await createConfigMap(bench, 'b', [dead]);
  await bench.clock.advance(1000);
  deepEqual(namesOf(bench), ['a']);
  await bench.end();
});

test('newGarbageCollector deletes dependents before an owner that is deleted in the foreground', async () => {
  const bench = newBench();
  const a = await createConfigMap(bench, 'a');
  const b = await createConfigMap(bench, 'b', [refTo(a)]);
  await createConfigMap(bench, 'c', [refTo(b)]);
  await createConfigMap(bench, 'lax', [refTo(a, false)]);
  const pod = await bench.client.create<Pod>(
    PODS,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default', ownerReferences: [refTo(b)] },
      spec: { nodeName: 'n', containers: [] },
    },
    never,
  );
  await bench.clock.advance(100);
  await remove(bench, 'a', 'Foreground');
  await bench.clock.advance(1000);
  // The Pod is still terminating: those that wait for it stay.
  deepEqual(
    namesOf(bench).filter((name) => name !== 'lax'),
    ['a', 'b'],
  );
  bench.api.finish(pod, PODS);
  await bench.clock.advance(1000);
  deepEqual(namesOf(bench), []);
  await bench.end();
});

test('newGarbageCollector orphans when asked to', async () => {
  const bench = newBench();
  const rs = await bench.client.create<ReplicaSet>(
    REPLICA_SETS,
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'rs', namespace: 'default' },
      spec: { selector: {} },
    },
    never,
  );
  await createConfigMap(bench, 'b', [refTo(rs)]);
  await bench.clock.advance(100);
  const target = { namespace: 'default', name: 'rs' };
  await bench.client.delete(REPLICA_SETS, target, { propagationPolicy: 'Orphan' }, never);
  await bench.clock.advance(1000);
  deepEqual(bench.api.objects(REPLICA_SETS), []);
  const [b] = bench.api.objects<ConfigMap>(CONFIG_MAPS);
  deepEqual(b?.metadata.ownerReferences, []);
  await bench.end();
});

test('newGarbageCollector leaves alone what refers to a kind that nobody serves, and is quiet when idle', async () => {
  const bench = newBench();
  const reference = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'w-1' };
  await createConfigMap(bench, 'a', [reference]);
  await bench.clock.advance(1000);
  const writes = bench.api.writes.length;
  await bench.clock.advance(3_600_000);
  deepEqual(namesOf(bench), ['a']);
  equal(bench.api.writes.length, writes);
  await bench.end();
});

test('newGarbageCollector resolves a circle of objects that wait for each other', async () => {
  const bench = newBench();
  const a = await createConfigMap(bench, 'a');
  const b = await createConfigMap(bench, 'b', [refTo(a)]);
  const body = { metadata: { ownerReferences: [refTo(b)] } };
  const target = { namespace: 'default', name: 'a' };
  await bench.client.patch(CONFIG_MAPS, target, { type: 'merge', body }, never);
  await bench.clock.advance(100);
  await remove(bench, 'a', 'Foreground');
  await bench.clock.advance(5000);
  deepEqual(namesOf(bench), []);
  await bench.end();
});
