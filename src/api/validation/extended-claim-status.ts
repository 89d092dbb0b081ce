/**
 * The claim that a scheduler made for what containers ask of extended resources.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validatePodExtendedResourceClaimStatus
 */
import type {
  Container,
  ContainerExtendedResourceRequest,
  PodExtendedResourceClaimStatus,
  PodSpec,
} from '../generated/core-v1.ts';
import { named, namedRequired } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, required } from './field-error.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem } from './names.ts';

const FIELD = 'status.extendedResourceClaimStatus';
const NOT_A_CONTAINER = 'must match the name of an entry in spec.initContainers.name or spec.containers.name';
const NOT_REQUESTED =
  'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests';

export function validateExtendedClaim(
  status: Partial<PodExtendedResourceClaimStatus> | undefined,
  { containers, initContainers = [] }: PodSpec,
): FieldError[] {
  if (status === undefined) return [];
  const { requestMappings = [], resourceClaimName } = status;
  const path = `${FIELD}.requestMappings`;
  const known = new Map([...initContainers, ...containers].map((each) => [each.name, each]));
  const seen = new Set<string>();
  const errors = errorsOfEach(requestMappings, (mapping, i) =>
    mappingErrors(mapping, `${path}[${i}]`, { known, seen }),
  );
  if (requestMappings.length === 0) errors.push(required(path, 'at least one request mapping is required'));
  return [
    ...errors,
    ...namedRequired(`${FIELD}.resourceClaimName`, resourceClaimName, dns1123SubdomainProblem),
  ];
}

interface Mapped {
  known: ReadonlyMap<string, Container>;
  /** Mappings so far, as text. */
  seen: Set<string>;
}

function mappingErrors(
  { containerName = '', resourceName = '', requestName = '' }: Partial<ContainerExtendedResourceRequest>,
  at: string,
  { known, seen }: Mapped,
): FieldError[] {
  const container = known.get(containerName);
  const errors: FieldError[] = [];
  if (container === undefined) errors.push(invalid(`${at}.containerName`, containerName, NOT_A_CONTAINER));
  else if (container.resources?.requests?.[resourceName] === undefined)
    errors.push(invalid(`${at}.resourceName`, resourceName, NOT_REQUESTED));
  errors.push(...named(`${FIELD}.requestName`, requestName, dns1123LabelProblem(requestName)));
  const whole = { containerName, resourceName, requestName };
  const text = JSON.stringify(whole);
  if (seen.has(text))
    errors.push(...Object.entries(whole).map(([part, value]) => duplicate(`${at}.${part}`, value)));
  seen.add(text);
  return errors;
}
