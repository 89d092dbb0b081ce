/** The Service proxy of an agent, over listeners of its own. */
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { InformerFactory } from '../client/informer.ts';
import { ServiceProxy } from '../network/proxy.ts';
import { USERSPACE_DEFAULTS } from '../network/userspace/defaults.ts';
import { claimServiceRange } from '../network/userspace/service-range.ts';
import { UserspaceDataplane } from '../network/userspace/userspace-dataplane.ts';
import type { ClusterConfig } from './cluster-config.ts';
import type { ClusterNode } from './cluster-node.ts';

export interface AgentProxyOptions {
  clock: Clock;
  random: Random;
  log: Logger;
  informers: InformerFactory;
  events: EventRecorder;
  cluster: ClusterConfig;
  node: ClusterNode;
  /** Addresses of this machine on which node ports listen. */
  nodePortAddresses: readonly string[];
}

/** Makes the Service addresses bindable, where Pods have a network of their own. */
export async function openAgentProxy(options: AgentProxyOptions, signal: AbortSignal): Promise<ServiceProxy> {
  const { clock, random, log, informers, events, cluster, node, nodePortAddresses } = options;
  const isBridge = cluster.network === 'bridge';
  if (isBridge) await claimServiceRange(cluster.serviceCidr, signal);
  const dataplane = new UserspaceDataplane({
    clock,
    random,
    options: { ...USERSPACE_DEFAULTS, cluster: cluster.clusterId, nodePortAddresses },
  });
  return new ServiceProxy({
    clock,
    log,
    informers,
    events,
    dataplane,
    nodeName: node.name,
    // On loopback a Pod listens on the machine itself: a listener of ours would take its port away.
    hostPortAddresses: isBridge ? [node.ip, ...nodePortAddresses] : [],
  });
}
