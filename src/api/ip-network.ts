/** Ranges of IP addresses: `10.96.0.0/16`, `2001:db8::/64`. */
import { bitsOf, formatIp, type IpAddress, parseIp } from './ip-address.ts';

export interface IpNetwork {
  /** May have bits beyond the prefix. */
  address: IpAddress;
  prefix: number;
}

/** `undefined` for what is no range, also where its address is one that {@link parseIp} refuses. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const [ip = '', prefix = '', ...rest] = text.split('/');
  const address = parseIp(ip);
  if (address === undefined || rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  return Number(prefix) <= bitsOf(address) ? { address, prefix: Number(prefix) } : undefined;
}

export function formatNetwork({ address, prefix }: IpNetwork): string {
  return `${formatIp(address)}/${prefix}`;
}

export function isWithinNetwork({ address, prefix }: IpNetwork, { family, value }: IpAddress): boolean {
  const shift = hostBits({ address, prefix });
  return family === address.family && value >> shift === address.value >> shift;
}

/** Whether `inner` is a part of `outer`, or all of it. */
export function containsNetwork(outer: IpNetwork, inner: IpNetwork): boolean {
  return inner.prefix >= outer.prefix && isWithinNetwork(outer, inner.address);
}

/** Without bits beyond the prefix. */
export function maskedNetwork(network: IpNetwork): IpNetwork {
  const shift = hostBits(network);
  const { address, prefix } = network;
  return { address: { ...address, value: (address.value >> shift) << shift }, prefix };
}

export function hostBits({ address, prefix }: IpNetwork): bigint {
  return BigInt(bitsOf(address) - prefix);
}
