/**
 * Three controllers of one sort: claims stay while Pods use them, volumes while they are bound, classes of volume attributes
 * while claims or volumes name them.
 *
 * @see kubernetes/kubernetes pkg/controller/volume/{pvcprotection,pvprotection,vacprotection}
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core-v1.ts';
import { namespaceOf } from '../../api/meta.ts';
import {
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  VOLUME_ATTRIBUTES_CLASSES,
} from '../../api/resources.ts';
import { claimAttributesClasses } from '../../api/storage-classes.ts';
import {
  ATTRIBUTES_CLASS_FINALIZER,
  CLAIM_FINALIZER,
  VOLUME_FINALIZER,
} from '../../api/storage-protection.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { claimNamesOf, isVolumeBound, usesClaim } from './in-use.ts';
import { newProtectionLoop } from './protection-loop.ts';

const BY_CLAIM = 'claims';
const BY_ATTRIBUTES_CLASS = 'attributesClasses';

export function newClaimProtection(context: ControllerContext): Controller {
  const { client, informers } = context;
  const pods = informers.informer(PODS);
  pods.addIndex(BY_CLAIM, (pod) => claimNamesOf(pod).map((name) => `${namespaceOf(pod)}/${name}`));
  const loop = newProtectionLoop(context, {
    name: 'pvc-protection',
    resource: PERSISTENT_VOLUME_CLAIMS,
    finalizer: CLAIM_FINALIZER,
    users: [pods],
    isUsed: (claim) =>
      pods
        .byIndex(BY_CLAIM, `${namespaceOf(claim)}/${claim.metadata.name}`)
        .some((pod) => usesClaim(pod, claim)),
    async isUsedLive(claim, signal) {
      const { items } = await client.list(PODS, { namespace: namespaceOf(claim) }, signal);
      return items.some((pod) => usesClaim(pod, claim));
    },
  });
  // Whatever a Pod does, only its end frees a claim; of ephemeral volumes also its end of grace.
  const freed = (pod: Parameters<typeof claimNamesOf>[0]) => {
    for (const name of claimNamesOf(pod)) loop.enqueue(`${namespaceOf(pod)}/${name}`);
  };
  pods.addListener({
    onAdd: () => {},
    onUpdate: (pod) => {
      if (pod.metadata.deletionGracePeriodSeconds === 0) freed(pod);
    },
    onDelete: freed,
  });
  return loop;
}

export function newVolumeProtection(context: ControllerContext): Controller {
  return newProtectionLoop(context, {
    name: 'pv-protection',
    resource: PERSISTENT_VOLUMES,
    finalizer: VOLUME_FINALIZER,
    users: [],
    isUsed: isVolumeBound,
    // The write would be a conflict.
    isUsedLive: async () => false,
  });
}

export function newAttributesClassProtection(context: ControllerContext): Controller {
  const { client, informers } = context;
  const claims = informers.informer(PERSISTENT_VOLUME_CLAIMS);
  const volumes = informers.informer(PERSISTENT_VOLUMES);
  claims.addIndex(BY_ATTRIBUTES_CLASS, claimAttributesClasses);
  volumes.addIndex(BY_ATTRIBUTES_CLASS, classesOfVolume);
  const loop = newProtectionLoop(context, {
    name: 'volumeattributesclass-protection',
    resource: VOLUME_ATTRIBUTES_CLASSES,
    finalizer: ATTRIBUTES_CLASS_FINALIZER,
    users: [claims, volumes],
    isUsed: ({ metadata }) =>
      [claims, volumes].some((users) => users.byIndex(BY_ATTRIBUTES_CLASS, metadata.name).length > 0),
    async isUsedLive({ metadata }, signal) {
      const [allClaims, allVolumes] = [
        await client.list(PERSISTENT_VOLUME_CLAIMS, {}, signal),
        await client.list(PERSISTENT_VOLUMES, {}, signal),
      ];
      const names = [
        ...allClaims.items.flatMap(claimAttributesClasses),
        ...allVolumes.items.flatMap(classesOfVolume),
      ];
      return names.includes(metadata.name);
    },
  });
  const freed = (names: readonly string[]) => {
    for (const name of names) loop.enqueue(name);
  };
  const watched = <T extends PersistentVolume | PersistentVolumeClaim>(namesOf: (object: T) => string[]) => ({
    onAdd: () => {},
    onUpdate: (_: T, previous: T) => freed(namesOf(previous)),
    onDelete: (object: T) => freed(namesOf(object)),
  });
  claims.addListener(watched(claimAttributesClasses));
  volumes.addListener(watched(classesOfVolume));
  return loop;
}

function classesOfVolume({ spec }: PersistentVolume): string[] {
  return spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];
}
