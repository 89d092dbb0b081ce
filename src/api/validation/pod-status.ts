/**
 * What a write of a Pod's status must keep to.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidatePodStatusUpdate
 */

import type { ContainerStatus, Pod, PodCondition, PodSpec, PodStatus } from '../generated/core-v1.ts';
import { refuseDeviceStatuses, validateDeviceStatuses } from './allocated-devices.ts';
import { validateTransitions } from './container-transitions.ts';
import { validateExtendedClaim } from './extended-claim-status.ts';
import { named } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, forbidden, invalid } from './field-error.ts';
import { parseIpSloppily, validateIp } from './ip-fields.ts';
import { dns1123SubdomainProblem, qualifiedNameProblem } from './names.ts';
import { validatePodAnnotationsUpdate } from './pod-annotations.ts';
import { idProblem } from './security-context.ts';
import { validateVolumeStatuses } from './volume-mount-status.ts';

const SYSTEM_CONDITIONS: ReadonlySet<string> = new Set(['PodScheduled', 'Ready', 'Initialized']);
const STATUSES = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;
const NOT_NEGATIVE = 'must be a non-negative integer';

export function validatePodStatus(pod: Pod, old: Pod): FieldError[] {
  const { status = {}, spec } = pod;
  const { status: before = {} } = old;
  return [
    ...validatePodAnnotationsUpdate(pod, old),
    ...validateConditions(status.conditions ?? []),
    ...validateNomination(status, old),
    ...validateGeneration(status.observedGeneration, 'status.observedGeneration'),
    ...(status.qosClass === before.qosClass
      ? []
      : [invalid('status.qosClass', status.qosClass ?? '', 'field is immutable')]),
    ...validateTransitions(status, before, old.spec),
    ...validateClaimStatuses(status.resourceClaimStatuses ?? [], spec),
    ...validateExtendedClaim(status.extendedResourceClaimStatus, spec),
    ...validateAddresses(status.podIPs, before.podIPs, 'status.podIPs'),
    ...validateHostAddresses(status, before),
    ...STATUSES.flatMap((list) => validateUsers(status[list], `status.${list}`, spec)),
    ...validateDeviceStatuses(status.containerStatuses, 'status.containerStatuses', spec.containers),
    ...validateDeviceStatuses(
      status.initContainerStatuses,
      'status.initContainerStatuses',
      spec.initContainers,
    ),
    ...refuseDeviceStatuses(status.ephemeralContainerStatuses, 'status.ephemeralContainerStatuses'),
    ...STATUSES.flatMap((list) => validateVolumeStatuses(status[list], `status.${list}`)),
  ];
}

function validateConditions(conditions: readonly PodCondition[]): FieldError[] {
  return errorsOfEach(conditions, ({ type = '', observedGeneration }: Partial<PodCondition>, i) => {
    const path = `status.conditions[${i}]`;
    const errors = validateGeneration(observedGeneration, `${path}.observedGeneration`);
    if (SYSTEM_CONDITIONS.has(type)) return errors;
    return [...errors, ...named(`${path}.Type`, type, qualifiedNameProblem(type))];
  });
}

function validateGeneration(generation: number | undefined, field: string): FieldError[] {
  return generation === undefined || generation >= 0 ? [] : [invalid(field, generation, NOT_NEGATIVE)];
}

/** A Pod that has a node is promised no other. */
function validateNomination({ nominatedNodeName: name }: PodStatus, old: Pod): FieldError[] {
  const field = 'status.nominatedNodeName';
  if (!name || name === old.status?.nominatedNodeName) return [];
  const errors = named(field, name, dns1123SubdomainProblem(name));
  if (old.spec.nodeName)
    errors.push(forbidden(field, 'may not be set on pods that are already bound to a node'));
  return errors;
}

function validateClaimStatuses(
  statuses: NonNullable<PodStatus['resourceClaimStatuses']>,
  { resourceClaims = [] }: PodSpec,
): FieldError[] {
  const claims = new Set(resourceClaims.map(({ name }) => name));
  const seen = new Set<string>();
  return errorsOfEach(statuses, ({ name, resourceClaimName }, i) => {
    const path = `status.resourceClaimStatuses[${i}]`;
    const errors = claims.has(name)
      ? []
      : [invalid(`${path}.name`, name, 'must match the name of an entry in `spec.resourceClaims`')];
    if (seen.has(name)) errors.push(duplicate(`${path}.name`, name));
    seen.add(name);
    if (resourceClaimName === undefined) return errors;
    const problem = dns1123SubdomainProblem(resourceClaimName);
    return [...errors, ...named(`${path}.resourceClaimName`, resourceClaimName, problem)];
  });
}

type Addresses = readonly { ip?: string }[];

/** At most one of each family. What was there before may stay in its old form. */
function validateAddresses(addresses: Addresses = [], before: Addresses = [], field: string): FieldError[] {
  const kept = new Set(before.map(({ ip = '' }) => ip));
  const errors = errorsOfEach(addresses, ({ ip = '' }, i) => validateIp(`${field}[${i}]`, ip, kept));
  if (addresses.length < 2) return errors;
  const families = new Set(addresses.map(({ ip = '' }) => parseIpSloppily(ip)?.family));
  if (families.size === addresses.length) return errors;
  const seen = new Set<string>();
  return [
    ...errors,
    invalid(field, addresses, 'may specify no more than one IP for each IP family'),
    ...errorsOfEach(addresses, (address, i) => {
      const { ip = '' } = address;
      const repeated = seen.has(ip) ? [duplicate(`${field}[${i}]`, address)] : [];
      seen.add(ip);
      return repeated;
    }),
  ];
}

function validateHostAddresses({ hostIP = '', hostIPs = [] }: PodStatus, before: PodStatus): FieldError[] {
  const field = 'status.hostIPs';
  const [first] = hostIPs;
  if (first === undefined) return [];
  const errors =
    first.ip === hostIP ? [] : [invalid(`${field}[0].ip`, first.ip, 'must be equal to `hostIP`')];
  return [...errors, ...validateAddresses(hostIPs, before.hostIPs, field)];
}

/** As whom containers run, on linux. */
function validateUsers(
  statuses: readonly ContainerStatus[] = [],
  field: string,
  { os }: PodSpec,
): FieldError[] {
  return errorsOfEach(statuses, ({ user }, i) => {
    if (user?.linux === undefined) return [];
    const path = `${field}[${i}].user.linux`;
    if (os?.name === 'windows') return [forbidden(path, 'cannot be set for a windows pod')];
    const { uid, gid, supplementalGroups = [] } = user.linux;
    return [
      ...named(`${path}.uid`, uid, idProblem(uid)),
      ...named(`${path}.gid`, gid, idProblem(gid)),
      ...errorsOfEach(supplementalGroups, (group, j) =>
        named(`${path}.supplementalGroups[${j}]`, group, idProblem(group)),
      ),
    ];
  });
}
