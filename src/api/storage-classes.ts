/** The classes of claims. @see k8s.io/component-helpers/storage/volume/helpers.go */
import type { PersistentVolumeClaim } from './generated/core-v1.ts';

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** Which class a claim wants. `undefined`: whichever is the default; empty: none. */
export function claimClass({ metadata, spec }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName;
}

/** The classes of attributes that a claim wants, has, or is on its way to. */
export function claimAttributesClasses({ spec, status }: PersistentVolumeClaim): string[] {
  const { currentVolumeAttributesClassName, modifyVolumeStatus } = status ?? {};
  const { targetVolumeAttributesClassName } = modifyVolumeStatus ?? {};
  return [
    spec.volumeAttributesClassName,
    currentVolumeAttributesClassName,
    targetVolumeAttributesClassName,
  ].flatMap((name) => name || []);
}
