/**
 * `hostPort` of containers as rows of the routing table: the node's own port leads into the Pod. Pods of the host network
 * have the port already.
 *
 * @see kubernetes pkg/scheduler/framework/plugins/nodeports, which keeps two such Pods off one node
 */
import type { ContainerPort, Pod } from '../api/generated/core-v1.ts';
import { isPodTerminal } from '../api/pod-conditions.ts';
import type { ServicePortRoute } from './dataplane.ts';

/** What any address stands for in `hostIP`. */
const ANY_ADDRESS = ['', '0.0.0.0', '::'];

/** Pure. `addresses` are those of the node, for ports that name none. */
export function planHostPorts(pods: readonly Pod[], addresses: readonly string[]): ServicePortRoute[] {
  return pods
    .filter((pod) => hasHostPorts(pod) && !isPodTerminal(pod) && pod.status?.podIP)
    .flatMap((pod) => portsOf(pod).map((port) => planHostPort(pod, port, addresses)));
}

export function hasHostPorts(pod: Pod): boolean {
  return pod.spec.hostNetwork !== true && portsOf(pod).length > 0;
}

function portsOf({ spec }: Pod): ContainerPort[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return containers
    .flatMap(({ ports }) => ports ?? [])
    .filter(({ hostPort = 0, protocol = 'TCP' }) => hostPort > 0 && protocol !== 'SCTP');
}

function planHostPort(pod: Pod, port: ContainerPort, addresses: readonly string[]): ServicePortRoute {
  const { containerPort, hostIP = '', hostPort = 0, protocol } = port;
  const { namespace = '', name } = pod.metadata;
  const endpoint = {
    ip: pod.status?.podIP ?? '',
    port: containerPort,
    pod: `${namespace}/${name}`,
    terminating: false,
  };
  const ips = ANY_ADDRESS.includes(hostIP) ? addresses : [hostIP];
  return {
    id: hostPortId(pod, port),
    protocol: protocol === 'UDP' ? 'UDP' : 'TCP',
    virtualAddresses: ips.map((ip) => ({ ip, port: hostPort })),
    nodePort: 0,
    affinityMs: 0,
    endpoints: [endpoint],
    externalEndpoints: [endpoint],
  };
}

const ID_PREFIX = 'pod ';

/** `pod shop/web-1:TCP/8080`; no Service's id holds a space. */
function hostPortId({ metadata }: Pod, { hostIP = '', hostPort, protocol = 'TCP' }: ContainerPort): string {
  return `${ID_PREFIX}${metadata.namespace ?? ''}/${metadata.name}:${protocol}/${hostIP}/${hostPort}`;
}

/** `namespace/name` of the Pod whose row this is; `undefined` for a Service's. */
export function podOfHostPort(routeId: string): string | undefined {
  if (!routeId.startsWith(ID_PREFIX)) return undefined;
  return routeId.slice(ID_PREFIX.length, routeId.indexOf(':'));
}
