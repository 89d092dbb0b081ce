/** The container runtime of an agent, with the network that its Pods get. */
import path from 'node:path';
import type { Logger } from '../base/logger.ts';
import { newProcessRuntime, type ProcessRuntime } from '../container-runtime/process/process-runtime.ts';
import { BridgePodNetwork } from '../network/pod-network/bridge-network.ts';
import { LoopbackPodNetwork } from '../network/pod-network/loopback-network.ts';
import type { PodNetwork } from '../network/pod-network/pod-network.ts';
import { newNetworkHost } from '../platform/network-host.ts';
import { systemClock } from '../platform/system-clock.ts';
import { systemRandom } from '../platform/system-random.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { type ClusterNode, nodeDirectory } from './cluster-node.ts';
import { imageRegistry } from './images.ts';

export interface AgentRuntimeOptions {
  dataDir: string;
  cluster: ClusterConfig;
  node: ClusterNode;
  log: Logger;
}

/** Finds the containers that an earlier agent left running. */
export function openAgentRuntime({
  dataDir,
  cluster,
  node,
  log,
}: AgentRuntimeOptions): Promise<ProcessRuntime> {
  const directory = nodeDirectory(dataDir, node.name);
  return newProcessRuntime({
    stateDir: path.join(directory, 'runtime'),
    clusterId: cluster.clusterId,
    images: imageRegistry(dataDir),
    network: podNetwork(cluster, node, path.join(directory, 'pod-addresses.json')),
    nodeIp: node.ip,
    hostEnvironment: {
      path: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      home: process.env['HOME'] ?? '/',
    },
    clock: systemClock,
    random: systemRandom,
    log,
  });
}

function podNetwork(cluster: ClusterConfig, node: ClusterNode, statePath: string): PodNetwork {
  const host = newNetworkHost(statePath);
  if (cluster.network === 'loopback') return new LoopbackPodNetwork(node.podCidr, host);
  return new BridgePodNetwork({
    clusterId: cluster.clusterId,
    clusterCidr: cluster.podCidr,
    nodeCidr: node.podCidr,
    host,
  });
}
