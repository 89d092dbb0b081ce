/**
 * Validation of a PersistentVolume's spec that is no object of its own: what a volume of a Pod becomes where it is attached.
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidatePersistentVolumeSpec
 */
import type { PersistentVolumeSpec } from '../generated/core-v1.ts';
import { type FieldError, forbidden, required } from './field-error.ts';
import { validateSource } from './persistent-volume.ts';
import { validateAccessModes } from './persistent-volume-claim.ts';

const CONTEXT = 'in the context of inline volumes';

export function validateInlineVolume(spec: Partial<PersistentVolumeSpec>, field: string): FieldError[] {
  const { accessModes = [], capacity = {}, persistentVolumeReclaimPolicy: policy = '', volumeMode } = spec;
  const refuse = (name: string, isGiven: boolean, why = 'may not be specified') =>
    isGiven ? [forbidden(`${field}.${name}`, `${why} ${CONTEXT}`)] : [];
  return [
    ...refuse('claimRef', spec.claimRef !== undefined),
    ...refuse('capacity', Object.keys(capacity).length > 0),
    ...(spec.csi === undefined ? [required(`${field}.csi`, `has to be specified ${CONTEXT}`)] : []),
    ...(accessModes.length === 0 ? [required(`${field}.accessModes`)] : []),
    ...validateAccessModes(accessModes, `${field}.accessModes`),
    ...refuse('persistentVolumeReclaimPolicy', !['', 'Retain'].includes(policy), 'may only be Retain'),
    ...refuse('nodeAffinity', spec.nodeAffinity !== undefined),
    ...validateSource(spec, field, ''),
    ...refuse('storageClassName', Boolean(spec.storageClassName)),
    ...refuse(
      'volumeMode',
      volumeMode !== undefined && volumeMode !== 'Filesystem',
      'may not specify volumeMode other than Filesystem',
    ),
  ];
}
