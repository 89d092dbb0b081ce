/**
 * What the server says of a CustomResourceDefinition: whether its names are free, whether it is served. Pure.
 *
 * @see apiextensions-apiserver/pkg/controller/status/naming_controller.go, establish/establishing_controller.go
 */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '../../api/generated/apiextensions-v1.ts';

type Verdict = Pick<CustomResourceDefinitionCondition, 'type' | 'status' | 'reason' | 'message'>;

const ACCEPTED: Verdict = {
  type: 'NamesAccepted',
  status: 'True',
  reason: 'NoConflicts',
  message: 'no conflicts found',
};
const ESTABLISHED: Verdict = {
  type: 'Established',
  status: 'True',
  reason: 'InitialNamesAccepted',
  message: 'the initial names have been accepted',
};
const NOT_ACCEPTED: Verdict = {
  type: 'Established',
  status: 'False',
  reason: 'NotAccepted',
  message: 'not all names are accepted',
};

/**
 * @param others  names that other definitions of the group hold
 * @param now  RFC 3339
 */
export function definitionStatus(
  { spec, status = {} }: CustomResourceDefinition,
  others: readonly CustomResourceDefinitionNames[],
  now: string,
): CustomResourceDefinitionStatus {
  const wanted = completeNames(spec.names);
  const conflict = nameConflict(wanted, others);
  const isEstablished = status.conditions?.some(
    ({ type, status: is }) => type === 'Established' && is === 'True',
  );
  const verdicts =
    conflict === undefined ? [ACCEPTED, ESTABLISHED] : [conflict, ...(isEstablished ? [] : [NOT_ACCEPTED])];
  return {
    ...status,
    acceptedNames: conflict === undefined ? wanted : (status.acceptedNames ?? { plural: '', kind: '' }),
    conditions: verdicts.reduce(
      (conditions, verdict) => withCondition(conditions, verdict, now),
      status.conditions ?? [],
    ),
  };
}

export function withCondition(
  conditions: readonly CustomResourceDefinitionCondition[],
  verdict: Verdict,
  now: string,
): CustomResourceDefinitionCondition[] {
  const old = conditions.find(({ type }) => type === verdict.type);
  const lastTransitionTime = old?.status === verdict.status ? (old.lastTransitionTime ?? now) : now;
  const next = { ...verdict, lastTransitionTime };
  return old === undefined
    ? [...conditions, next]
    : conditions.map((condition) => (condition === old ? next : condition));
}

function completeNames(names: CustomResourceDefinitionNames): CustomResourceDefinitionNames {
  return {
    ...names,
    singular: names.singular || names.kind.toLowerCase(),
    listKind: names.listKind || `${names.kind}List`,
  };
}

function nameConflict(
  wanted: CustomResourceDefinitionNames,
  others: readonly CustomResourceDefinitionNames[],
): Verdict | undefined {
  const resources = new Set(
    others.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames]),
  );
  const kinds = new Set(others.flatMap(({ kind, listKind }) => [kind, listKind]));
  const refuse = (reason: string, name: string): Verdict => ({
    type: 'NamesAccepted',
    status: 'False',
    reason,
    message: `${JSON.stringify(name)} is already in use`,
  });
  if (resources.has(wanted.plural)) return refuse('PluralConflict', wanted.plural);
  if (resources.has(wanted.singular)) return refuse('SingularConflict', wanted.singular!);
  const short = wanted.shortNames?.find((name) => resources.has(name));
  if (short !== undefined) return refuse('ShortNamesConflict', short);
  if (kinds.has(wanted.kind)) return refuse('KindConflict', wanted.kind);
  return kinds.has(wanted.listKind) ? refuse('ListKindConflict', wanted.listKind!) : undefined;
}
