import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/generated/core-v1.ts';
import type { VolumeAttributesClass } from '../../api/generated/storage-v1.ts';
import type { KubeObject } from '../../api/meta.ts';
import {
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  VOLUME_ATTRIBUTES_CLASSES,
} from '../../api/resources.ts';
import { newControllerBench } from '../../simulation/controller-bench.ts';
import { newAttributesClassProtection, newClaimProtection, newVolumeProtection } from './controller.ts';
import { usesClaim } from './in-use.ts';

const never = new AbortController().signal;

function newBench(lagged = false) {
  const bench = newControllerBench({
    seed: 1,
    controllers: [newClaimProtection, newVolumeProtection, newAttributesClassProtection],
    lagged,
  });
  const metadata = (name: string, namespace?: string) => ({
    name,
    uid: name,
    ...(namespace && { namespace }),
    resourceVersion: '',
    creationTimestamp: '2026-01-01T00:00:00Z',
  });
  const finalizersOf = (objects: readonly KubeObject[], name: string) =>
    objects.find((object) => object.metadata.name === name)?.metadata.finalizers;
  return {
    ...bench,
    putClaim: (name: string, spec: object = {}) =>
      bench.api.put(PERSISTENT_VOLUME_CLAIMS, {
        metadata: metadata(name, 'default'),
        spec,
      } as unknown as PersistentVolumeClaim),
    putVolume: (name: string, phase: string) =>
      bench.api.put(PERSISTENT_VOLUMES, {
        metadata: metadata(name),
        spec: {},
        status: { phase },
      } as unknown as PersistentVolume),
    putClass: (name: string) =>
      bench.api.put(VOLUME_ATTRIBUTES_CLASSES, {
        metadata: metadata(name),
      } as unknown as VolumeAttributesClass),
    putPod: (name: string, claimName: string, nodeName?: string) =>
      bench.api.put(PODS, {
        metadata: metadata(name, 'default'),
        spec: { containers: [], volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }], nodeName },
      } as unknown as Pod),
    deleteClaim: (name: string) =>
      bench.client.delete(PERSISTENT_VOLUME_CLAIMS, { namespace: 'default', name }, {}, never),
    claim: (name: string) => finalizersOf(bench.api.objects(PERSISTENT_VOLUME_CLAIMS), name),
    volume: (name: string) => finalizersOf(bench.api.objects(PERSISTENT_VOLUMES), name),
    attributesClass: (name: string) => finalizersOf(bench.api.objects(VOLUME_ATTRIBUTES_CLASSES), name),
  };
}

test('newClaimProtection holds what nobody held, and lets a deleted claim go once its Pods are gone', async () => {
  const bench = newBench();
  bench.putClaim('data');
  bench.putPod('a', 'data', 'node-1');
  bench.putPod('waiting', 'data');
  await bench.clock.advance(100);
  deepEqual(bench.claim('data'), ['kubernetes.io/pvc-protection']);
  await bench.deleteClaim('data');
  await bench.clock.advance(60_000);
  deepEqual(bench.claim('data'), ['kubernetes.io/pvc-protection']);
  bench.api.finish(bench.api.objects(PODS).find(({ metadata }) => metadata.name === 'a')!, PODS);
  await bench.clock.advance(100);
  deepEqual(bench.api.objects(PERSISTENT_VOLUME_CLAIMS), []);
  await bench.end();
});

test('newClaimProtection asks live before it lets go: its cache may not show the Pod yet', async () => {
  const bench = newBench(true);
  bench.putClaim('data');
  await bench.clock.advance(2000);
  const deleting = bench.deleteClaim('data');
  await bench.clock.advance(1);
  await deleting;
  bench.putPod('a', 'data', 'node-1');
  await bench.clock.advance(60_000);
  deepEqual(bench.claim('data'), ['kubernetes.io/pvc-protection']);
  await bench.end();
});

test('newVolumeProtection lets a deleted volume go once it is bound no more', async () => {
  const bench = newBench();
  bench.putVolume('pv', 'Bound');
  await bench.clock.advance(100);
  deepEqual(bench.volume('pv'), ['kubernetes.io/pv-protection']);
  await bench.client.delete(PERSISTENT_VOLUMES, { name: 'pv' }, {}, never);
  await bench.clock.advance(100);
  deepEqual(bench.volume('pv'), ['kubernetes.io/pv-protection']);
  const [volume] = bench.api.objects(PERSISTENT_VOLUMES);
  bench.api.put(PERSISTENT_VOLUMES, { ...volume!, status: { phase: 'Released' } });
  await bench.clock.advance(100);
  deepEqual(bench.api.objects(PERSISTENT_VOLUMES), []);
  await bench.end();
});

test('newAttributesClassProtection lets a deleted class go once no claim names it', async () => {
  const bench = newBench();
  bench.putClass('fast');
  bench.putClaim('data', { volumeAttributesClassName: 'fast' });
  await bench.clock.advance(100);
  await bench.client.delete(VOLUME_ATTRIBUTES_CLASSES, { name: 'fast' }, {}, never);
  await bench.clock.advance(100);
  deepEqual(bench.attributesClass('fast'), ['kubernetes.io/vac-protection']);
  await bench.deleteClaim('data');
  await bench.clock.advance(100);
  deepEqual(bench.api.objects(VOLUME_ATTRIBUTES_CLASSES), []);
  await bench.end();
});

test('usesClaim: a claim made for an ephemeral volume is free when its Pod is done, others are not', () => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'u', controller: true };
  const claim = (ownerReferences: object[]) =>
    ({ metadata: { name: 'a-scratch', ownerReferences } }) as unknown as PersistentVolumeClaim;
  const pod = (metadata: object) =>
    ({
      metadata: { name: 'a', uid: 'u', ...metadata },
      spec: { nodeName: 'node-1', volumes: [{ name: 'scratch', ephemeral: {} }] },
    }) as unknown as Pod;
  equal(usesClaim(pod({}), claim([owner])), true);
  equal(usesClaim(pod({}), claim([])), false);
  const done = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 };
  equal(usesClaim(pod(done), claim([owner])), false);
});
