/**
 * Whether a Service and the IPAddresses that refer to it agree, and what would mend them. Pure: asked of what is durable, and
 * again of the newest state, in the transaction that mends.
 *
 *     Service (10.96.0.7) <──> IPAddress 10.96.0.7 (of the Service)    as it should be
 *     Service (10.96.0.7)  ──  none, or one of something that is gone  is written
 *     none                 ──> IPAddress 10.96.0.7 (of the Service)    is deleted
 *
 * @see kubernetes/kubernetes pkg/registry/core/service/ipallocator/controller/repairip.go
 */
import type { Service } from '../../api/generated/core-v1.ts';
import type { IPAddress, ServiceCIDR } from '../../api/generated/networking-v1.ts';
import {
  addressClaim,
  cidrsWith,
  clusterIpsOf,
  isAllocated,
  serviceOf,
} from '../../api/service-addresses.ts';

export interface Finding {
  /** `none`: nobody but the user can mend it. */
  remedy: 'write' | 'delete' | 'none';
  event?: { reason: string; action: string; message: string };
}

/** What both sides of the relation are, in one state. */
export interface AddressState {
  service(owner: { namespace: string; name: string }): Service | undefined;
  address(name: string): IPAddress | undefined;
  cidrs(): readonly ServiceCIDR[];
}

/** Of one address that `service` holds; `undefined` where all is well. */
export function judgeClusterIp(service: Service, ip: string, state: AddressState): Finding | undefined {
  const { namespace = '', name } = service.metadata;
  const family = ip.includes(':') ? 'IPv6' : 'IPv4';
  const of = (reason: string, message: string) => ({ reason, action: 'ClusterIPAllocation', message });
  if (cidrsWith(state.cidrs(), ip).length === 0) {
    const message = `Cluster IP [${family}]: ${ip} is not within any configured Service CIDR; please recreate service`;
    return { remedy: 'none', event: of('ClusterIPOutOfRange', message) };
  }
  const address = state.address(ip);
  if (address === undefined) {
    const message = `Cluster IP [${family}]: ${ip} is not allocated; repairing`;
    return { remedy: 'write', event: of('ClusterIPNotAllocated', message) };
  }
  // Once its last finalizer is gone, it is made anew.
  if (address.metadata.deletionTimestamp !== undefined) return undefined;
  const owner = serviceOf(address);
  if (owner?.namespace === namespace && owner.name === name)
    return hasLabels(address) ? undefined : { remedy: 'write' };
  const other = owner && state.service(owner);
  if (other !== undefined && clusterIpsOf(other).includes(ip)) {
    const message = `Cluster IP [${family}]:${ip} was assigned to multiple services; please recreate service`;
    return { remedy: 'none', event: of('ClusterIPAlreadyAllocated', message) };
  }
  const message = `the ClusterIP [${family}]: ${ip} for Service ${namespace}/${name} has a wrong reference; repairing`;
  return { remedy: 'write', event: of('ClusterIPNotAllocated', message) };
}

/** Of one that the allocator made: those of others are theirs. */
export function judgeAddress(address: IPAddress, state: AddressState): Finding | undefined {
  if (!isAllocated(address) || address.metadata.deletionTimestamp !== undefined) return undefined;
  const { name } = address.metadata;
  const of = (reason: string, message: string): Finding => ({
    remedy: 'delete',
    event: { reason, action: 'IPAddressAllocation', message },
  });
  const owner = serviceOf(address);
  if (owner === undefined) {
    const reference = JSON.stringify(address.spec.parentRef);
    const why = `IPAddress ${name} appears to have been modified, not referencing a Service ${reference}: cleaning up`;
    return of('IPAddressNotAllocated', why);
  }
  const service = state.service(owner);
  const subject = `IPAddress: ${name} for Service ${owner.namespace}/${owner.name}`;
  if (service === undefined)
    return of('IPAddressNotAllocated', `${subject} appears to have leaked: cleaning up`);
  return clusterIpsOf(service).includes(name)
    ? undefined
    : of('IPAddressWrongReference', `${subject} has a wrong reference; cleaning up`);
}

function hasLabels({ metadata, spec }: IPAddress): boolean {
  const { namespace = '', name } = spec.parentRef;
  const wanted = addressClaim(metadata.name, { namespace, name }).labels;
  return Object.entries(wanted).every(([label, value]) => metadata.labels?.[label] === value);
}
