/**
 * Validation of the kinds that own Pods, and of disruption budgets.
 * @see k8s.io/kubernetes/pkg/apis/{apps,policy}/validation/validation.go
 */
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../generated/apps-v1.ts';
import type { Job } from '../generated/batch-v1.ts';
import type { PodSpec, PodTemplateSpec, ReplicationController } from '../generated/core-v1.ts';
import type { LabelSelector } from '../generated/meta-v1.ts';
import type { PodDisruptionBudget } from '../generated/policy-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { newEqualityMatcher, newSelectorMatcher } from '../selectors.ts';
import { notNegative, oneOf } from './container.ts';
import { type FieldError, forbidden, invalid, required } from './field-error.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validatePodTemplate, validateRestartsAlways } from './pod-spec.ts';

interface OwnerSpec {
  selector: LabelSelector;
  template?: PodTemplateSpec;
}

/** Selector and template of a workload: the selector must select the template's Pods. */
function validateOwner(spec: OwnerSpec): FieldError[] {
  const { selector, template } = spec;
  if (selector === undefined)
    return [required('spec.selector'), ...validatePodTemplate(template, 'spec.template')];
  const errors = validateLabelSelector(selector, 'spec.selector');
  const isEmpty = !Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length;
  if (isEmpty) errors.push(invalid('spec.selector', selector, 'empty selector is invalid for deployment'));
  else if (errors.length === 0 && !newSelectorMatcher(selector)(template?.metadata?.labels)) {
    errors.push(
      invalid(
        'spec.template.metadata.labels',
        template?.metadata?.labels,
        '`selector` does not match template `labels`',
      ),
    );
  }
  return [...errors, ...validateOwnedTemplate(template)];
}

/** Of Pods that are kept running. */
function validateOwnedTemplate(template: PodTemplateSpec | undefined): FieldError[] {
  const errors = [
    ...validatePodTemplate(template, 'spec.template'),
    ...validateRestartsAlways(template?.spec, 'spec.template.spec'),
  ];
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(
        'spec.template.spec.activeDeadlineSeconds',
        "activeDeadlineSeconds in a workload's template is not supported",
      ),
    );
  }
  return errors;
}

export function validateDeployment({ spec }: Deployment): FieldError[] {
  const errors = [
    ...notNegative('spec.replicas', spec.replicas),
    ...validateOwner(spec),
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...notNegative('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds),
    ...oneOf('spec.strategy.type', spec.strategy?.type, ['Recreate', 'RollingUpdate']),
    ...validateRollingUpdate(spec.strategy),
  ];
  const { progressDeadlineSeconds: deadline, minReadySeconds: minReady = 0 } = spec;
  if (deadline !== undefined && deadline <= minReady) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
}

function validateRollingUpdate(strategy: Deployment['spec']['strategy']): FieldError[] {
  const field = 'spec.strategy.rollingUpdate';
  const rolling = strategy?.rollingUpdate;
  if (rolling === undefined) return [];
  if (strategy?.type === 'Recreate') {
    return [forbidden(field, "may not be specified when strategy `type` is 'Recreate'")];
  }
  const errors = [
    ...validateCountOrPercent(rolling.maxUnavailable, `${field}.maxUnavailable`),
    ...validateCountOrPercent(rolling.maxSurge, `${field}.maxSurge`),
  ];
  if (isZero(rolling.maxUnavailable) && isZero(rolling.maxSurge)) {
    errors.push(
      invalid(`${field}.maxUnavailable`, rolling.maxUnavailable, 'may not be 0 when `maxSurge` is 0'),
    );
  }
  if (typeof rolling.maxUnavailable === 'string' && Number.parseInt(rolling.maxUnavailable, 10) > 100) {
    errors.push(invalid(`${field}.maxUnavailable`, rolling.maxUnavailable, 'must not be greater than 100%'));
  }
  return errors;
}

function isZero(value: number | string | undefined): boolean {
  return value === 0 || (typeof value === 'string' && Number.parseInt(value, 10) === 0);
}

function validateCountOrPercent(value: number | string | undefined, field: string): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return notNegative(field, value);
  if (/^\d+%$/.test(value)) return [];
  return [
    invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
  ];
}

export function validateReplicaSet({ spec }: ReplicaSet): FieldError[] {
  return [
    ...notNegative('spec.replicas', spec.replicas),
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateOwner(spec),
  ];
}

export function validateReplicationController({ spec }: ReplicationController): FieldError[] {
  const { selector = {}, template } = spec;
  const errors = [
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...notNegative('spec.replicas', spec.replicas),
  ];
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'));
  if (template === undefined) return [...errors, required('spec.template')];
  const { labels } = template.metadata ?? {};
  if (!newEqualityMatcher(selector)(labels))
    errors.push(
      invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
    );
  return [...errors, ...validateOwnedTemplate(template)];
}

/** What a revision says is history. */
export function validateControllerRevision({ data, revision }: ControllerRevision): FieldError[] {
  const errors = notNegative('revision', revision);
  return data === undefined ? [...errors, required('data', 'data is mandatory')] : errors;
}

export function validateControllerRevisionUpdate(
  revision: ControllerRevision,
  old: ControllerRevision,
): FieldError[] {
  const errors = validateControllerRevision(revision);
  if (!equalJson(revision.data as JsonValue, old.data as JsonValue))
    errors.push(invalid('data', revision.data, 'field is immutable'));
  return errors;
}

export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  return [
    ...oneOf('spec.podManagementPolicy', spec.podManagementPolicy, ['OrderedReady', 'Parallel']),
    ...oneOf('spec.updateStrategy', spec.updateStrategy?.type, ['OnDelete', 'RollingUpdate']),
    ...notNegative('spec.replicas', spec.replicas),
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateOwner({ ...spec, template: withClaimVolumes(spec) }),
  ];
}

/** The template as its Pods will have it: each claim template is a volume by its name. */
function withClaimVolumes({ template, volumeClaimTemplates = [] }: StatefulSet['spec']): PodTemplateSpec {
  const names = new Set(volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? ''));
  const others = (template?.spec?.volumes ?? []).filter(({ name }) => !names.has(name));
  const claims = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template?.spec, volumes: [...others, ...claims] } as PodSpec };
}

export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  return [
    ...oneOf('spec.updateStrategy.type', spec.updateStrategy?.type, ['OnDelete', 'RollingUpdate']),
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateOwner(spec),
  ];
}

export function validateJob({ spec }: Job): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy;
  return [
    ...notNegative('spec.parallelism', spec.parallelism),
    ...notNegative('spec.completions', spec.completions),
    ...notNegative('spec.backoffLimit', spec.backoffLimit),
    ...notNegative('spec.ttlSecondsAfterFinished', spec.ttlSecondsAfterFinished),
    ...validatePodTemplate(spec.template, 'spec.template'),
    ...(policy === 'Always' ? oneOf('spec.template.spec.restartPolicy', policy, ['OnFailure', 'Never']) : []),
  ];
}

/** The selector of a workload says whose Pods are its own: it never changes. */
export function validateFixedSelector(spec: OwnerSpec, old: OwnerSpec): FieldError[] {
  const same = equalJson(spec.selector as unknown as JsonValue, old.selector as unknown as JsonValue);
  return same ? [] : [invalid('spec.selector', spec.selector, 'field is immutable')];
}

const STATEFUL_SET_MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet): FieldError[] {
  const fixed = ({ spec }: StatefulSet) =>
    Object.fromEntries(
      Object.entries(spec).filter(([key]) => !(STATEFUL_SET_MUTABLE as readonly string[]).includes(key)),
    );
  if (equalJson(fixed(set) as unknown as JsonValue, fixed(old) as unknown as JsonValue))
    return validateStatefulSet(set);
  const names = STATEFUL_SET_MUTABLE.map((name) => `'${name}'`);
  return [
    forbidden(
      'spec',
      `updates to statefulset spec for fields other than ${names.slice(0, -1).join(', ')} and ${names.at(-1)} are forbidden`,
    ),
  ];
}

export function validatePodDisruptionBudget({ spec }: PodDisruptionBudget): FieldError[] {
  const errors = [
    ...validateCountOrPercent(spec.minAvailable, 'spec.minAvailable'),
    ...validateCountOrPercent(spec.maxUnavailable, 'spec.maxUnavailable'),
    ...validateLabelSelector(spec.selector, 'spec.selector'),
    ...oneOf('spec.unhealthyPodEvictionPolicy', spec.unhealthyPodEvictionPolicy, [
      'AlwaysAllow',
      'IfHealthyBudget',
    ]),
  ];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  return errors;
}
