/**
 * Volumes, claims and classes of attributes are held by a finalizer from the start, so that none goes while it is used. The
 * protection controllers take it off.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go
 */
import { PROTECTED_KINDS } from '../../../api/storage-protection.ts';
import type { AdmissionStep } from '../admission.ts';

export const storageObjectInUseProtection: AdmissionStep = {
  name: 'StorageObjectInUseProtection',
  admit({ operation, subresource, row, object }) {
    if (operation !== 'CREATE' || subresource !== '') return;
    const held = PROTECTED_KINDS.find((kind) => kind.row === row);
    if (held === undefined) return;
    const { metadata } = object!;
    const finalizers = metadata.finalizers ?? [];
    if (!finalizers.includes(held.finalizer)) metadata.finalizers = [...finalizers, held.finalizer];
  },
};
