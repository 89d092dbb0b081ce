/**
 * The older form of the same facts: one core `Endpoints` object per Service, for clients that do not read slices. Pure.
 * @see k8s.io/kubernetes/pkg/controller/endpoint/endpoints_controller.go, k8s.io/endpointslice RepackSubsets
 */
import type {
  EndpointAddress,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from '../../api/generated/core-v1.ts';
import { equalJson, type JsonValue } from '../../api/json.ts';
import type { NewObject } from '../../api/meta.ts';
import { isPodReady, isPodTerminating } from '../../api/pod-conditions.ts';
import { addressesOf, hasEndpoint, hostnameIn, resolvePorts } from './endpoint.ts';
import { addressTypesOf, HEADLESS_LABEL, isHeadless, TRIGGER_TIME, triggerTime } from './service-facts.ts';

/** More would make the object too large; the annotation tells. Source: maxCapacity. */
export const ADDRESSES_MAX = 1000;
export const MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
export const MANAGED_BY = 'endpoint-controller';

const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

export function newCoreEndpoints(service: Service, pods: readonly Pod[]): NewObject<Endpoints> {
  const { name, namespace = '', labels } = service.metadata;
  const { subsets, isTruncated } = truncate(toSubsets(service, pods));
  const { [HEADLESS_LABEL]: _, ...ownLabels } = labels ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: {
        ...ownLabels,
        [MANAGED_BY_LABEL]: MANAGED_BY,
        ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}),
      },
      annotations: {
        [TRIGGER_TIME]: triggerTime(service, pods),
        ...(isTruncated ? { [OVER_CAPACITY]: 'truncated' } : {}),
      },
    },
    ...(subsets.length === 0 ? {} : { subsets }),
  };
}

/** Says the same but for the time of its last change. */
export function isSameEndpoints(a: Endpoints, b: NewObject<Endpoints>): boolean {
  return (
    equalJson(a.metadata.labels ?? {}, b.metadata.labels ?? {}) &&
    equalJson((a.subsets ?? []) as unknown as JsonValue, (b.subsets ?? []) as unknown as JsonValue)
  );
}

/** One subset for each set of ports, its addresses in order of IP. */
function toSubsets(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const [addressType = 'IPv4'] = addressTypesOf(service);
  const publishesAll = service.spec.publishNotReadyAddresses === true;
  const subsets = new Map<string, Required<EndpointSubset>>();
  for (const pod of pods) {
    if (!hasEndpoint(pod, addressType) || (isPodTerminating(pod) && !publishesAll)) continue;
    const ports = resolvePorts(service, pod).sort((a, b) => (a.name < b.name ? -1 : 1));
    const wirePorts = ports.map(({ name, ...rest }) => (name === '' ? rest : { name, ...rest }));
    if (ports.length === 0 && !isHeadless(service)) continue;
    const key = JSON.stringify(wirePorts);
    const subset = subsets.get(key) ?? { addresses: [], notReadyAddresses: [], ports: wirePorts };
    subsets.set(key, subset);
    const list = publishesAll || isPodReady(pod) ? subset.addresses : subset.notReadyAddresses;
    list.push(toAddress(service, pod, addressesOf(pod, addressType)[0]!));
  }
  const sorted = [...subsets.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, subset]) => toWireSubset(subset));
}

function toAddress(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { name, namespace = '', uid } = pod.metadata;
  const hostname = hostnameIn(service, pod);
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function toWireSubset({ addresses, notReadyAddresses, ports }: Required<EndpointSubset>): EndpointSubset {
  const byIp = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : 1);
  return {
    ...(addresses.length === 0 ? {} : { addresses: addresses.sort(byIp) }),
    ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses: notReadyAddresses.sort(byIp) }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

/** Keeps ready addresses before others, up to the maximum over all subsets. */
function truncate(subsets: EndpointSubset[]): { subsets: EndpointSubset[]; isTruncated: boolean } {
  const count = (subset: EndpointSubset) =>
    (subset.addresses?.length ?? 0) + (subset.notReadyAddresses?.length ?? 0);
  const isTruncated = subsets.reduce((sum, subset) => sum + count(subset), 0) > ADDRESSES_MAX;
  if (!isTruncated) return { subsets, isTruncated };
  let room = ADDRESSES_MAX;
  const take = (addresses: readonly EndpointAddress[] = []): EndpointAddress[] => {
    const taken = addresses.slice(0, room);
    room -= taken.length;
    return taken;
  };
  const ready = subsets.map((subset) => take(subset.addresses));
  const cut = subsets.map((subset, index) => ({
    addresses: ready[index]!,
    notReadyAddresses: take(subset.notReadyAddresses),
    ports: subset.ports ?? [],
  }));
  return { subsets: cut.map(toWireSubset).filter((subset) => count(subset) > 0), isTruncated };
}
