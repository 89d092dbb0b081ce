/**
 * Which Services need an address and node ports, and what an update that leaves them out keeps.
 *
 * @see kubernetes/kubernetes pkg/registry/core/service/storage/storage.go patchAllocatedValues
 */
import type { Service, ServicePort } from '../../api/generated/core-v1.ts';

export function needsClusterIp({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && spec.clusterIP !== 'None';
}

export function needsNodePorts({ spec }: Service): boolean {
  if (spec.type === 'NodePort') return true;
  return spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false;
}

/** Manifests rarely name what was allocated: fills it in from `old`, in place. */
export function carryOverAllocations(service: Service, old: Service): void {
  const { spec } = service;
  if (needsClusterIp(service) && needsClusterIp(old)) {
    if (!spec.clusterIP && old.spec.clusterIP !== undefined) {
      spec.clusterIP = old.spec.clusterIP;
      spec.clusterIPs ??= [...(old.spec.clusterIPs ?? [])];
    }
  } else if (spec.type === 'ExternalName') {
    dropOldAddress(service, old);
  }
  if (!needsNodePorts(service) || !needsNodePorts(old)) return;
  const used = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort));
  const before = new Map((old.spec.ports ?? []).map((port) => [portKey(port), port.nodePort]));
  for (const port of spec.ports ?? []) {
    const nodePort = before.get(portKey(port));
    if (port.nodePort || nodePort === undefined || used.has(nodePort)) continue;
    port.nodePort = nodePort;
  }
}

function dropOldAddress({ spec }: Service, old: Service): void {
  // One that was taken out by a patch may have left its twin, `clusterIPs`.
  if ((spec.clusterIP || old.spec.clusterIP) === old.spec.clusterIP) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
    delete spec.ipFamilies;
    delete spec.ipFamilyPolicy;
  }
}

function portKey({ protocol, port }: ServicePort): string {
  return `${protocol}:${port}`;
}
