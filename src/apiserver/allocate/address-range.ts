/** IPv4 ranges: `10.96.0.0/16` as a first address and a size. */
import { hostBits, maskedNetwork, parseNetwork } from '../../api/ip-network.ts';
import { assert } from '../../base/assert.ts';

export interface AddressRange {
  /** As configured. */
  readonly cidr: string;
  /** The network address as a number. */
  readonly base: number;
  /** Addresses in the range, network and broadcast address included. */
  readonly size: number;
}

/** @param cidr  `10.96.0.0/16`; a prefix from /12 to /30 */
export function parseAddressRange(cidr: string): AddressRange {
  const [address, prefix] = cidr.split('/');
  const bits = Number(prefix);
  const parsed = parseIpv4(address ?? '');
  assert(parsed !== undefined && bits >= 12 && bits <= 30, `not a usable IPv4 range: ${cidr}`);
  const size = 2 ** (32 - bits);
  return { cidr, base: parsed - (parsed % size), size };
}

/** Any range that a ServiceCIDR may have; `undefined` for one of IPv6. */
export function parseServiceRange(cidr: string): AddressRange | undefined {
  const network = parseNetwork(cidr);
  if (network === undefined || network.address.family === 6) return undefined;
  return { cidr, base: Number(maskedNetwork(network).address.value), size: 2 ** Number(hostBits(network)) };
}

export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
