/** Which class a claim wants. @see k8s.io/component-helpers/storage/volume/helpers.go */
import type { PersistentVolumeClaim } from './generated/core-v1.ts';

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** `undefined`: whichever is the default; empty: none. */
export function claimClass({ metadata, spec }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName;
}
