/** Where an agent's Service traffic is moved: listeners of its own. */
import type { Service } from '../api/generated/core-v1.ts';
import { parseIp } from '../api/ip-address.ts';
import { isWithinNetwork, parseNetwork } from '../api/ip-network.ts';
import { SERVICES } from '../api/resources.ts';
import { clusterIpsOf } from '../api/service-addresses.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { Dataplane } from '../network/dataplane.ts';
import { newAddressClaims } from '../network/userspace/claimed-addresses.ts';
import { ClaimingDataplane } from '../network/userspace/claiming-dataplane.ts';
import { USERSPACE_DEFAULTS } from '../network/userspace/defaults.ts';
import { claimServiceRange } from '../network/userspace/service-range.ts';
import { UserspaceDataplane } from '../network/userspace/userspace-dataplane.ts';
import type { ClusterConfig } from './cluster-config.ts';
import type { ClusterNode } from './cluster-node.ts';

export interface AgentDataplaneOptions {
  clock: Clock;
  random: Random;
  log: Logger;
  informers: InformerFactory;
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
  const { clock, random, log, informers, cluster, node, nodePortAddresses } = options;
  const inner = new UserspaceDataplane({
    clock,
    random,
    options: { ...USERSPACE_DEFAULTS, cluster: cluster.clusterId, nodePortAddresses },
  });
  // On loopback a Pod listens on the machine itself: a listener of ours would take its port away.
  if (cluster.network !== 'bridge') return { dataplane: inner, hostPortAddresses: [] };
  await claimServiceRange(cluster.serviceCidr, signal);
  const services = informers.informer(SERVICES);
  const dataplane = new ClaimingDataplane({
    inner,
    log,
    claims: newAddressClaims(cluster.clusterId),
    wanted: () => addressesBeyond(cluster.serviceCidr, services.list()),
  });
  return { dataplane, hostPortAddresses: [node.ip, ...nodePortAddresses] };
}

/** What Services have from other ServiceCIDRs than the one that the cluster started with. */
function addressesBeyond(cidr: string, services: readonly Service[]): string[] {
  const range = parseNetwork(cidr)!;
  return services.flatMap(clusterIpsOf).filter((text) => {
    const address = parseIp(text)!;
    return address.family === 4 && !isWithinNetwork(range, address);
  });
}
