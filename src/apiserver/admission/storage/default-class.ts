/**
 * A claim that names no class gets the default one: of several the youngest.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/storage/storageclass/setdefault/admission.go, pkg/volume/util/storageclass.go
 */
import type { PersistentVolumeClaim } from '../../../api/generated/core-v1.ts';
import { PERSISTENT_VOLUME_CLAIMS, STORAGE_CLASSES } from '../../../api/resources.ts';
import { claimClass } from '../../../api/storage-classes.ts';
import { type AdmissionStep, isCreationOf } from '../admission.ts';
import { youngestDefault } from '../youngest-default.ts';

const MARKS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const defaultStorageClass: AdmissionStep = {
  name: 'DefaultStorageClass',
  admit(request, view) {
    if (!isCreationOf(PERSISTENT_VOLUME_CLAIMS, request)) return;
    const claim = request.object as unknown as PersistentVolumeClaim;
    // An empty name asks for a volume without a class.
    if (claimClass(claim) !== undefined) return;
    const found = youngestDefault(view.list(STORAGE_CLASSES, ''), MARKS);
    const name = found?.metadata.name;
    if (name !== undefined) claim.spec = { ...claim.spec, storageClassName: name };
  },
};
