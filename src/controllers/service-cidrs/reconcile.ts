/**
 * What becomes of a ServiceCIDR: pure.
 *
 *     new ──> held by the finalizer ──> Ready
 *     deleted, and an address is left that no other range has ──> not Ready: Terminating
 *     deleted, and none ──> let go
 *
 * @see kubernetes/kubernetes pkg/controller/servicecidrs/servicecidrs_controller.go; differs: docs/decisions/service-addresses.md
 */
import type { Condition } from '../../api/generated/meta-v1.ts';
import type { IPAddress, ServiceCIDR } from '../../api/generated/networking-v1.ts';
import { cidrsWith, isAllocated, SERVICE_CIDR_FINALIZER } from '../../api/service-addresses.ts';
import { toTimestamp } from '../../base/clock.ts';

export type CidrPlan =
  | { kind: 'none' }
  | { kind: 'hold'; finalizers: string[] }
  | { kind: 'status'; condition: Condition }
  | { kind: 'release'; finalizers: string[] };

export interface ObservedAddresses {
  cidrs: readonly ServiceCIDR[];
  addresses: readonly IPAddress[];
}

const IN_USE =
  'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
const READY = 'Kubernetes Service CIDR is ready';

/** One step; the next one follows when its write is seen. @param now  wall time, ms */
export function reconcileServiceCidr(cidr: ServiceCIDR, observed: ObservedAddresses, now: number): CidrPlan {
  const { finalizers = [], deletionTimestamp } = cidr.metadata;
  const isHeld = finalizers.includes(SERVICE_CIDR_FINALIZER);
  if (deletionTimestamp === undefined) {
    if (!isHeld) return { kind: 'hold', finalizers: [...finalizers, SERVICE_CIDR_FINALIZER] };
    return statusPlan(cidr, { status: 'True', reason: '', message: READY }, now);
  }
  if (!isHeld) return { kind: 'none' };
  if (isInUse(cidr, observed))
    return statusPlan(cidr, { status: 'False', reason: 'Terminating', message: IN_USE }, now);
  return { kind: 'release', finalizers: finalizers.filter((one) => one !== SERVICE_CIDR_FINALIZER) };
}

/** Whether a Service has an address from it that no other range would have, once it is gone. */
function isInUse(cidr: ServiceCIDR, { cidrs, addresses }: ObservedAddresses): boolean {
  const others = cidrs.filter(
    ({ metadata }) => metadata.name !== cidr.metadata.name && metadata.deletionTimestamp === undefined,
  );
  return addresses.some(
    (address) =>
      isAllocated(address) &&
      cidrsWith([cidr], address.metadata.name).length > 0 &&
      cidrsWith(others, address.metadata.name).length === 0,
  );
}

/** Nothing where it says so already, in whatever words. */
function statusPlan(
  { status }: ServiceCIDR,
  wanted: Pick<Condition, 'status' | 'reason' | 'message'>,
  now: number,
): CidrPlan {
  const before = status?.conditions?.find(({ type }) => type === 'Ready');
  if (before?.status === wanted.status && before.reason === wanted.reason) return { kind: 'none' };
  const isSame = before?.status === wanted.status;
  const lastTransitionTime = isSame ? before.lastTransitionTime : toTimestamp(now);
  return { kind: 'status', condition: { type: 'Ready', ...wanted, lastTransitionTime } };
}
