/**
 * Which addresses the server connects to on somebody's behalf. An object's status may say anything: nobody gets at this
 * machine's own ports, or at a cloud's metadata, by writing 127.0.0.1 or 169.254.169.254 there.
 *
 * @see k8s.io/kubernetes pkg/proxy/util/utils.go, IsProxyableIP; differs: a range of 127/8 that is the cluster's for Pods
 */
import { type IpAddress, parseIp } from '../../api/ip-address.ts';
import { type AddressRange, parseIpv4 } from '../allocate/address-range.ts';
import { newBadRequest } from '../errors.ts';

/** First address and length of the prefix. Of multicast only what stays on the link or the interface, as upstream. */
const FORBIDDEN: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 32],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 24],
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['ff01::', 16],
  ['ff02::', 16],
];
const PREFIXES = FORBIDDEN.map(([text, length]) => {
  const { family, value } = parseIp(text)!;
  const shift = BigInt((family === 4 ? 32 : 128) - length);
  return { family, shift, prefix: value >> shift };
});

/**
 * @param podRange  of loopback addresses, where Pods live on such
 * @throws StatusError BadRequest
 */
export function checkProxyable(address: string, podRange: AddressRange | undefined): void {
  const ip = parseIp(address);
  if (ip === undefined || (isForbidden(ip) && !isWithin(podRange, address))) {
    throw newBadRequest('address not allowed');
  }
}

function isForbidden({ family, value }: IpAddress): boolean {
  return PREFIXES.some(({ family: of, shift, prefix }) => of === family && value >> shift === prefix);
}

function isWithin(range: AddressRange | undefined, address: string): boolean {
  const number = parseIpv4(address);
  if (range === undefined || number === undefined) return false;
  return number >= range.base && number < range.base + range.size;
}
