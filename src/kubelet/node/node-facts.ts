/** What a node says of itself, given as data by whoever composes the agent. */
import type { NodeAddress, NodeSystemInfo, Taint } from '../../api/generated/core-v1.ts';

export interface NodeFacts {
  name: string;
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  capacity: Readonly<Record<string, string>>;
  allocatable: Readonly<Record<string, string>>;
  addresses: readonly NodeAddress[];
  nodeInfo: NodeSystemInfo;
  /** Of the agent's own HTTPS server. */
  kubeletPort: number;
  podCidr?: string;
}

/** How the node fares now. */
export interface NodeHealth {
  memoryPressure: boolean;
  diskPressure: boolean;
  pidPressure: boolean;
  /** Why the node is not ready; empty when it is. */
  notReady: readonly string[];
}
