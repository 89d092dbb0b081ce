/**
 * Which Services need an address and node ports, and what an update that leaves them out keeps.
 *
 * @see kubernetes/kubernetes pkg/registry/core/service/storage/storage.go patchAllocatedValues
 */
import type { Service, ServicePort } from '../../api/generated/core-v1.ts';
import { equalJson } from '../../api/json.ts';
import { isExternallyAccessible, needsHealthCheck } from '../../api/service-types.ts';

export function needsClusterIp({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && spec.clusterIP !== 'None';
}

export function needsNodePorts({ spec }: Service): boolean {
  if (spec.type === 'NodePort') return true;
  return spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false;
}

/** Manifests rarely name what was allocated: fills it in from `old`, in place. What its type has no use for goes. */
export function carryOverAllocations(service: Service, old: Service): void {
  const { spec } = service;
  joinClusterIps(service, old);
  dropUseless(service, old);
  if (spec.type === 'ExternalName') dropOldAddress(service, old);
  else if (old.spec.type !== 'ExternalName' && !spec.clusterIP && old.spec.clusterIP !== undefined) {
    spec.clusterIP = old.spec.clusterIP;
    spec.clusterIPs ??= [...(old.spec.clusterIPs ?? [])];
  }
  if (needsHealthCheck(service) && needsHealthCheck(old)) keepHealthPort(service, old);
  if (!needsNodePorts(service) || !needsNodePorts(old)) return;
  const used = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort));
  const before = new Map((old.spec.ports ?? []).map((port) => [portKey(port), port.nodePort]));
  for (const port of spec.ports ?? []) {
    const nodePort = before.get(portKey(port));
    if (port.nodePort || nodePort === undefined || used.has(nodePort)) continue;
    port.nodePort = nodePort;
  }
}

function keepHealthPort({ spec }: Service, { spec: { healthCheckNodePort: before = 0 } }: Service): void {
  if (!spec.healthCheckNodePort && before !== 0) spec.healthCheckNodePort = before;
}

/** Who knows only `clusterIP` leaves its twin as it was, or out. @see pkg/registry/core/service/strategy.go NormalizeClusterIPs */
function joinClusterIps({ spec }: Service, old: Service): void {
  const before = old.spec.clusterIPs ?? [];
  const isSame = (spec.clusterIP ?? '') === (old.spec.clusterIP ?? '');
  const now = spec.clusterIPs ?? [];
  if (isSame && now.length === 0 && before.length > 0) spec.clusterIPs = [...before];
  if (isSame || !equalJson(now, before)) return;
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP, ...before.slice(1)];
  else delete spec.clusterIPs;
}

/** What only the old type had, and the client has not changed. @see strategy.go dropTypeDependentFields */
function dropUseless(service: Service, old: Service): void {
  const [now, before] = [service.spec, old.spec];
  if (needsNodePorts(old) && !needsNodePorts(service)) {
    const held = new Set((before.ports ?? []).map(({ nodePort }) => nodePort));
    if (now.ports?.every(({ nodePort }) => !nodePort || held.has(nodePort)))
      for (const port of now.ports) delete port.nodePort;
  }
  const dropUnchanged = (field: 'healthCheckNodePort' | 'externalTrafficPolicy' | LoadBalancerField) => {
    if (now[field] === before[field]) delete now[field];
  };
  if (needsHealthCheck(old) && !needsHealthCheck(service)) dropUnchanged('healthCheckNodePort');
  if (isExternallyAccessible(old) && !isExternallyAccessible(service)) dropUnchanged('externalTrafficPolicy');
  if (before.type === 'LoadBalancer' && now.type !== 'LoadBalancer') {
    dropUnchanged('allocateLoadBalancerNodePorts');
    dropUnchanged('loadBalancerClass');
  }
}

type LoadBalancerField = 'allocateLoadBalancerNodePorts' | 'loadBalancerClass';

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
