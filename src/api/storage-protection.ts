/** What of storage is held by a finalizer while it is used. @see kubernetes/kubernetes pkg/volume/util/finalizer.go */
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, VOLUME_ATTRIBUTES_CLASSES } from './resources.ts';

export const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
export const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';
export const ATTRIBUTES_CLASS_FINALIZER = 'kubernetes.io/vac-protection';

export const PROTECTED_KINDS = [
  { row: PERSISTENT_VOLUME_CLAIMS, finalizer: CLAIM_FINALIZER },
  { row: PERSISTENT_VOLUMES, finalizer: VOLUME_FINALIZER },
  { row: VOLUME_ATTRIBUTES_CLASSES, finalizer: ATTRIBUTES_CLASS_FINALIZER },
] as const;
