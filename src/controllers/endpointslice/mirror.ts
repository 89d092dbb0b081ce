/**
 * Which EndpointSlices tell what somebody wrote as Endpoints, for a Service without a selector. Pure.
 *
 * One slice for all addresses of one family behind the same ports; who reads slices alone, as the proxy does, misses nothing.
 * @see k8s.io/kubernetes/pkg/controller/endpointslicemirroring; differs: surplus addresses are left out of every slice alike
 */
import type { EndpointAddress, EndpointSubset, Endpoints, Service } from '../../api/generated/core-v1.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { equalJson, type JsonValue } from '../../api/json.ts';
import type { NewObject } from '../../api/meta.ts';
import { newControllerRef } from '../../api/owner-references.ts';
import { ENDPOINTS } from '../../api/resources.ts';
import type { AddressType } from './endpoint.ts';
import { MANAGED_BY_LABEL, portsKey, SERVICE_NAME_LABEL, type SlicePlan } from './reconcile.ts';
import { TRIGGER_TIME } from './service-facts.ts';

export const MIRRORED_BY = 'endpointslicemirroring-controller.k8s.io';
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Source: --mirroring-max-endpoints-per-subset. */
export const ENDPOINTS_PER_MIRROR_MAX = 1000;

/** Of a Service with a selector its own controller makes slices; who holds a lease writes no addresses. */
export function isMirrored({ metadata }: Endpoints, service: Service | undefined): boolean {
  return (
    service !== undefined &&
    service.spec.selector === undefined &&
    metadata.labels?.[SKIP_LABEL] !== 'true' &&
    metadata.annotations?.[LEADER_ANNOTATION] === undefined
  );
}

/** @param slices  those that mirror these Endpoints */
export function reconcileMirror(endpoints: Endpoints, slices: readonly EndpointSlice[]): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], delete: [] };
  const left = new Set(slices);
  for (const wanted of mirrorsOf(endpoints)) {
    const known = [...left].find((slice) => keyOf(slice) === keyOf(wanted));
    if (known === undefined) plan.create.push(wanted);
    else {
      left.delete(known);
      if (!isSame(known, wanted)) plan.update.push(withContent(known, wanted));
    }
  }
  plan.delete.push(...left);
  return plan;
}

function mirrorsOf(endpoints: Endpoints): NewObject<EndpointSlice>[] {
  const mirrors = new Map<string, NewObject<EndpointSlice>>();
  for (const subset of endpoints.subsets ?? []) {
    for (const [address, isReady] of addressesOf(subset)) {
      const fresh = newMirror(endpoints, address.ip.includes(':') ? 'IPv6' : 'IPv4', subset.ports ?? []);
      const mirror = mirrors.get(keyOf(fresh)) ?? fresh;
      mirrors.set(keyOf(mirror), mirror);
      if (mirror.endpoints!.length < ENDPOINTS_PER_MIRROR_MAX)
        mirror.endpoints!.push(toEndpoint(address, isReady));
    }
  }
  return [...mirrors.values()];
}

function addressesOf({
  addresses = [],
  notReadyAddresses = [],
}: EndpointSubset): [EndpointAddress, boolean][] {
  return [
    ...addresses.map((address): [EndpointAddress, boolean] => [address, true]),
    ...notReadyAddresses.map((address): [EndpointAddress, boolean] => [address, false]),
  ];
}

function toEndpoint({ ip, ...rest }: EndpointAddress, ready: boolean): Endpoint {
  return { addresses: [ip], conditions: { ready }, ...rest };
}

function newMirror(
  endpoints: Endpoints,
  addressType: AddressType,
  ports: readonly EndpointPort[],
): NewObject<EndpointSlice> {
  const { name, namespace = '', labels } = endpoints.metadata;
  const {
    [LAST_APPLIED]: _applied,
    [TRIGGER_TIME]: _trigger,
    ...annotations
  } = endpoints.metadata.annotations ?? {};
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MIRRORED_BY },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ownerReferences: [newControllerRef(endpoints, ENDPOINTS)],
    },
    addressType,
    endpoints: [],
    ports: ports.map((port) => ({ ...port })),
  };
}

function keyOf({ addressType, ports = [] }: Pick<EndpointSlice, 'addressType' | 'ports'>): string {
  return `${addressType} ${portsKey(ports)}`;
}

function withContent(known: EndpointSlice, wanted: NewObject<EndpointSlice>): EndpointSlice {
  const { labels, annotations } = wanted.metadata;
  const { annotations: _, ...metadata } = known.metadata;
  const changed = { ...metadata, ...(labels && { labels }), ...(annotations && { annotations }) };
  return { ...known, metadata: changed, endpoints: wanted.endpoints ?? [] };
}

function isSame(known: EndpointSlice, wanted: NewObject<EndpointSlice>): boolean {
  const content = ({ metadata, endpoints = [] }: NewObject<EndpointSlice>) =>
    ({
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
      endpoints,
    }) as unknown as JsonValue;
  return equalJson(content(known), content(wanted));
}
