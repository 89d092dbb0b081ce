/**
 * Where a request to a `proxy` subresource goes: pure reads of the store.
 *
 *     pods/[scheme:]name[:port]        the Pod's address; without a port, the first that a container declares
 *     services/[scheme:]name[:port]    a ready endpoint of the Service; the port by name or number
 *     nodes/[scheme:]name[:port]       the node's agent; another port of the node, when asked for
 *
 * @see k8s.io/kubernetes pkg/registry/core/{pod,service,node}: ResourceLocation; k8s.io/apimachinery SplitSchemeNamePort
 * @see `ProxiedTarget`
 */
import type { Pod, Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import type { ProxiedTarget, TunnelTarget } from '../../api/message.ts';
import { ENDPOINT_SLICES, PODS, SERVICES } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import { newBadRequest, newNotFound } from '../errors.ts';
import { keyFor, prefixOf } from '../registry/registry.ts';
import type { ServerContext } from '../server-context.ts';
import { nodeTarget } from './connection.ts';
import { checkProxyable } from './proxyable-address.ts';

export interface ProxyLocation extends Pick<TunnelTarget, 'host' | 'port' | 'description'> {
  scheme: ProxiedTarget['scheme'];
}

type Locate = (server: ServerContext, namespace: string, asked: AskedTarget) => ProxyLocation;

/** By resource. @throws StatusError BadRequest, NotFound or ServiceUnavailable */
export const PROXY_LOCATIONS: Readonly<Record<string, Locate>> = {
  pods: locatePod,
  services: locateService,
  nodes: locateNode,
};

export interface AskedTarget {
  scheme: 'http' | 'https';
  name: string;
  /** A number, a name, or nothing. */
  port: string;
}

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const DEFAULT_PORTS = { http: 80, https: 443 };

/** @throws StatusError BadRequest */
export function parseAskedTarget(id: string, kind: string): AskedTarget {
  const parts = id.split(':');
  const [scheme, name, port] =
    parts.length === 3 ? (parts as [string, string, string]) : ['', parts[0]!, parts[1] ?? ''];
  const isKnown = scheme === '' || scheme === 'http' || scheme === 'https';
  if (parts.length > 3 || name === '' || !isKnown) {
    throw newBadRequest(`invalid ${kind} request ${JSON.stringify(id)}`);
  }
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

function locatePod(server: ServerContext, namespace: string, asked: AskedTarget): ProxyLocation {
  const { scheme, name } = asked;
  const pod = readPod(server, namespace, name);
  const host = pod.status?.podIPs?.[0]?.ip ?? '';
  checkProxyable(host, server.podRange);
  const declared = pod.spec.containers.find(({ ports }) => ports?.length)?.ports?.[0]?.containerPort;
  const port = asked.port === '' ? (declared ?? DEFAULT_PORTS[scheme]) : parsePort(asked.port);
  return { scheme, host, port, description: `pod ${JSON.stringify(name)}` };
}

function readPod({ registry }: ServerContext, namespace: string, name: string): Pod {
  const stored = registry.store.get(keyFor({ row: PODS, namespace, name }));
  if (stored === undefined) throw newNotFound(PODS, name);
  return stored.value as unknown as Pod;
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  const problem = /^\d+$/.test(text) ? 'invalid port' : 'unknown port';
  throw new StatusError(
    'ServiceUnavailable',
    `error trying to reach service: dial tcp: lookup tcp/${text}: ${problem}`,
  );
}

function locateService(server: ServerContext, namespace: string, asked: AskedTarget): ProxyLocation {
  const { scheme, name } = asked;
  const { store, random } = server.registry;
  const stored = store.get(keyFor({ row: SERVICES, namespace, name }));
  if (stored === undefined) throw newNotFound(SERVICES, name);
  const portName = portNameOf(stored.value as unknown as Service, asked);
  const slices = store
    .list({ prefix: prefixOf(ENDPOINT_SLICES, namespace) })
    .objects.map(({ value }) => value as unknown as EndpointSlice)
    .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME_LABEL] === name);
  const candidates = slices.flatMap((slice) => endpointsOf(slice, portName));
  for (let left = candidates.length; left > 0; left--) {
    const [chosen] = candidates.splice(Math.floor(random.next() * left), 1);
    const { host, port, pod } = chosen!;
    if (!holdsAddress(server, { namespace, name: pod }, host)) continue;
    checkProxyable(host, server.podRange);
    return { scheme, host, port, description: `service ${JSON.stringify(name)}` };
  }
  throw new StatusError('ServiceUnavailable', `no endpoints available for service ${JSON.stringify(name)}`);
}

function portNameOf({ spec }: Service, { name, port }: AskedTarget): string {
  if (!/^\d+$/.test(port)) return port;
  const found = spec?.ports?.find((candidate) => candidate.port === Number(port));
  if (found !== undefined) return found.name ?? '';
  throw new StatusError(
    'ServiceUnavailable',
    `no service port ${Number(port)} found for service ${JSON.stringify(name)}`,
  );
}

interface Candidate {
  host: string;
  port: number;
  pod: string;
}

/** The ready ones of Pods: what somebody wrote into a slice by hand leads nowhere. */
function endpointsOf({ endpoints, ports }: EndpointSlice, portName: string): Candidate[] {
  const port = ports?.find((candidate) => (candidate.name ?? '') === portName)?.port;
  if (port === undefined) return [];
  return (endpoints ?? [])
    .filter(({ conditions, targetRef }) => conditions?.ready !== false && targetRef?.kind === 'Pod')
    .flatMap(({ addresses, targetRef }) => {
      const [host] = addresses;
      return host === undefined ? [] : [{ host, port, pod: targetRef?.name ?? '' }];
    });
}

function holdsAddress(
  { registry }: ServerContext,
  of: { namespace: string; name: string },
  address: string,
): boolean {
  const stored = registry.store.get(keyFor({ row: PODS, ...of }));
  const pod = stored?.value as unknown as Pod | undefined;
  return pod?.status?.podIPs?.some(({ ip }) => ip === address) ?? false;
}

function locateNode({ registry }: ServerContext, _: string, asked: AskedTarget): ProxyLocation {
  const agent = nodeTarget(registry.store, asked.name);
  if (asked.port === '' || asked.port === String(agent.port)) return { ...agent, scheme: 'agent' };
  // The addresses of Pods are for `pods/proxy`: what a node says of itself may not lead there, or to this machine.
  checkProxyable(agent.host, undefined);
  return { ...agent, scheme: asked.scheme, port: parsePort(asked.port) };
}
