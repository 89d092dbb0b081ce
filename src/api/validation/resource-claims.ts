/**
 * Validation of the devices that a Pod claims, and of which of its claims a container uses.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validatePodResourceClaims, validateResourceClaimNames
 */
import type { PodResourceClaim, PodSpec, ResourceClaim } from '../generated/core-v1.ts';
import { named } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, notFound, required } from './field-error.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem } from './names.ts';

const SOURCES = ['resourceClaimName', 'resourceClaimTemplateName'] as const;

export function validatePodResourceClaims(claims: readonly PodResourceClaim[], field: string): FieldError[] {
  const names = new Set<string>();
  return errorsOfEach(claims, (claim: Partial<PodResourceClaim>, i) => {
    const path = `${field}[${i}]`;
    const { name = '' } = claim;
    const errors = names.has(name)
      ? [duplicate(`${path}.name`, name)]
      : name === ''
        ? [required(`${path}.name`)]
        : named(`${path}.name`, name, dns1123LabelProblem(name));
    if (name !== '') names.add(name);
    return [...errors, ...validateSource(claim, path)];
  });
}

/** By name or by template. */
function validateSource(claim: Partial<PodResourceClaim>, field: string): FieldError[] {
  const given = SOURCES.filter((source) => claim[source] !== undefined);
  const errors: FieldError[] = [];
  if (given.length > 1) {
    const why = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
    errors.push(invalid(field, claim, why));
  }
  if (given.length === 0)
    errors.push(
      invalid(field, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'),
    );
  for (const source of given)
    errors.push(...named(`${field}.${source}`, claim[source], dns1123SubdomainProblem(claim[source]!)));
  return errors;
}

/** What a container uses: whole claims, or single requests of them, each once. */
export function validateUsedClaims(
  used: readonly ResourceClaim[],
  field: string,
  { resourceClaims = [] }: PodSpec,
): FieldError[] {
  const offered = new Set(resourceClaims.map(({ name }) => name).filter(Boolean));
  const usage: Usage = { whole: new Set(), requests: new Set(), parts: new Map() };
  return errorsOfEach(used, ({ name = '', request = '' }: Partial<ResourceClaim>, i) => {
    const path = `${field}[${i}]`;
    if (name === '') return [required(path)];
    const errors = use(usage, { name, request }, path);
    if (offered.has(name)) return errors;
    const names = offered.size === 0 ? ' which is empty' : `: ${[...offered].sort().join(', ')}`;
    return [...errors, notFound(path, name, `must be one of the names in pod.spec.resourceClaims${names}`)];
  });
}

interface Usage {
  /** Claims used as a whole. */
  whole: Set<string>;
  /** `claim/request` */
  requests: Set<string>;
  /** How many requests of a claim are used. */
  parts: Map<string, number>;
}

function use(usage: Usage, { name, request }: Required<ResourceClaim>, field: string): FieldError[] {
  if (usage.whole.has(name)) return [duplicate(field, name)];
  const parts = usage.parts.get(name) ?? 0;
  if (request === '') {
    usage.whole.add(name);
    return parts > 0 ? [duplicate(field, name)] : [];
  }
  const errors = named(`${field}.request`, request, dns1123LabelProblem(request));
  const key = `${name}/${request}`;
  if (usage.requests.has(key)) return [...errors, duplicate(field, key)];
  usage.requests.add(key);
  usage.parts.set(name, parts + 1);
  return errors;
}
