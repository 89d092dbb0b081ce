/**
 * Containers that come to a Pod later, to look at it: what they may say, and that they stay as they are.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateEphemeralContainers,
 *   ValidatePodEphemeralContainersUpdate
 */
import type { Container, EphemeralContainer, Pod, PodSpec } from '../generated/core-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { type ContainerContext, validateAnyContainer } from './container.ts';
import { duplicate, errorsOfEach, type FieldError, forbidden, notFound } from './field-error.ts';

const FIELD = 'spec.ephemeralContainers';
const UNFIT = 'cannot be set for an Ephemeral Container';

/** What belongs to containers that the Pod is there for. */
const UNFIT_FIELDS = [
  'ports',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

export function validateEphemeralContainers(
  { containers = [], initContainers = [], ephemeralContainers = [] }: Partial<PodSpec>,
  field: string,
  context: ContainerContext,
): FieldError[] {
  if (ephemeralContainers.length === 0) return [];
  const targets = new Set([...containers, ...initContainers].map(({ name }) => name));
  const names = new Set(targets);
  return errorsOfEach(ephemeralContainers, (container, index) => {
    const path = `${field}[${index}]`;
    const { name, targetContainerName: target } = container;
    const errors = validateAnyContainer(container as Container, path, context);
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    if (target && !targets.has(target)) errors.push(notFound(`${path}.targetContainerName`, target));
    return [...errors, ...validateFitness(container, path)];
  });
}

function validateFitness(container: EphemeralContainer, field: string): FieldError[] {
  const errors = UNFIT_FIELDS.filter((name) => container[name] !== undefined).map((name) =>
    forbidden(`${field}.${name}`, UNFIT),
  );
  // Defaults leave an empty one behind.
  if (Object.keys(container.resources ?? {}).length > 0) errors.push(forbidden(`${field}.resources`, UNFIT));
  // A part of a volume is mounted in a way that nobody undoes before the Pod ends.
  const ofMounts = errorsOfEach(container.volumeMounts ?? [], (mount, index) =>
    (['subPath', 'subPathExpr'] as const).flatMap((name) =>
      mount[name] ? forbidden(`${field}.volumeMounts[${index}].${name}`, UNFIT) : [],
    ),
  );
  return [...errors, ...ofMounts];
}

/** What a write through the `ephemeralcontainers` door may not do: touch those that are there. */
export function validateEphemeralContainersUpdate({ spec }: Pod, { spec: old }: Pod): FieldError[] {
  // Of one name the first counts.
  const byName = new Map((spec.ephemeralContainers ?? []).toReversed().map((now) => [now.name, now]));
  return errorsOfEach(old.ephemeralContainers ?? [], (existing) => {
    const kept = byName.get(existing.name);
    if (kept !== undefined && equalJson(kept as unknown as JsonValue, existing as unknown as JsonValue))
      return [];
    const fate = kept === undefined ? 'removed' : 'changed';
    return [forbidden(FIELD, `existing ephemeral containers "${existing.name}" may not be ${fate}`)];
  });
}
