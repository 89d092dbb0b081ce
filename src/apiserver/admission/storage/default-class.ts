/**
 * A claim that names no class gets the default one: of several the youngest.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/storage/storageclass/setdefault/admission.go, pkg/volume/util/storageclass.go
 */
import type { PersistentVolumeClaim } from '../../../api/generated/core-v1.ts';
import type { StorageClass } from '../../../api/generated/storage-v1.ts';
import { PERSISTENT_VOLUME_CLAIMS, STORAGE_CLASSES } from '../../../api/resources.ts';
import { claimClass } from '../../../api/storage-classes.ts';
import { type AdmissionStep, type AdmissionView, isCreationOf } from '../admission.ts';

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
    const found = defaultClass(view);
    if (found !== undefined) claim.spec = { ...claim.spec, storageClassName: found.metadata.name };
  },
};

function defaultClass(view: AdmissionView): StorageClass | undefined {
  const ageOf = ({ metadata }: StorageClass) => metadata.creationTimestamp;
  return view
    .list(STORAGE_CLASSES, '')
    .map((object) => object as unknown as StorageClass)
    .filter(({ metadata }) => MARKS.some((mark) => metadata.annotations?.[mark] === 'true'))
    .sort((a, b) =>
      ageOf(a) === ageOf(b) ? compare(a.metadata.name, b.metadata.name) : compare(ageOf(b), ageOf(a)),
    )[0];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
