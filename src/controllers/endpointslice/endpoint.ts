/** From a Pod to what Services publish of it. Pure. @see k8s.io/endpointslice/utils.go */
import type { Pod, Service } from '../../api/generated/core-v1.ts';
import type { Endpoint } from '../../api/generated/discovery-v1.ts';
import { isPodReady, isPodTerminal, isPodTerminating, isSidecar } from '../../api/pod-conditions.ts';

export type AddressType = 'IPv4' | 'IPv6';

/** A port as it is on one Pod: the target resolved. */
export interface ResolvedPort {
  name: string;
  protocol: string;
  port: number;
  appProtocol?: string;
}

/** Looks up a node's zone. */
export type ZoneOf = (nodeName: string) => string | undefined;

/** Endpoints come from Pods that have an address and have not ended. */
export function hasEndpoint(pod: Pod, addressType: AddressType): boolean {
  return !isPodTerminal(pod) && addressesOf(pod, addressType).length > 0;
}

/** A Pod's own addresses of one family; at most one each. */
export function addressesOf(pod: Pod, addressType: AddressType): string[] {
  const all = pod.status?.podIPs?.map(({ ip }) => ip) ?? [];
  const { podIP } = pod.status ?? {};
  const addresses = all.length > 0 ? all : podIP === undefined || podIP === '' ? [] : [podIP];
  return addresses.filter((ip) => ip.includes(':') === (addressType === 'IPv6'));
}

/** `ready` is what most consumers need; `serving` stays true while a ready Pod terminates. */
export function toEndpoint(service: Service, pod: Pod, addressType: AddressType, zoneOf: ZoneOf): Endpoint {
  const serving = isPodReady(pod);
  const terminating = isPodTerminating(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { nodeName } = pod.spec;
  const hostname = hostnameIn(service, pod);
  const zone = nodeName === undefined ? undefined : zoneOf(nodeName);
  const { name, namespace = '', uid } = pod.metadata;
  return {
    addresses: addressesOf(pod, addressType),
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

/** Set when the Pod asks for a DNS name of its own below this Service. */
export function hostnameIn(service: Service, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec;
  return hostname && subdomain === service.metadata.name ? hostname : undefined;
}

/** The Service's ports as they are on this Pod; one whose named target the Pod lacks is left out. */
export function resolvePorts(service: Service, pod: Pod): ResolvedPort[] {
  const ports: ResolvedPort[] = [];
  for (const { name = '', protocol = 'TCP', port, targetPort, appProtocol } of service.spec.ports ?? []) {
    const resolved = resolveTarget(pod, targetPort ?? port, protocol) ?? 0;
    if (resolved > 0) {
      ports.push({ name, protocol, port: resolved, ...(appProtocol === undefined ? {} : { appProtocol }) });
    }
  }
  return ports;
}

function resolveTarget(pod: Pod, target: number | string, protocol: string): number | undefined {
  if (typeof target === 'number') return target;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)];
  for (const { ports = [] } of containers) {
    const named = ports.find((port) => port.name === target && (port.protocol ?? 'TCP') === protocol);
    if (named !== undefined) return named.containerPort;
  }
  return undefined;
}

/** Whether a change of a Pod can change any endpoint; a new label may also change which Services select it. */
export function isEndpointChange(pod: Pod, previous: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
    isPodReady(pod) !== isPodReady(previous) ||
    isPodTerminal(pod) !== isPodTerminal(previous) ||
    pod.spec.nodeName !== previous.spec.nodeName ||
    addressKey(pod) !== addressKey(previous) ||
    JSON.stringify(pod.metadata.labels) !== JSON.stringify(previous.metadata.labels)
  );
}

function addressKey(pod: Pod): string {
  return [...addressesOf(pod, 'IPv4'), ...addressesOf(pod, 'IPv6')].join();
}
