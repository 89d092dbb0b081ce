/** What a simulated node says of itself. */
import type { Taint } from '../../api/generated/core-v1.ts';
import type { NodeFacts } from '../../kubelet/node/node-facts.ts';

/** What a node is made of, as a scenario says it. */
export interface NodeShape {
  name: string;
  labels?: Readonly<Record<string, string>>;
  taints?: readonly Taint[];
  /** Quantities; default `cpu: 8, memory: 32Gi, pods: 110`. */
  capacity?: Readonly<Record<string, string>>;
}

/** @param addressPrefix  first two parts of its Pods' addresses */
export function simulatedNodeFacts(
  shape: NodeShape,
  { addressPrefix, ip }: { addressPrefix: string; ip: string },
): NodeFacts {
  const capacity = { cpu: '8', memory: '32Gi', pods: '110', ...shape.capacity };
  return {
    name: shape.name,
    labels: {
      'kubernetes.io/hostname': shape.name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      ...shape.labels,
    },
    taints: shape.taints ?? [],
    capacity,
    allocatable: capacity,
    addresses: [
      { type: 'InternalIP', address: ip },
      { type: 'Hostname', address: shape.name },
    ],
    nodeInfo: {
      machineID: shape.name,
      systemUUID: shape.name,
      bootID: shape.name,
      kernelVersion: '6.12',
      osImage: 'simulated',
      containerRuntimeVersion: 'simulated://1',
      kubeletVersion: 'v1.36.2+kintsugi',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
    kubeletPort: 10_250,
    podCidr: `${addressPrefix}.0.0/16`,
  };
}
