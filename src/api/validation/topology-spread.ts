/**
 * Validation of `topologySpreadConstraints`.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateTopologySpreadConstraints
 */
import type { TopologySpreadConstraint } from '../generated/core-v1.ts';
import { oneOf } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, notSupported, required } from './field-error.ts';
import { validateLabelKeys } from './label-keys.ts';
import { validateLabelSelector } from './object-meta.ts';

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'];
const POLICIES = ['Honor', 'Ignore'];
const NOT_POSITIVE = 'must be greater than zero';

export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[],
  field: string,
): FieldError[] {
  const isRepeatedLater = repetitions(constraints);
  return errorsOfEach(constraints, (constraint: Partial<TopologySpreadConstraint>, i) => {
    const path = `${field}[${i}]`;
    const { topologyKey = '', whenUnsatisfiable = '' } = constraint;
    return [
      ...validateConstraint(constraint, path),
      ...(isRepeatedLater[i]
        ? [duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`)]
        : []),
      ...validateLabelKeys(constraint, path),
      ...validateLabelSelector(constraint.labelSelector, `${path}.labelSelector`),
    ];
  });
}

/** A topology and an action make one kind of constraint: of two such the first is the wrong one. */
function repetitions(constraints: readonly TopologySpreadConstraint[]): boolean[] {
  const later = new Set<string>();
  return constraints
    .toReversed()
    .map(({ topologyKey, whenUnsatisfiable }) => {
      const kind = JSON.stringify([topologyKey, whenUnsatisfiable]);
      const isRepeated = later.has(kind);
      later.add(kind);
      return isRepeated;
    })
    .reverse();
}

function validateConstraint(constraint: Partial<TopologySpreadConstraint>, field: string): FieldError[] {
  const { maxSkew = 0, minDomains, topologyKey = '', whenUnsatisfiable = '' } = constraint;
  const errors: FieldError[] = [];
  if (maxSkew <= 0) errors.push(invalid(`${field}.maxSkew`, maxSkew, NOT_POSITIVE));
  if (topologyKey === '') errors.push(required(`${field}.topologyKey`, 'can not be empty'));
  if (!ACTIONS.includes(whenUnsatisfiable))
    errors.push(notSupported(`${field}.whenUnsatisfiable`, whenUnsatisfiable, ACTIONS));
  if (minDomains !== undefined && minDomains <= 0)
    errors.push(invalid(`${field}.minDomains`, minDomains, NOT_POSITIVE));
  if (minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule') {
    const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
    errors.push(invalid(`${field}.minDomains`, minDomains, why));
  }
  for (const policy of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const)
    errors.push(...oneOf(`${field}.${policy}`, constraint[policy], POLICIES));
  return errors;
}
