/**
 * Decides where each Service port sends its traffic now: Services and EndpointSlices in, a complete
 * {@link RoutingTable} out, sorted, equal for equal inputs.
 *
 * @see kubernetes pkg/proxy/topology.go CategorizeEndpoints, pkg/proxy/util/utils.go ShouldSkipService,
 *   pkg/proxy/endpointslicecache.go; differs: zone hints and traffic distribution are ignored, one address family per
 *   Service (its first), SCTP is left out.
 */
import type { Service, ServicePort } from '../api/generated/core-v1.ts';
import type { Endpoint, EndpointSlice } from '../api/generated/discovery-v1.ts';
import { opensNodePorts } from '../api/service-types.ts';
import type { RouteEndpoint, RoutingTable, ServicePortRoute } from './dataplane.ts';

/** Ties a slice to its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
/** On a Service: another proxy serves it. */
const PROXY_NAME_LABEL = 'service.kubernetes.io/service-proxy-name';
const AFFINITY_DEFAULT_SECONDS = 10_800;

/** An endpoint with what the traffic policies ask about it. */
interface Candidate extends RouteEndpoint {
  isReady: boolean;
  isServing: boolean;
  isLocal: boolean;
}

/**
 * Pure, of objects that never change. `nodeName` is the node on which the proxy runs, for the `Local` traffic policies.
 * Slices of Services that do not exist are left out.
 */
export function planRoutingTable(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  nodeName: string,
): RoutingTable {
  const slicesOf = Map.groupBy(slices, (slice) => serviceKeyOf(slice));
  const ports = services
    .filter(isServed)
    .flatMap((service) => knownRoutes(service, slicesOf.get(keyOf(service)) ?? NO_SLICES, nodeName))
    .sort((a, b) => compareText(a.id, b.id));
  return { ports };
}

/** What was planned last for a Service, and from what. */
interface PlannedService {
  slices: readonly EndpointSlice[];
  /** Empty when the plan is the same on every node. */
  nodeName: string;
  routes: readonly ServicePortRoute[];
}

const NO_SLICES: readonly EndpointSlice[] = [];
/**
 * Objects from a cache never change, and each change comes as an object of its own: the routes of a Service that has the same
 * slices as before are the same. One slice that changes then costs one Service, and in a process with many nodes one of them.
 */
const planned = new WeakMap<Service, PlannedService>();

function knownRoutes(
  service: Service,
  slices: readonly EndpointSlice[],
  nodeName: string,
): readonly ServicePortRoute[] {
  const concerned = isLocalOnly(service) ? nodeName : '';
  const known = planned.get(service);
  if (known !== undefined && known.nodeName === concerned && areIdentical(known.slices, slices)) {
    return known.routes;
  }
  const routes = planService(service, slices, nodeName);
  planned.set(service, { slices, nodeName: concerned, routes });
  return routes;
}

function areIdentical(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function isLocalOnly({ spec }: Service): boolean {
  return spec?.internalTrafficPolicy === 'Local' || spec?.externalTrafficPolicy === 'Local';
}

/** Services without an address of their own, and those that name another proxy, are not ours. */
function isServed(service: Service): boolean {
  const clusterIp = service.spec?.clusterIP ?? '';
  return (
    service.spec?.type !== 'ExternalName' &&
    clusterIp !== '' &&
    clusterIp !== 'None' &&
    service.metadata.labels?.[PROXY_NAME_LABEL] === undefined
  );
}

function planService(
  service: Service,
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePortRoute[] {
  const family = isIpv6(service.spec?.clusterIP ?? '') ? 'IPv6' : 'IPv4';
  const ofFamily = slices.filter((slice) => slice.addressType === family);
  const routes: ServicePortRoute[] = [];
  for (const port of service.spec?.ports ?? []) {
    const protocol = port.protocol ?? 'TCP';
    if (protocol !== 'TCP' && protocol !== 'UDP') continue;
    const candidates = candidatesFor(ofFamily, port, nodeName);
    routes.push({
      id: `${keyOf(service)}:${port.name ?? ''}`,
      protocol,
      virtualAddresses: virtualAddresses(service, port, family),
      nodePort: opensNodePorts(service) ? (port.nodePort ?? 0) : 0,
      affinityMs: affinityMs(service),
      endpoints: chooseEndpoints(candidates, service.spec?.internalTrafficPolicy === 'Local'),
      externalEndpoints: chooseEndpoints(candidates, service.spec?.externalTrafficPolicy === 'Local'),
    });
  }
  return routes;
}

/** Ready endpoints; where none is ready, those that are terminating but still serve. */
function chooseEndpoints(candidates: readonly Candidate[], onlyLocal: boolean): RouteEndpoint[] {
  const eligible = onlyLocal ? candidates.filter((candidate) => candidate.isLocal) : candidates;
  const ready = eligible.filter((candidate) => candidate.isReady);
  const chosen = ready.length > 0 ? ready : eligible.filter((c) => c.isServing && c.terminating);
  return chosen.map(({ ip, port, pod, terminating }) => ({ ip, port, pod, terminating }));
}

/** One entry per address and port, sorted; of two slices that hold the same endpoint, the first by name counts. */
function candidatesFor(slices: readonly EndpointSlice[], port: ServicePort, nodeName: string): Candidate[] {
  const byAddress = new Map<string, Candidate>();
  const sorted = slices.toSorted((a, b) => compareText(a.metadata.name, b.metadata.name));
  for (const slice of sorted) {
    for (const slicePort of slice.ports ?? []) {
      const matches =
        (slicePort.name ?? '') === (port.name ?? '') &&
        (slicePort.protocol ?? 'TCP') === (port.protocol ?? 'TCP');
      if (!matches || slicePort.port === undefined) continue;
      for (const endpoint of slice.endpoints ?? []) {
        const candidate = toCandidate(endpoint, slicePort.port, nodeName);
        const key = `${candidate.ip} ${candidate.port}`;
        if (candidate.ip !== '' && !byAddress.has(key)) byAddress.set(key, candidate);
      }
    }
  }
  return [...byAddress.entries()].sort(([a], [b]) => compareText(a, b)).map(([, candidate]) => candidate);
}

/** Absent conditions mean ready and not terminating; absent `serving` means what `ready` says. */
function toCandidate(endpoint: Endpoint, port: number, nodeName: string): Candidate {
  const { conditions = {}, targetRef } = endpoint;
  const isReady = conditions.ready ?? true;
  return {
    // Consumers use the first address only; producers write one.
    ip: endpoint.addresses[0] ?? '',
    port,
    pod: targetRef?.kind === 'Pod' ? `${targetRef.namespace ?? ''}/${targetRef.name ?? ''}` : '',
    terminating: conditions.terminating ?? false,
    isReady,
    isServing: conditions.serving ?? isReady,
    isLocal: endpoint.nodeName === nodeName,
  };
}

function virtualAddresses(
  service: Service,
  port: ServicePort,
  family: 'IPv4' | 'IPv6',
): { ip: string; port: number }[] {
  const { clusterIP = '', externalIPs = [] } = service.spec ?? {};
  const loadBalancer = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  const external = [...externalIPs, ...loadBalancer].filter((ip) => isIpv6(ip) === (family === 'IPv6'));
  return [...new Set([clusterIP, ...external.sort(compareText)])].map((ip) => ({ ip, port: port.port }));
}

function affinityMs(service: Service): number {
  if (service.spec?.sessionAffinity !== 'ClientIP') return 0;
  return (service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_DEFAULT_SECONDS) * 1_000;
}

function keyOf(service: Service): string {
  return `${service.metadata.namespace ?? ''}/${service.metadata.name}`;
}

function serviceKeyOf(slice: EndpointSlice): string {
  return `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}`;
}

function isIpv6(ip: string): boolean {
  return ip.includes(':');
}

/** By code unit, so that an order never depends on the locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
