/**
 * Where a Service's webhook listens: one of its ready endpoints.
 *
 * @see k8s.io/apiserver/pkg/util/proxy/proxy.go ResolveEndpoint
 */
import type { Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { ENDPOINT_SLICES, SERVICES } from '../../api/resources.ts';
import type { Random } from '../../base/random.ts';
import type { Store } from '../../store/store.ts';
import { keyFor, prefixOf } from '../registry/registry.ts';
import { type WebhookAddress, WebhookTransportError } from './webhook-transport.ts';

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

export interface ServicePortRef {
  namespace: string;
  name: string;
  port: number;
}

/** Any of those that are ready. @throws WebhookTransportError when there is none */
export function resolveEndpoint(store: Store, random: Random, ref: ServicePortRef): WebhookAddress {
  const addresses = readyAddresses(store, ref);
  const chosen = addresses[Math.floor(random.next() * addresses.length)];
  if (chosen !== undefined) return chosen;
  throw new WebhookTransportError(`no endpoints available for service ${JSON.stringify(ref.name)}`);
}

/** Of all that are ready. @throws WebhookTransportError for a Service that cannot have any */
export function readyAddresses(store: Store, ref: ServicePortRef): WebhookAddress[] {
  const { namespace, name, port } = ref;
  const stored = store.get(keyFor({ row: SERVICES, namespace, name }));
  if (stored === undefined) throw new WebhookTransportError(`service ${JSON.stringify(name)} not found`);
  const { spec } = stored.value as unknown as Service;
  if (spec?.type === 'ExternalName') {
    throw new WebhookTransportError(`unsupported service type ${JSON.stringify(spec.type)}`);
  }
  const found = spec?.ports?.find((candidate) => candidate.port === port);
  if (found === undefined) {
    throw new WebhookTransportError(`no service port ${port} found for service ${JSON.stringify(name)}`);
  }
  return store
    .list({ prefix: prefixOf(ENDPOINT_SLICES, namespace) })
    .objects.map(({ value }) => value as unknown as EndpointSlice)
    .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME_LABEL] === name)
    .flatMap((slice) => addressesOf(slice, found.name ?? ''));
}

function addressesOf({ endpoints, ports }: EndpointSlice, portName: string): WebhookAddress[] {
  const port = ports?.find(({ name }) => (name ?? '') === portName)?.port;
  if (port === undefined) return [];
  return (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.slice(0, 1).map((host) => ({ host, port })));
}
