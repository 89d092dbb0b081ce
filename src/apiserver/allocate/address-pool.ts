/**
 * The addresses that Services may get, as one transaction sees them: those of all ready ServiceCIDRs that no IPAddress has.
 *
 *     10.96.0.0/24:  .0 | .1 … .16 | .17 … .254 | .255
 *                         who asks    who does not: from here first
 *
 * @see kubernetes/kubernetes pkg/registry/core/service/ipallocator/ipallocator.go
 */
import type { ServiceCIDR } from '../../api/generated/networking-v1.ts';
import { DEFAULT_SERVICE_CIDR, isServiceCidrReady } from '../../api/service-addresses.ts';
import type { Random } from '../../base/random.ts';
import { type AddressRange, parseServiceRange } from './address-range.ts';

export interface AddressPool {
  ranges: readonly AddressRange[];
  /** Whether an IPAddress has that name. */
  isTaken: (address: number) => boolean;
}

/** The IPv4 ranges of `cidrs` that give addresses: the one that the cluster started with first, the others by name. */
export function rangesOf(cidrs: readonly ServiceCIDR[]): AddressRange[] {
  const ready = cidrs.filter(isServiceCidrReady);
  const isDefault = ({ metadata }: ServiceCIDR) => metadata.name === DEFAULT_SERVICE_CIDR;
  return [...ready.filter(isDefault), ...ready.filter((cidr) => !isDefault(cidr))]
    .flatMap(({ spec }) => spec.cidrs ?? [])
    .flatMap((cidr) => parseServiceRange(cidr) ?? []);
}

/** The first and the last address of a range name the network itself. */
export function isInRange({ base, size }: AddressRange, address: number): boolean {
  return address > base && address < base + size - 1;
}

/** The first free address after a random one, of the first range that has one; `undefined` when all are full. */
export function firstFree(
  ranges: readonly AddressRange[],
  random: Random,
  isFree: (address: number) => boolean,
): number | undefined {
  for (const { base, size } of ranges) {
    const usable = size - 2;
    const fixed = staticPart(size);
    const address =
      firstFreeWithin({ first: base + 1 + fixed, count: usable - fixed }, random, isFree) ??
      firstFreeWithin({ first: base + 1, count: Math.min(fixed, usable) }, random, isFree);
    if (address !== undefined) return address;
  }
  return undefined;
}

function firstFreeWithin(
  { first, count }: { first: number; count: number },
  random: Random,
  isFree: (address: number) => boolean,
): number | undefined {
  const start = count > 0 ? Math.floor(random.next() * count) : 0;
  for (let step = 0; step < count; step++) {
    const address = first + ((start + step) % count);
    if (isFree(address)) return address;
  }
  return undefined;
}

const STATIC_PART = { divisor: 16, min: 16, max: 256 };

/** How many addresses are left to those who ask for one by name, while there are others. @see calculateRangeOffset */
function staticPart(size: number): number {
  const { divisor, min, max } = STATIC_PART;
  return size <= min ? 0 : Math.min(max, Math.max(min, Math.floor(size / divisor)));
}
