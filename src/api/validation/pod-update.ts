/**
 * What an update may make of a Pod: its spec is fixed but for images, a shorter deadline, more tolerations, fewer gates;
 * and while gates hold it, the nodes that it wants may be narrowed.
 *
 * A spec that stays what it was is not judged: a Pod from before a rule can still be labelled, and let go.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidatePodUpdate
 */
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSpec } from '../generated/core-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { errorsOfEach, type FieldError, forbidden, invalid } from './field-error.ts';
import { validateSchedulingGatesUpdate } from './gates.ts';
import { validatePodAnnotationsUpdate } from './pod-annotations.ts';
import { validatePodSpec } from './pod-spec.ts';
import { validateTolerationsUpdate } from './tolerations.ts';

const UPDATABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = validatePodAnnotationsUpdate(pod, old);
  if (equalJson(pod.spec, old.spec)) return errors;
  errors.push(...validatePodSpec(pod.spec, 'spec', pod.metadata.name ?? ''));
  for (const list of ['containers', 'initContainers'] as const) {
    if ((pod.spec[list] ?? []).length !== (old.spec[list] ?? []).length)
      return [...errors, forbidden(`spec.${list}`, 'pod updates may not add or remove containers')];
  }
  const deadline = validateDeadlineUpdate(pod.spec, old.spec);
  errors.push(...deadline);
  // As upstream, which says no more once it comes later.
  if (deadline.length > 0 && pod.spec.activeDeadlineSeconds !== undefined) return errors;
  errors.push(...validateTolerationsUpdate(pod.spec.tolerations, old.spec.tolerations, 'spec.tolerations'));
  errors.push(
    ...validateSchedulingGatesUpdate(
      pod.spec.schedulingGates,
      old.spec.schedulingGates,
      'spec.schedulingGates',
    ),
  );
  const isGated = (old.spec.schedulingGates ?? []).length > 0;
  if (isGated) errors.push(...validateNarrowing(pod.spec, old.spec));
  const fixed = isGated ? fixedWhileGated : fixedPart;
  if (!equalJson(fixed(withOldGrace(pod.spec, old.spec)), fixed(old.spec)))
    errors.push(forbidden('spec', UPDATABLE));
  return errors;
}

/** Grace of less than nothing, from before there was a rule, may become the least there is. */
function withOldGrace(spec: PodSpec, { terminationGracePeriodSeconds: before = 0 }: PodSpec): PodSpec {
  return before < 0 && spec.terminationGracePeriodSeconds === 1
    ? { ...spec, terminationGracePeriodSeconds: before }
    : spec;
}

/** A deadline may be set, and come nearer. */
function validateDeadlineUpdate(spec: PodSpec, old: PodSpec): FieldError[] {
  const field = 'spec.activeDeadlineSeconds';
  const { activeDeadlineSeconds: now } = spec;
  const { activeDeadlineSeconds: before } = old;
  if (before === undefined) return [];
  if (now === undefined) return [invalid(field, now, 'must not update from a positive integer to nil value')];
  return now <= before ? [] : [invalid(field, now, 'must be less than or equal to previous value')];
}

function validateNarrowing(spec: PodSpec, old: PodSpec): FieldError[] {
  return [
    ...validateSelectorNarrowing(spec.nodeSelector ?? {}, old.nodeSelector ?? {}),
    ...validateAffinityNarrowing(spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity),
  ];
}

function validateSelectorNarrowing(
  selector: Record<string, string>,
  old: Record<string, string>,
): FieldError[] {
  if (Object.entries(old).every(([label, value]) => selector[label] === value)) return [];
  const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  return [invalid('spec.nodeSelector', selector, why)];
}

/** Of alternatives none may come or go, and each may only ask for more. What is merely preferred may change. */
function validateAffinityNarrowing(
  now: NodeAffinity | undefined,
  before: NodeAffinity | undefined,
): FieldError[] {
  const field = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`;
  const oldTerms = before?.[REQUIRED]?.nodeSelectorTerms ?? [];
  const terms = now?.[REQUIRED]?.nodeSelectorTerms ?? [];
  if (oldTerms.length === 0) return [];
  if (terms.length !== oldTerms.length) {
    const why = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [invalid(field, terms, why)];
  }
  return errorsOfEach(oldTerms, (term, i) =>
    onlyAdds(terms[i]!, term)
      ? []
      : [invalid(`${field}[${i}]`, terms[i], 'only additions are allowed (no mutations or deletions)')],
  );
}

function onlyAdds(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const parts = ['matchExpressions', 'matchFields'] as const;
  // Empty it matches no node: whatever it asks for then, it matches more.
  if (parts.every((part) => (old[part] ?? []).length === 0))
    return parts.every((part) => (term[part] ?? []).length === 0);
  return parts.every((part) => {
    const before = old[part] ?? [];
    return equalJson((term[part] ?? []).slice(0, before.length), before);
  });
}

const MUTABLE_FIELDS: ReadonlySet<string> = new Set([
  'activeDeadlineSeconds',
  'tolerations',
  'schedulingGates',
  'containers',
  'initContainers',
]);

/** A Pod's spec without what an update may change. */
function fixedPart(spec: PodSpec): Record<string, JsonValue> {
  const fixed = omit(spec, MUTABLE_FIELDS);
  for (const part of ['containers', 'initContainers'] as const)
    fixed[part] = (spec[part] ?? []).map((container: Container) => omit(container, IMAGE_FIELD));
  return fixed;
}

function fixedWhileGated(spec: PodSpec): Record<string, JsonValue> {
  const { nodeSelector: _, affinity = {}, ...others } = spec;
  return { ...fixedPart(others), affinity: omit(affinity, NODE_AFFINITY) };
}

const IMAGE_FIELD: ReadonlySet<string> = new Set(['image']);
const NODE_AFFINITY: ReadonlySet<string> = new Set(['nodeAffinity']);

function omit(object: object, fields: ReadonlySet<string>): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.has(field)));
}
