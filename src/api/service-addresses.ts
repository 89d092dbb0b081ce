/**
 * What ServiceCIDRs and IPAddresses say of the addresses of Services: which range covers which address, whose an address is.
 * Pure. @see kubernetes/kubernetes pkg/api/servicecidr, pkg/registry/core/service/ipallocator
 */
import type { Service } from './generated/core-v1.ts';
import type { IPAddress, IPAddressSpec, ServiceCIDR } from './generated/networking-v1.ts';
import { formatIp, type IpAddress, parseIp } from './ip-address.ts';
import { hostBits, type IpNetwork, isWithinNetwork, parseNetwork } from './ip-network.ts';

export const SERVICE_CIDR_FINALIZER = 'networking.k8s.io/service-cidr-finalizer';
/** The ServiceCIDR that a cluster starts with. */
export const DEFAULT_SERVICE_CIDR = 'kubernetes';
const FAMILY_LABEL = 'ipaddress.kubernetes.io/ip-family';
const MANAGED_BY_LABEL = 'ipaddress.kubernetes.io/managed-by';
const ALLOCATOR = 'ipallocator.k8s.io';

export function networksOf({ spec }: Pick<ServiceCIDR, 'spec'>): IpNetwork[] {
  return (spec.cidrs ?? []).flatMap((cidr) => parseNetwork(cidr) ?? []);
}

/** Whether a Service may have `address` from `network`: never the first address, and of IPv4 not the last. */
export function hasForServices(network: IpNetwork, address: IpAddress): boolean {
  if (!isWithinNetwork(network, address)) return false;
  const hosts = (1n << hostBits(network)) - 1n;
  const host = address.value & hosts;
  return host !== 0n && (address.family === 6 || host !== hosts);
}

/** Those of `cidrs` that have `address` for Services. */
export function cidrsWith<T extends Pick<ServiceCIDR, 'spec'>>(cidrs: readonly T[], address: string): T[] {
  const ip = parseIp(address);
  if (ip === undefined) return [];
  return cidrs.filter((cidr) => networksOf(cidr).some((network) => hasForServices(network, ip)));
}

/** Whether Services get addresses from it; without a word on that they do. */
export function isServiceCidrReady({ metadata, status }: ServiceCIDR): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True';
}

/** The addresses that `service` holds, each in the form that names its IPAddress. */
export function clusterIpsOf({ spec }: Pick<Service, 'spec'>): string[] {
  const asked = [spec.clusterIP, ...(spec.clusterIPs ?? [])];
  const held = asked.flatMap((text) => parseIp(text ?? '') ?? []).map(formatIp);
  return [...new Set(held)];
}

/** The labels and the reference that make `address` an address of the Service. */
export function addressClaim(
  address: string,
  { namespace, name }: { namespace: string; name: string },
): { labels: Record<string, string>; spec: IPAddressSpec } {
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  return {
    labels: { [FAMILY_LABEL]: family, [MANAGED_BY_LABEL]: ALLOCATOR },
    spec: { parentRef: { resource: 'services', namespace, name } },
  };
}

/** Whether the allocator of Services' addresses made it, and not somebody for a purpose of their own. */
export function isAllocated({ metadata }: Pick<IPAddress, 'metadata'>): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] === ALLOCATOR;
}

/** Whose it is; `undefined` where it refers to something else than a Service. */
export function serviceOf({
  spec,
}: Pick<IPAddress, 'spec'>): { namespace: string; name: string } | undefined {
  const { group = '', resource, namespace = '', name } = spec.parentRef;
  return group === '' && resource === 'services' ? { namespace, name } : undefined;
}
