/**
 * Which addresses a new cluster gets for its Pods and Services: ranges that no other cluster of this machine uses, so that
 * two of them never answer for each other. The choice starts at a place given by the cluster's id.
 */
import { readFileSync } from 'node:fs';
import { addressAt, parseAddressRange } from '../network/pod-network/address-range.ts';
import type { PodNetwork } from '../network/pod-network/pod-network.ts';

export interface AddressPlan {
  podCidr: string;
  serviceCidr: string;
}

/**
 * Away from 127.0.0.1 and the resolvers at 127.0.0.53 and 127.0.1.1, and from the low parts of 10.0.0.0/8 that sites and
 * clouds use first.
 */
const BLOCKS: Record<PodNetwork['mode'], { pods: string; services: string }> = {
  loopback: { pods: '127.64.0.0/10', services: '127.128.0.0/10' },
  bridge: { pods: '10.192.0.0/10', services: '10.128.0.0/10' },
};
const CHOICES = 64;
const RANGE_SIZE = 2 ** 16;

/** @param isTaken  whether something on this machine already has addresses that start with `10.200.` */
export function chooseAddresses(
  mode: PodNetwork['mode'],
  clusterId: string,
  isTaken: (prefix: string) => boolean,
): AddressPlan {
  const start = hashOf(clusterId);
  const plans = Array.from({ length: CHOICES }, (_, step) => planAt(mode, (start + step) % CHOICES));
  const isFree = ({ podCidr, serviceCidr }: AddressPlan) =>
    !isTaken(prefixOf(podCidr)) && !isTaken(prefixOf(serviceCidr));
  return plans.find(isFree) ?? plans[0]!;
}

function planAt(mode: PodNetwork['mode'], choice: number): AddressPlan {
  const rangeIn = (block: string) => `${addressAt(parseAddressRange(block), choice * RANGE_SIZE)}/16`;
  return { podCidr: rangeIn(BLOCKS[mode].pods), serviceCidr: rangeIn(BLOCKS[mode].services) };
}

/** `10.200.0.0/16` → `10.200.` */
function prefixOf(cidr: string): string {
  return `${cidr.split('.').slice(0, 2).join('.')}.`;
}

function hashOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return hash;
}

/** Looks prefixes up among the routes and addresses of this machine. */
export function addressesInUse(): (prefix: string) => boolean {
  let table = '';
  try {
    table = readFileSync('/proc/net/fib_trie', 'utf8');
  } catch {
    // no such table here: nothing is known to be taken
  }
  return (prefix) => table.includes(` ${prefix}`);
}
