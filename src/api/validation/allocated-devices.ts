/**
 * What a status says of the health of devices that a container has.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateContainerStatusAllocatedResourcesStatus
 */
import type { Container, ContainerStatus, ResourceHealth, ResourceStatus } from '../generated/core-v1.ts';
import { oneOf } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  required,
  tooLong,
} from './field-error.ts';
import { utf8Length } from './names.ts';

const HEALTH = ['Healthy', 'Unhealthy', 'Unknown'];
const MESSAGE_MAX_BYTES = 1024;
const CLAIM_PREFIX = 'claim:';
const NOT_CLAIMED =
  "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
const NOT_REQUESTED = "must match one of the container's resource requests";

/** @param containers  of the spec: of one that is not among them, names say nothing */
export function validateDeviceStatuses(
  statuses: readonly ContainerStatus[] = [],
  field: string,
  containers: readonly Container[] = [],
): FieldError[] {
  return errorsOfEach(statuses, ({ name, allocatedResourcesStatus }, i) => {
    if (allocatedResourcesStatus === undefined) return [];
    const container = containers.find((each) => each.name === name);
    const known = container && resourcesOf(container);
    return errorsOfEach(allocatedResourcesStatus, (resource, j) =>
      resourceErrors(resource, `${field}[${i}].allocatedResourcesStatus[${j}]`, known),
    );
  });
}

/** Debug containers have no devices. */
export function refuseDeviceStatuses(statuses: readonly ContainerStatus[] = [], field: string): FieldError[] {
  return errorsOfEach(statuses, ({ allocatedResourcesStatus = [] }, i) =>
    allocatedResourcesStatus.length === 0
      ? []
      : [forbidden(`${field}[${i}].allocatedResourcesStatus`, 'must not be specified in container status')],
  );
}

function resourcesOf({ resources = {} }: Container): ReadonlySet<string> {
  const claims = (resources.claims ?? []).map(
    ({ name, request }) => `${CLAIM_PREFIX}${name}${request ? `/${request}` : ''}`,
  );
  return new Set([...Object.keys(resources.requests ?? {}), ...claims]);
}

function resourceErrors(
  { name = '', resources = [] }: Partial<ResourceStatus>,
  at: string,
  known: ReadonlySet<string> | undefined,
): FieldError[] {
  const why = name.startsWith(CLAIM_PREFIX) ? NOT_CLAIMED : NOT_REQUESTED;
  const errors = known === undefined || known.has(name) ? [] : [invalid(`${at}.name`, name, why)];
  const seen = new Set<string>();
  return [
    ...errors,
    ...errorsOfEach(resources, ({ resourceID = '', health = '', message }: Partial<ResourceHealth>, k) => {
      const path = `${at}.resources[${k}]`;
      const repeated = seen.has(resourceID) ? [duplicate(`${path}.resourceID`, resourceID)] : [];
      seen.add(resourceID);
      return [
        ...oneOf(`${path}.health`, health, HEALTH),
        ...messageErrors(message, `${path}.message`),
        ...repeated,
      ];
    }),
  ];
}

function messageErrors(message: string | undefined, field: string): FieldError[] {
  if (message === '') return [required(field, 'must be non-empty if specified')];
  return utf8Length(message ?? '') > MESSAGE_MAX_BYTES ? [tooLong(field, MESSAGE_MAX_BYTES)] : [];
}
