/** Which addresses a cluster's Pods get when nobody says. */
import { addressAt, parseAddressRange } from './address-range.ts';
import type { PodNetwork } from './pod-network.ts';

/**
 * 127.64.0.0/10, away from 127.0.0.1 and from resolvers at 127.0.0.53 and 127.0.1.1; and 10.192.0.0/10, away from
 * the low parts of 10.0.0.0/8 that sites and clouds use first.
 */
const FIRST_BLOCK: Record<PodNetwork['mode'], string> = {
  loopback: '127.64.0.0/10',
  bridge: '10.192.0.0/10',
};
const BLOCKS = 64;
const BLOCK_SIZE = 2 ** 16;
const NODE_RANGE_SIZE = 2 ** 8;

/** A /16, chosen by the cluster's id so that two clusters on one machine rarely share one. */
export function clusterPodCidr(mode: PodNetwork['mode'], clusterId: string): string {
  let hash = 0;
  for (const character of clusterId) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return `${addressAt(parseAddressRange(FIRST_BLOCK[mode]), (hash % BLOCKS) * BLOCK_SIZE)}/16`;
}

/** The /24 of the cluster's range for the node with `index` (from 0). */
export function nodePodCidr(clusterCidr: string, index: number): string {
  return `${addressAt(parseAddressRange(clusterCidr), index * NODE_RANGE_SIZE)}/24`;
}
