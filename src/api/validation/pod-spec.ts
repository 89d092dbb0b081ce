/**
 * Validation of Pods and Pod templates.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidatePodSpec, ValidatePodUpdate
 */

import type {
  Container,
  Pod,
  PodSpec,
  PodTemplate,
  PodTemplateSpec,
  Toleration,
} from '../generated/core-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { isSidecar } from '../pod-conditions.ts';
import { type ContainerContext, validateContainer, validateInitContainer } from './container.ts';
import { validateEphemeralContainers } from './ephemeral-containers.ts';
import { named, oneOf } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  untilMany,
} from './field-error.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem, qualifiedNameProblem } from './names.ts';
import { validateAnnotations, validateLabels } from './object-meta.ts';
import { validatePodLevelResources } from './pod-level-resources.ts';
import { validateSysctls } from './sysctls.ts';
import { validateVolumes } from './volumes.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];

/** What holds of a Pod at any time. */
export function validatePod(pod: Pod): FieldError[] {
  return validatePodSpec(pod.spec, 'spec', pod.metadata.name ?? '');
}

export function validatePodCreate(pod: Pod): FieldError[] {
  const errors = validatePod(pod);
  if ((pod.spec.ephemeralContainers?.length ?? 0) > 0)
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  return errors;
}

export function validatePodTemplateObject({ template }: PodTemplate): FieldError[] {
  return validatePodTemplate(template, 'template');
}

export function validatePodTemplate(template: PodTemplateSpec | undefined, field: string): FieldError[] {
  return [
    ...validateLabels(template?.metadata?.labels, `${field}.labels`),
    ...validateAnnotations(template?.metadata?.annotations, `${field}.annotations`),
    ...validatePodSpec(template?.spec ?? ({} as PodSpec), `${field}.spec`),
    ...((template?.spec?.ephemeralContainers?.length ?? 0) > 0
      ? [forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]
      : []),
  ];
}

/** @param podName  as {@link validateVolumes} takes it */
export function validatePodSpec(spec: PodSpec, field: string, podName?: string): FieldError[] {
  const volumes = validateVolumes(spec.volumes ?? [], `${field}.volumes`, podName);
  const context: ContainerContext = {
    volumes: volumes.valid,
    restartPolicy: spec.restartPolicy,
    gracePeriodSeconds: spec.terminationGracePeriodSeconds,
  };
  const errors = [
    ...volumes.errors,
    ...validateContainers(spec, field, context),
    ...validatePodLevelResources(spec, field),
    ...oneOf(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validateSysctls(spec.securityContext?.sysctls ?? [], `${field}.securityContext.sysctls`),
    ...errorsOfEach(spec.tolerations ?? [], (toleration, i) =>
      validateToleration(toleration, `${field}.tolerations[${i}]`),
    ),
  ];
  const grace = spec.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0) {
    errors.push(
      invalid(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'),
    );
  }
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > 2_147_483_647)) {
    errors.push(
      invalid(`${field}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'),
    );
  }
  if (spec.serviceAccountName) {
    errors.push(
      ...named(
        `${field}.serviceAccountName`,
        spec.serviceAccountName,
        dns1123SubdomainProblem(spec.serviceAccountName),
      ),
    );
  }
  if (spec.nodeName)
    errors.push(...named(`${field}.nodeName`, spec.nodeName, dns1123SubdomainProblem(spec.nodeName)));
  if (spec.hostname)
    errors.push(...named(`${field}.hostname`, spec.hostname, dns1123LabelProblem(spec.hostname)));
  if (spec.subdomain)
    errors.push(...named(`${field}.subdomain`, spec.subdomain, dns1123LabelProblem(spec.subdomain)));
  return errors;
}

function validateContainers(spec: PodSpec, field: string, context: ContainerContext): FieldError[] {
  const names = new Set<string>();
  const check = (container: Container, path: string, validate: typeof validateContainer): FieldError[] => {
    const errors = validate(container, path, context);
    if (names.has(container.name)) errors.push(duplicate(`${path}.name`, container.name));
    names.add(container.name);
    return errors;
  };
  const errors = (spec.containers?.length ?? 0) === 0 ? [required(`${field}.containers`)] : [];
  for (const [i, container] of untilMany(errors, (spec.containers ?? []).entries())) {
    errors.push(...check(container, `${field}.containers[${i}]`, validateContainer));
  }
  for (const [i, container] of untilMany(errors, (spec.initContainers ?? []).entries())) {
    const validate = isSidecar(container) ? validateContainer : validateInitContainer;
    errors.push(...check(container, `${field}.initContainers[${i}]`, validate));
  }
  return [...errors, ...validateEphemeralContainers(spec, `${field}.ephemeralContainers`, context)];
}

export function validateToleration(toleration: Toleration, field: string): FieldError[] {
  const errors = toleration.key
    ? named(`${field}.key`, toleration.key, qualifiedNameProblem(toleration.key))
    : [];
  if (!toleration.key && toleration.operator !== 'Exists') {
    errors.push(
      invalid(
        `${field}.operator`,
        toleration.operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    );
  }
  if (toleration.tolerationSeconds !== undefined && toleration.effect !== 'NoExecute') {
    errors.push(
      invalid(
        `${field}.effect`,
        toleration.effect ?? '',
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      ),
    );
  }
  if (toleration.operator === 'Exists' && toleration.value) {
    errors.push(
      invalid(`${field}.operator`, toleration.value, "value must be empty when `operator` is 'Exists'"),
    );
  }
  errors.push(...oneOf(`${field}.operator`, toleration.operator, ['Equal', 'Exists', 'Lt', 'Gt']));
  if (toleration.effect)
    errors.push(
      ...oneOf(`${field}.effect`, toleration.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
    );
  return errors;
}

const UPDATABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** A Pod's spec is fixed but for images, a shorter deadline and more tolerations. */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = validatePodSpec(pod.spec, 'spec', pod.metadata.name);
  if ((pod.spec.containers ?? []).length !== old.spec.containers.length) {
    return [forbidden('spec.containers', 'pod updates may not add or remove containers')];
  }
  const kept = new Set(pod.spec.tolerations?.map(whatItTolerates));
  if (old.spec.tolerations?.some((toleration) => !kept.has(whatItTolerates(toleration))))
    errors.push(
      forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
    );
  if (!equalJson(fixedPart(pod.spec), fixedPart(old.spec))) errors.push(forbidden('spec', UPDATABLE));
  return errors;
}

/** Equal for tolerations that differ at most in how long. */
function whatItTolerates({ key, operator, value, effect }: Toleration): string {
  return JSON.stringify([key, operator, value, effect]);
}

const MUTABLE_FIELDS: ReadonlySet<string> = new Set([
  'activeDeadlineSeconds',
  'tolerations',
  'terminationGracePeriodSeconds',
  'schedulingGates',
]);

/** A Pod's spec without what an update may change. Scheduling gates may be removed while there is no node. */
function fixedPart(spec: PodSpec): JsonValue {
  const fixed = omit(spec, MUTABLE_FIELDS);
  for (const part of ['containers', 'initContainers'] as const) {
    if (spec[part])
      fixed[part] = spec[part].map((container) => omit(container, IMAGE_FIELD)) as unknown as JsonValue;
  }
  return fixed;
}

const IMAGE_FIELD: ReadonlySet<string> = new Set(['image']);

function omit(object: object, fields: ReadonlySet<string>): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.has(field)));
}

/** Of the templates in workloads: their Pods must always be restarted. */
export function validateRestartsAlways(spec: PodSpec | undefined, field: string): FieldError[] {
  const policy = spec?.restartPolicy ?? 'Always';
  return policy === 'Always' ? [] : [notSupported(`${field}.restartPolicy`, policy, ['Always'])];
}
