/**
 * Validation of StatefulSets.
 * @see k8s.io/kubernetes/pkg/apis/apps/validation/validation.go ValidateStatefulSet
 */
import type { StatefulSet, StatefulSetUpdateStrategy } from '../generated/apps-v1.ts';
import type { PodSpec, PodTemplateSpec } from '../generated/core-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { named, notNegative } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, required, unsupported } from './field-error.ts';
import { isNothing, validateAtMostAll, validateIntOrPercent } from './int-or-percent.ts';
import { dns1123LabelProblem } from './names.ts';
import { validateClaimSpec } from './persistent-volume-claim.ts';
import { notAbove, validateCollisions, validateCounts } from './workload-status.ts';
import { validateOwner } from './workload-template.ts';

const WORDS = { empty: 'statefulset', malformed: '', deadline: 'StatefulSet' };
const MANAGEMENT = ['OrderedReady', 'Parallel'];
const RETENTION = ['Retain', 'Delete'];

export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  const { serviceName } = spec;
  return [
    ...validateOrdering(spec),
    ...(serviceName ? named('spec.serviceName', serviceName, dns1123LabelProblem(serviceName)) : []),
    ...validateOwner({ ...spec, template: withClaimVolumes(spec) }, WORDS),
  ];
}

/** Everything but the Pods themselves. */
function validateOrdering(spec: StatefulSet['spec']): FieldError[] {
  return [
    ...validateManagement(spec.podManagementPolicy),
    ...validateUpdateStrategy(spec.updateStrategy ?? {}),
    ...validateRetention(spec.persistentVolumeClaimRetentionPolicy),
    ...errorsOfEach(spec.volumeClaimTemplates ?? [], (claim, index) =>
      validateClaimSpec(claim.spec, `spec.volumeClaimTemplates[${index}].spec`),
    ),
    ...notNegative('spec.replicas', spec.replicas),
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...notNegative('spec.ordinals.start', spec.ordinals?.start),
  ];
}

function validateManagement(policy: string | undefined): FieldError[] {
  const field = 'spec.podManagementPolicy';
  if (!policy) return [required(field)];
  if (MANAGEMENT.includes(policy)) return [];
  return [invalid(field, policy, "must be 'OrderedReady' or 'Parallel'")];
}

function validateUpdateStrategy({ type, rollingUpdate }: StatefulSetUpdateStrategy): FieldError[] {
  const field = 'spec.updateStrategy';
  if (!type) return [required(field)];
  const { partition = 0, maxUnavailable } = rollingUpdate ?? {};
  const shown =
    rollingUpdate === undefined ? null : { Partition: partition, MaxUnavailable: maxUnavailable ?? null };
  if (type === 'OnDelete') {
    if (shown === null) return [];
    return [invalid(`${field}.rollingUpdate`, shown, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  if (type !== 'RollingUpdate')
    return [invalid(field, { Type: type, RollingUpdate: shown }, "must be 'RollingUpdate' or 'OnDelete'")];
  const errors = notNegative(`${field}.rollingUpdate.partition`, partition);
  if (maxUnavailable === undefined) return errors;
  const at = `${field}.rollingUpdate.maxUnavailable`;
  return [
    ...errors,
    ...validateIntOrPercent(maxUnavailable, at),
    ...(isNothing(maxUnavailable) ? [invalid(at, maxUnavailable, 'cannot be 0')] : []),
    ...validateAtMostAll(maxUnavailable, at),
  ];
}

function validateRetention(
  policy: StatefulSet['spec']['persistentVolumeClaimRetentionPolicy'],
): FieldError[] {
  if (policy === undefined) return [];
  return (['whenDeleted', 'whenScaled'] as const).flatMap((when) => {
    const value = policy[when] ?? '';
    const field = `spec.persistentVolumeClaimRetentionPolicy.${when}`;
    return RETENTION.includes(value) ? [] : [unsupported(field, value, RETENTION)];
  });
}

/** The template as its Pods will have it: each claim template is a volume by its name. */
function withClaimVolumes({ template, volumeClaimTemplates = [] }: StatefulSet['spec']): PodTemplateSpec {
  const names = new Set(volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? ''));
  const others = (template?.spec?.volumes ?? []).filter(({ name }) => !names.has(name));
  const claims = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template?.spec, volumes: [...others, ...claims] } as PodSpec };
}

const MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

/** What its Pods were built on stays, and is not judged again; nor is a service name that was always wrong. */
export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet): FieldError[] {
  const errors = [
    ...validateOrdering({ ...set.spec, volumeClaimTemplates: [] }),
    ...validateOwner({ ...set.spec, template: withClaimVolumes(set.spec) }, WORDS),
  ];
  if (equalJson(fixedPart(set), fixedPart(old))) return errors;
  const names = MUTABLE.map((name) => `'${name}'`);
  const listed = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  const why = `updates to statefulset spec for fields other than ${listed} are forbidden`;
  return [...errors, forbidden('spec', why)];
}

function fixedPart({ spec }: StatefulSet): JsonValue {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !MUTABLE.includes(key)));
}

export function validateStatefulSetStatus({ status }: StatefulSet, old: StatefulSet): FieldError[] {
  const counts = status ?? { replicas: 0 };
  return [
    ...validateCounts(counts, [
      'replicas',
      'readyReplicas',
      'currentReplicas',
      'updatedReplicas',
      'availableReplicas',
      'observedGeneration',
      'collisionCount',
    ]),
    ...notAbove(counts, 'readyReplicas', ['replicas', 'status.replicas']),
    ...notAbove(counts, 'currentReplicas', ['replicas', 'status.replicas']),
    ...notAbove(counts, 'updatedReplicas', ['replicas', 'status.replicas']),
    ...notAbove(counts, 'availableReplicas', ['replicas', 'status.replicas']),
    ...notAbove(counts, 'availableReplicas', ['readyReplicas', 'status.readyReplicas']),
    ...validateCollisions(status, old.status),
  ];
}
