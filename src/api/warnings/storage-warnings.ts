/**
 * What claims, volumes and classes may say and is out of date.
 * @see k8s.io/kubernetes/pkg/api/{persistentvolume,persistentvolumeclaim,storage}/util.go
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../generated/core-v1.ts';
import type { StorageClass } from '../generated/storage-v1.ts';
import { fractionalBytes } from './container-warnings.ts';
import { warningsOfKey, warningsOfTerm } from './node-labels.ts';
import { warningsOfSource } from './volume-sources.ts';

const CLASS = 'volume.beta.kubernetes.io/storage-class';
const OPTIONS = 'volume.beta.kubernetes.io/mount-options';
const USE_CLASS = 'deprecated since v1.8; use "storageClassName" attribute instead';
const USE_OPTIONS = 'deprecated since v1.31; use "mountOptions" attribute instead';

export function warningsOfClaim({ metadata, spec }: PersistentVolumeClaim): string[] {
  return [
    ...(metadata.annotations?.[CLASS] === undefined ? [] : [`metadata.annotations[${CLASS}]: ${USE_CLASS}`]),
    ...warningsOfClaimSpec(spec, 'spec'),
  ];
}

export function warningsOfClaimSpec(
  { resources = {} }: Partial<PersistentVolumeClaim['spec']>,
  field: string,
): string[] {
  return (['requests', 'limits'] as const).flatMap((part) =>
    fractionalBytes(resources[part], ['storage'], `${field}.resources.${part}`),
  );
}

export function warningsOfVolume({ metadata, spec }: PersistentVolume): string[] {
  const { annotations = {} } = metadata;
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return [
    ...(annotations[CLASS] === undefined ? [] : [`metadata.annotations[${CLASS}]: ${USE_CLASS}`]),
    ...(annotations[OPTIONS] === undefined ? [] : [`metadata.annotations[${OPTIONS}]: ${USE_OPTIONS}`]),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...terms.flatMap((term, i) => warningsOfTerm(term, `spec.nodeAffinity.required.nodeSelectorTerms[${i}]`)),
    ...warningsOfSource(spec, 'spec'),
  ];
}

export function warningsOfStorageClass({ allowedTopologies = [] }: StorageClass): string[] {
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
    matchLabelExpressions.flatMap(({ key }, j) =>
      warningsOfKey(key, `allowedTopologies[${i}].matchLabelExpressions[${j}].key`),
    ),
  );
}
