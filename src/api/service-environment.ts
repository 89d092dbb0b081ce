/**
 * The environment variables by which a container finds the Services that existed before it: the pair `FOO_SERVICE_HOST`
 * and `FOO_SERVICE_PORT`, and Docker's old link variables `FOO_PORT_80_TCP_ADDR` and so on.
 *
 * @see kubernetes pkg/kubelet/envvars/envvars.go FromServices, pkg/kubelet/kubelet_pods.go getServiceEnvVarMap
 */
import type { Service, ServicePort } from './generated/core-v1.ts';

export interface EnvironmentVariable {
  name: string;
  value: string;
}

/** Of the control plane's namespace, this Service is seen from everywhere. */
const MASTER = { namespace: 'default', name: 'kubernetes' };

/**
 * The variables for a Pod in `namespace`: of the Services with an address in it, and of the API server's. A Service of the
 * namespace named `kubernetes` wins over the API server's. In the order of Service names, equal for equal inputs.
 *
 * `enableServiceLinks: false` leaves only the API server's: pass `links: false`.
 */
export function serviceEnvironment(
  services: readonly Service[],
  namespace: string,
  options: { links: boolean } = { links: true },
): EnvironmentVariable[] {
  const byName = new Map<string, Service>();
  for (const service of services) {
    const { name, namespace: its = '' } = service.metadata;
    if (!hasAddress(service)) continue;
    const isMaster = its === MASTER.namespace && name === MASTER.name;
    const isLinked = its === namespace && options.links;
    if (isLinked || (isMaster && !byName.has(name))) byName.set(name, service);
  }
  return [...byName.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, service]) => variablesOf(service));
}

function hasAddress(service: Service): boolean {
  const clusterIp = service.spec?.clusterIP ?? '';
  return clusterIp !== '' && clusterIp !== 'None' && (service.spec?.ports?.length ?? 0) > 0;
}

function variablesOf(service: Service): EnvironmentVariable[] {
  const prefix = toVariableName(service.metadata.name);
  const { clusterIP = '', ports = [] } = service.spec ?? {};
  const first = String(ports[0]?.port ?? '');
  const named = ports.filter(({ name }) => name !== undefined && name !== '');
  return [
    { name: `${prefix}_SERVICE_HOST`, value: clusterIP },
    { name: `${prefix}_SERVICE_PORT`, value: first },
    ...named.map(({ name = '', port }) => ({
      name: `${prefix}_SERVICE_PORT_${toVariableName(name)}`,
      value: String(port),
    })),
    ...ports.flatMap((port, i) => linkVariables(prefix, { clusterIP, port, isFirst: i === 0 })),
  ];
}

function linkVariables(
  prefix: string,
  { clusterIP, port, isFirst }: { clusterIP: string; port: ServicePort; isFirst: boolean },
): EnvironmentVariable[] {
  const protocol = port.protocol ?? 'TCP';
  const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP;
  const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
  const base = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
  return [
    ...(isFirst ? [{ name: `${prefix}_PORT`, value: url }] : []),
    { name: base, value: url },
    { name: `${base}_PROTO`, value: protocol.toLowerCase() },
    { name: `${base}_PORT`, value: String(port.port) },
    { name: `${base}_ADDR`, value: clusterIP },
  ];
}

function toVariableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
