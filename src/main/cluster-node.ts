/** Name, address and Pod range of each node of this machine, by its number: the same for the server, `up` and the agents. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { addressAt, parseAddressRange } from '../network/pod-network/address-range.ts';
import { nodePodCidr } from '../network/pod-network/pod-range.ts';
import type { ClusterConfig } from './cluster-config.ts';

export interface ClusterNode {
  name: string;
  /** Its /24 of the cluster's Pod range. */
  podCidr: string;
  /** Where its agent serves: the gateway of its Pods, or loopback where Pods live on loopback. */
  ip: string;
}

const GATEWAY_OFFSET = 1;

/** `node-1`, `node-2` … */
export function nodeName(index: number): string {
  return `node-${index + 1}`;
}

/** @throws Error when `name` is no node of this machine */
export function clusterNode(cluster: ClusterConfig, name: string): ClusterNode {
  const number = Number(/^node-([1-9]\d{0,2})$/.exec(name)?.[1]);
  if (!(number <= 255))
    throw new Error(`"${name}" is not a node of this machine: they are named node-1 to node-255`);
  const podCidr = nodePodCidr(cluster.podCidr, number - 1);
  const gateway = addressAt(parseAddressRange(podCidr), GATEWAY_OFFSET);
  return { name, podCidr, ip: cluster.network === 'bridge' ? gateway : '127.0.0.1' };
}

/** Where everything of one node lives. */
export function nodeDirectory(dataDir: string, name: string): string {
  return path.join(dataDir, 'nodes', name);
}

/** The nodes that `up` made in a data directory. */
export function nodesOf(dataDir: string): string[] {
  const directory = path.join(dataDir, 'nodes');
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}
