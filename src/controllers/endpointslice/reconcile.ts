/**
 * Which EndpointSlices a Service needs: its Pods' endpoints, grouped by their resolved ports, up to 100 a slice. Pure.
 *
 * Endpoints stay in the slice where they are; new ones fill slices that change anyway, then those with room, then new ones;
 * a slice left empty goes, but one always remains. So a change of one Pod is one write, and one slice to every watcher.
 * @see k8s.io/endpointslice/reconciler.go reconcileByPortMapping
 */
import type { Pod, Service } from '../../api/generated/core-v1.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { equalJson, type JsonValue } from '../../api/json.ts';
import { type NewObject, namespaceOf } from '../../api/meta.ts';
import { newControllerRef } from '../../api/owner-references.ts';
import { SERVICES } from '../../api/resources.ts';
import {
  type AddressType,
  hasEndpoint,
  type ResolvedPort,
  resolvePorts,
  toEndpoint,
  type ZoneOf,
} from './endpoint.ts';
import { addressTypesOf, HEADLESS_LABEL, isHeadless, TRIGGER_TIME, triggerTime } from './service-facts.ts';

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const MANAGED_BY = 'endpointslice-controller.k8s.io';

/** Source: --max-endpoints-per-slice. */
export const ENDPOINTS_PER_SLICE_MAX = 100;

export interface ObservedService {
  /** Selected by the Service. */
  pods: readonly Pod[];
  /** Owned by the Service and managed by this controller. */
  slices: readonly EndpointSlice[];
  zoneOf: ZoneOf;
}

export interface SlicePlan {
  create: NewObject<EndpointSlice>[];
  /** Whole objects, with the version that was observed. */
  update: EndpointSlice[];
  delete: EndpointSlice[];
}

export function reconcileEndpointSlices(service: Service, observed: ObservedService): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], delete: [] };
  const addressTypes = addressTypesOf(service);
  const trigger = triggerTime(service, observed.pods);
  for (const addressType of addressTypes) {
    const slices = observed.slices.filter((slice) => slice.addressType === addressType);
    reconcileFamily({ service, addressType, trigger, plan }, { ...observed, slices });
  }
  const served = new Set<string>(addressTypes);
  plan.delete.push(...observed.slices.filter((slice) => !served.has(slice.addressType)));
  return plan;
}

interface Draft {
  service: Service;
  addressType: AddressType;
  trigger: string;
  plan: SlicePlan;
}

interface PortGroup {
  ports: EndpointPort[];
  /** By identity of the target. */
  endpoints: Map<string, Endpoint>;
  slices: EndpointSlice[];
}

function reconcileFamily(draft: Draft, observed: ObservedService): void {
  const groups = new Map<string, PortGroup>();
  const groupOf = (ports: EndpointPort[]): PortGroup => {
    const key = portsKey(ports);
    let group = groups.get(key);
    if (group === undefined) {
      group = { ports, endpoints: new Map(), slices: [] };
      groups.set(key, group);
    }
    return group;
  };
  for (const pod of observed.pods) {
    if (!hasEndpoint(pod, draft.addressType)) continue;
    const group = groupOf(resolvePorts(draft.service, pod).map(toEndpointPort));
    const endpoint = toEndpoint(draft.service, pod, draft.addressType, observed.zoneOf);
    group.endpoints.set(endpointKey(endpoint), endpoint);
  }
  // Without any endpoint, one slice says so: an existing one, or a new one without ports.
  const isEmpty = groups.size === 0;
  for (const slice of observed.slices) {
    const key = portsKey(slice.ports ?? []);
    if (isEmpty && groups.size === 0) groupOf(slice.ports ?? []).slices.push(slice);
    else if (!isEmpty && groups.has(key)) groups.get(key)!.slices.push(slice);
    else draft.plan.delete.push(slice);
  }
  if (groups.size === 0) groupOf([]);
  for (const group of groups.values()) fillSlices(draft, group, isEmpty);
}

function fillSlices(draft: Draft, { ports, endpoints, slices }: PortGroup, keepsOneEmpty: boolean): void {
  const missing = new Map(endpoints);
  const kept = slices.map((slice) => {
    const own: Endpoint[] = [];
    for (const { targetRef, addresses } of slice.endpoints ?? []) {
      const key = endpointKey({ addresses, ...(targetRef === undefined ? {} : { targetRef }) });
      const wanted = missing.get(key);
      if (wanted === undefined) continue;
      own.push(wanted);
      missing.delete(key);
    }
    return { slice, endpoints: own };
  });
  const added = [...missing.values()];
  const isChanged = (entry: (typeof kept)[number]): boolean =>
    !isSameEndpointList(entry.endpoints, entry.slice.endpoints);
  // Slices that must be written anyway take new endpoints first; then those with the least room that still have some.
  const byPreference = [...kept].sort(
    (a, b) => Number(isChanged(b)) - Number(isChanged(a)) || b.endpoints.length - a.endpoints.length,
  );
  for (const entry of byPreference) {
    entry.endpoints.push(...added.splice(0, Math.max(0, ENDPOINTS_PER_SLICE_MAX - entry.endpoints.length)));
  }
  while (added.length > 0) {
    draft.plan.create.push(newSlice(draft, ports, added.splice(0, ENDPOINTS_PER_SLICE_MAX)));
  }
  kept.forEach((entry, index) => {
    if (entry.endpoints.length === 0 && !(keepsOneEmpty && index === 0)) draft.plan.delete.push(entry.slice);
    else updateSlice(draft, entry.slice, entry.endpoints);
  });
  if (keepsOneEmpty && kept.length === 0) draft.plan.create.push(newSlice(draft, ports, []));
}

function updateSlice(draft: Draft, slice: EndpointSlice, endpoints: Endpoint[]): void {
  const labels = labelsOf(draft.service);
  const isSame =
    isSameEndpointList(endpoints, slice.endpoints) && equalJson(labels, slice.metadata.labels ?? {});
  if (isSame) return;
  const annotations = { ...slice.metadata.annotations, [TRIGGER_TIME]: draft.trigger };
  draft.plan.update.push({ ...slice, metadata: { ...slice.metadata, labels, annotations }, endpoints });
}

function newSlice(draft: Draft, ports: EndpointPort[], endpoints: Endpoint[]): NewObject<EndpointSlice> {
  const { service, addressType, trigger } = draft;
  const { name, namespace = '' } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: labelsOf(service),
      annotations: { [TRIGGER_TIME]: trigger },
      ownerReferences: [newControllerRef(service, SERVICES)],
    },
    addressType,
    endpoints,
    ports,
  };
}

/** The Service's own labels, under those that say whose slice it is. */
function labelsOf(service: Service): Record<string, string> {
  const { [HEADLESS_LABEL]: _, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    [SERVICE_NAME_LABEL]: service.metadata.name,
    [MANAGED_BY_LABEL]: MANAGED_BY,
    ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}),
  };
}

function toEndpointPort(port: ResolvedPort): EndpointPort {
  return { ...port };
}

export function portsKey(ports: readonly EndpointPort[]): string {
  const facts = ports.map(({ name = '', protocol = 'TCP', port, appProtocol = '' }) =>
    [name, protocol, port, appProtocol].join('|'),
  );
  return facts.sort().join();
}

function endpointKey({ targetRef, addresses }: Pick<Endpoint, 'targetRef' | 'addresses'>): string {
  return targetRef?.uid ?? addresses.join();
}

/** The server may order keys in its own way. */
function isSameEndpointList(a: readonly Endpoint[], b: readonly Endpoint[] = []): boolean {
  return equalJson(a as unknown as JsonValue, b as unknown as JsonValue);
}

/** Whose endpoints the slice tells. */
export function serviceKeyOf(slice: EndpointSlice): string {
  return `${namespaceOf(slice)}/${slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}`;
}
