/** Where an agent's Service traffic is moved: listeners of its own. */
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Dataplane } from '../network/dataplane.ts';
import { USERSPACE_DEFAULTS } from '../network/userspace/defaults.ts';
import { claimServiceRange } from '../network/userspace/service-range.ts';
import { UserspaceDataplane } from '../network/userspace/userspace-dataplane.ts';
import type { ClusterConfig } from './cluster-config.ts';
import type { ClusterNode } from './cluster-node.ts';

export interface AgentDataplaneOptions {
  clock: Clock;
  random: Random;
  cluster: ClusterConfig;
  node: ClusterNode;
  /** Addresses of this machine on which node ports listen. */
  nodePortAddresses: readonly string[];
}

/** Makes the Service addresses bindable, where Pods have a network of their own. */
export async function openAgentDataplane(
  options: AgentDataplaneOptions,
  signal: AbortSignal,
): Promise<{ dataplane: Dataplane; hostPortAddresses: readonly string[] }> {
  const { clock, random, cluster, node, nodePortAddresses } = options;
  const isBridge = cluster.network === 'bridge';
  if (isBridge) await claimServiceRange(cluster.serviceCidr, signal);
  const dataplane = new UserspaceDataplane({
    clock,
    random,
    options: { ...USERSPACE_DEFAULTS, cluster: cluster.clusterId, nodePortAddresses },
  });
  // On loopback a Pod listens on the machine itself: a listener of ours would take its port away.
  return { dataplane, hostPortAddresses: isBridge ? [node.ip, ...nodePortAddresses] : [] };
}
