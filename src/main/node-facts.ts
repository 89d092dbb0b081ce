/** What this machine is, in the words of a Node's status. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { KUBERNETES_VERSION } from '../apiserver/discovery/server-version.ts';
import { formatBytes } from '../base/quantity.ts';
import type { NodeFacts } from '../kubelet/node/node-facts.ts';
import type { ClusterNode } from './cluster-node.ts';

const PODS_MAX = 110;
/** What is kept from Pods for the machine itself. @see kubelet --eviction-hard memory.available */
const MEMORY_RESERVED_BYTES = 100 * 1024 * 1024;

export interface NodeFactsOptions {
  node: ClusterNode;
  kubeletPort: number;
  runtimeVersion: string;
}

export function readNodeFacts({ node, kubeletPort, runtimeVersion }: NodeFactsOptions): NodeFacts {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const memoryBytes = Math.floor(os.totalmem() / 1024) * 1024;
  const capacity = {
    cpu: String(os.availableParallelism()),
    memory: formatBytes(memoryBytes),
    pods: String(PODS_MAX),
  };
  return {
    name: node.name,
    labels: {
      'kubernetes.io/hostname': node.name,
      'kubernetes.io/os': process.platform,
      'kubernetes.io/arch': architecture,
      'beta.kubernetes.io/os': process.platform,
      'beta.kubernetes.io/arch': architecture,
    },
    taints: [],
    capacity,
    allocatable: { ...capacity, memory: formatBytes(Math.max(0, memoryBytes - MEMORY_RESERVED_BYTES)) },
    addresses: [
      { type: 'InternalIP', address: node.ip },
      { type: 'Hostname', address: node.name },
    ],
    nodeInfo: {
      machineID: readLine('/etc/machine-id'),
      systemUUID: readLine('/sys/class/dmi/id/product_uuid'),
      bootID: readLine('/proc/sys/kernel/random/boot_id'),
      kernelVersion: os.release(),
      osImage: osImage(),
      containerRuntimeVersion: runtimeVersion,
      kubeletVersion: `${KUBERNETES_VERSION}+kintsugi`,
      kubeProxyVersion: '',
      operatingSystem: process.platform,
      architecture,
    },
    kubeletPort,
    podCidr: node.podCidr,
  };
}

function osImage(): string {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readLine('/etc/os-release', true))?.[1] ?? os.type();
}

/** Empty where the machine does not say, or not to this user. */
function readLine(file: string, whole = false): string {
  try {
    const text = readFileSync(file, 'utf8');
    return whole ? text : text.trim();
  } catch {
    return '';
  }
}
