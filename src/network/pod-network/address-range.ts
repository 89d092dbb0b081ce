/** IPv4 ranges in CIDR notation, as numbers. */
export interface AddressRange {
  /** The network's own address. */
  first: number;
  prefix: number;
  size: number;
}

/** @throws RangeError for what is not an IPv4 range */
export function parseAddressRange(cidr: string): AddressRange {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d{1,2})$/.exec(cidr);
  const address = match === null ? undefined : toNumber(match[1]!);
  const prefix = Number(match?.[2]);
  if (address === undefined || !(prefix >= 1 && prefix <= 30))
    throw new RangeError(`not an IPv4 range: ${cidr}`);
  const size = 2 ** (32 - prefix);
  return { first: address - (address % size), prefix, size };
}

/** The address at `offset` of the range: 0 is the network's, 1 the gateway's, the last the broadcast's. */
export function addressAt(range: AddressRange, offset: number): string {
  const address = range.first + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

export function isInRange(range: AddressRange, ip: string): boolean {
  const address = toNumber(ip);
  return address !== undefined && address >= range.first && address < range.first + range.size;
}

function toNumber(ip: string): number | undefined {
  const parts = ip.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
