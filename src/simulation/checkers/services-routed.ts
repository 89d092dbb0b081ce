/**
 * Once faults have stopped: behind every Service are exactly the Pods that it selects and that are ready, in its endpoint
 * slices and in the routes of every node. Said from Services and Pods; slices and routes are not asked about each other.
 */
import type { Pod, Service, ServicePort } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { isPodActive, isPodReady, isPodTerminal } from '../../api/pod-conditions.ts';
import { ENDPOINT_SLICES, SERVICES } from '../../api/resources.ts';
import { newEqualityMatcher } from '../../api/selectors.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';

export const newServicesRoutedChecker: CheckerFactory = (cluster) => ({
  unconverged() {
    const services = cluster.world.objects(SERVICES).filter(({ spec }) => spec.selector !== undefined);
    const slices = Map.groupBy(cluster.world.objects(ENDPOINT_SLICES), serviceOf);
    return services.flatMap((service) => {
      const backends = backendsOf(service, cluster.pods.all());
      const published = slices.get(keyOf(service)) ?? [];
      return [...wrongSlices(service, backends, published), ...wrongRoutes(cluster, service, backends)];
    });
  },
});

function serviceOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace ?? ''}/${metadata.labels?.[SERVICE_NAME] ?? ''}`;
}

function backendsOf(service: Service, pods: Iterable<Pod>): Pod[] {
  const { selector, publishNotReadyAddresses } = service.spec;
  const matches = newEqualityMatcher(selector);
  const isBackend = (pod: Pod) =>
    namespaceOf(pod) === namespaceOf(service) &&
    matches(pod.metadata.labels) &&
    pod.status?.podIP !== undefined &&
    (publishNotReadyAddresses === true ? !isPodTerminal(pod) : isPodActive(pod) && isPodReady(pod));
  return [...pods].filter(isBackend);
}

function wrongSlices(service: Service, backends: readonly Pod[], slices: readonly EndpointSlice[]): string[] {
  const ready = slices
    .flatMap(({ endpoints = [] }) => endpoints)
    .filter(({ conditions }) => conditions?.ready ?? true)
    .map(({ addresses }) => addresses[0] ?? '');
  return differences(backends.map(addressOf), ready).map((why) => `the slices of ${keyOf(service)} ${why}`);
}

function wrongRoutes({ world }: CheckedCluster, service: Service, backends: readonly Pod[]): string[] {
  const { clusterIP = '', type, ports = [], internalTrafficPolicy } = service.spec;
  if (type === 'ExternalName' || clusterIP === '' || clusterIP === 'None') return [];
  return [...world.nodes.values()].flatMap(({ name, routes }) => {
    if (!world.machine(name).isOn) return [];
    const own =
      internalTrafficPolicy === 'Local' ? backends.filter((pod) => pod.spec.nodeName === name) : backends;
    return ports.flatMap((port) => {
      const id = `${keyOf(service)}:${port.name ?? ''}`;
      const routed = routes.ports.find((route) => route.id === id)?.endpoints ?? [];
      const taking = routed.filter(({ terminating }) => !terminating).map(({ ip }) => ip);
      const wanted = own.filter((pod) => hasPort(pod, port)).map(addressOf);
      return differences(wanted, taking).map((why) => `the route of ${name} for ${id} ${why}`);
    });
  });
}

/** A target by name may be missing in a Pod. */
function hasPort({ spec }: Pod, { targetPort }: ServicePort): boolean {
  if (typeof targetPort !== 'string') return true;
  return spec.containers.some(({ ports = [] }) => ports.some(({ name }) => name === targetPort));
}

function addressOf({ status }: Pod): string {
  return status?.podIP ?? '';
}

function differences(wanted: readonly string[], found: readonly string[]): string[] {
  const missing = wanted.filter((ip) => !found.includes(ip));
  const extra = found.filter((ip) => !wanted.includes(ip));
  return [
    ...(missing.length > 0 ? [`lack ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`have ${extra.join(', ')}, which should not be there`] : []),
  ];
}
