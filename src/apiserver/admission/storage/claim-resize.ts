/**
 * A claim grows only when it is bound, and when the class of its volume allows it.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/storage/persistentvolume/resize/admission.go
 */
import type { PersistentVolumeClaim } from '../../../api/generated/core-v1.ts';
import type { StorageClass } from '../../../api/generated/storage-v1.ts';
import { PERSISTENT_VOLUME_CLAIMS, STORAGE_CLASSES } from '../../../api/resources.ts';
import { claimClass } from '../../../api/storage-classes.ts';
import { compareQuantities } from '../../../base/quantity.ts';
import { newForbidden } from '../../errors.ts';
import type { AdmissionStep, AdmissionView } from '../admission.ts';

const UNRESIZABLE =
  'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';

export const persistentVolumeClaimResize: AdmissionStep = {
  name: 'PersistentVolumeClaimResize',
  admit(request, view) {
    const { row, operation, subresource, name } = request;
    if (row !== PERSISTENT_VOLUME_CLAIMS || operation !== 'UPDATE' || subresource !== '') return;
    const claim = request.object as unknown as PersistentVolumeClaim;
    const old = request.old as unknown as PersistentVolumeClaim;
    if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return;
    if (old.status?.phase !== 'Bound')
      throw newForbidden(row, name, 'Only bound persistent volume claims can be expanded');
    if (!mayGrow(claim, old, view)) throw newForbidden(row, name, UNRESIZABLE);
  },
};

function sizeOf({ spec }: PersistentVolumeClaim): string {
  return spec.resources?.requests?.['storage'] ?? '0';
}

function mayGrow(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, view: AdmissionView): boolean {
  const name = claimClass(claim);
  if (!name || name !== claimClass(old)) return false;
  const found = view.get(STORAGE_CLASSES, '', name) as StorageClass | undefined;
  return found?.allowVolumeExpansion === true;
}
