/**
 * What the cluster's DNS zone holds, decided for one question at a time: Services and EndpointSlices in, records out.
 *
 * ```text
 *   web.shop.svc.cluster.local                    A of the cluster address; headless: of each ready endpoint; CNAME
 *   db-0.db.shop.svc.cluster.local                A of the endpoint with that host name (or 10-1-2-3 for 10.1.2.3)
 *   _http._tcp.web.shop.svc.cluster.local         SRV
 *   10-1-2-3.shop.pod.cluster.local               A of the address in the name
 *   3.2.1.10.in-addr.arpa                         PTR, for addresses of the cluster's own ranges
 * ```
 *
 * A name that exists without records of the type asked for has an empty answer; one that does not exist, and a headless
 * Service without a ready endpoint, is NXDOMAIN. Whatever is not ours is left to other resolvers.
 *
 * @see Kubernetes DNS-Based Service Discovery 1.1.0; CoreDNS plugin/kubernetes (findServices, parseRequest), its
 *   `pods insecure`; differs: no records for a port's name but SRV
 */
import type { Service } from '../api/generated/core-v1.ts';
import type { Endpoint, EndpointSlice } from '../api/generated/discovery-v1.ts';
import { parseReverseName } from './dns-names.ts';

export type DnsRecord =
  | { type: 'A' | 'AAAA' | 'CNAME' | 'PTR' | 'TXT'; name: string; data: string }
  | { type: 'SRV'; name: string; data: { priority: number; weight: number; port: number; target: string } };

/** `notOurs`: another resolver knows. `additionals` spare the asker the questions that follow. */
export type ZoneAnswer =
  | { kind: 'records'; answers: DnsRecord[]; additionals: DnsRecord[] }
  | { kind: 'nameError' }
  | { kind: 'notOurs' };

export interface DnsQuestion {
  /** Lower case, without the final dot. */
  name: string;
  type: string;
}

/** The cluster as the zone sees it. */
export interface ZoneSource {
  service(namespace: string, name: string): Service | undefined;
  slicesOf(namespace: string, name: string): readonly EndpointSlice[];
  /** Whether any Service lives in the namespace. */
  hasNamespace(namespace: string): boolean;
  servicesAt(ip: string): readonly Service[];
  slicesWith(ip: string): readonly EndpointSlice[];
}

export interface ZoneOptions {
  /** `cluster.local` */
  domain: string;
  /** Whether an address belongs to the cluster's Pods or Services; others' PTR records are not ours. */
  isClusterAddress: (ip: string) => boolean;
}

const SPECIFICATION = '1.1.0';
const WEIGHT_SUM = 100;

/** Pure. Answers in the order of the slices' names, without repeats. */
export function answerQuestion(
  { name, type }: DnsQuestion,
  source: ZoneSource,
  options: ZoneOptions,
): ZoneAnswer {
  const { domain } = options;
  if (name.endsWith('.arpa')) return answerReverse({ name, type }, source, options);
  if (name === domain) return records([]);
  if (!name.endsWith(`.${domain}`)) return { kind: 'notOurs' };
  const labels = name.slice(0, -domain.length - 1).split('.');
  const kind = labels.pop();
  if (kind === 'dns-version' && labels.length === 0)
    return records(type === 'TXT' ? [{ type, name, data: SPECIFICATION }] : []);
  if (kind === 'pod') return answerPod(labels, { name, type });
  if (kind !== 'svc') return { kind: 'nameError' };
  const namespace = labels.pop();
  if (namespace === undefined) return records([]);
  const service = labels.pop();
  if (service === undefined) return source.hasNamespace(namespace) ? records([]) : { kind: 'nameError' };
  const found = source.service(namespace, service);
  if (found === undefined) return { kind: 'nameError' };
  const base = `${service}.${namespace}.svc.${domain}`;
  const target = { service: found, slices: source.slicesOf(namespace, service), base };
  return answerService(target, labels, { name, type });
}

interface ServiceTarget {
  service: Service;
  slices: readonly EndpointSlice[];
  /** The Service's own name. */
  base: string;
}

/** @param labels  what stands before the Service's name */
function answerService(target: ServiceTarget, labels: readonly string[], question: DnsQuestion): ZoneAnswer {
  const { service } = target;
  const { name, type } = question;
  if (service.spec?.type === 'ExternalName') {
    if (labels.length > 0) return { kind: 'nameError' };
    return records([{ type: 'CNAME', name, data: (service.spec.externalName ?? '').replace(/\.$/, '') }]);
  }
  const hosts = hostsOf(target);
  if (labels.length === 0) {
    if (hosts.length === 0) return { kind: 'nameError' };
    return type === 'SRV' ? serviceRecords(question, hosts, () => true) : addresses(question, hosts);
  }
  if (labels.length === 1) return answerHost(target, labels[0]!, question);
  const [port, protocol, ...more] = labels;
  if (more.length > 0 || !port!.startsWith('_') || !protocol!.startsWith('_')) return { kind: 'nameError' };
  const isAsked = (candidate: HostPort) =>
    candidate.name === port!.slice(1) && candidate.protocol.toLowerCase() === protocol!.slice(1);
  if (!hosts.some(({ ports }) => ports.some(isAsked))) return { kind: 'nameError' };
  return type === 'SRV' ? serviceRecords(question, hosts, isAsked) : records([]);
}

/** `db-0.db.shop.svc…`; also `_tcp.db.shop.svc…`, which exists if a port's name does below it. */
function answerHost(target: ServiceTarget, label: string, question: DnsQuestion): ZoneAnswer {
  const endpoints = endpointHosts(target);
  const hosts = endpoints.filter((host) => host.name === `${label}.${target.base}`);
  if (hosts.length === 0) {
    const isProtocol = hostsOf(target).some(({ ports }) =>
      ports.some(({ name, protocol }) => name !== '' && `_${protocol.toLowerCase()}` === label),
    );
    return isProtocol ? records([]) : { kind: 'nameError' };
  }
  return question.type === 'SRV' ? serviceRecords(question, hosts, () => true) : addresses(question, hosts);
}

interface HostPort {
  name: string;
  protocol: string;
  port: number;
}

/** Something with an address behind a Service's name: its cluster address, or one endpoint. */
interface Host {
  name: string;
  ip: string;
  ports: HostPort[];
}

function hostsOf(target: ServiceTarget): Host[] {
  const { clusterIP = '', clusterIPs = [clusterIP], ports = [] } = target.service.spec ?? {};
  if (clusterIP === 'None' || clusterIP === '') return endpointHosts(target);
  const own = ports.map(({ name = '', protocol = 'TCP', port }) => ({ name, protocol, port }));
  return clusterIPs.map((ip) => ({ name: target.base, ip, ports: own }));
}

/** Ready endpoints; those of a Service that publishes not-ready ones are all called ready by their slice. */
function endpointHosts({ slices, base }: ServiceTarget): Host[] {
  const byIp = new Map<string, Host>();
  const sorted = slices.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const slice of sorted) {
    if (slice.addressType === 'FQDN') continue;
    const ports = (slice.ports ?? []).map(({ name = '', protocol = 'TCP', port = 0 }) => {
      return { name, protocol, port };
    });
    for (const endpoint of slice.endpoints ?? []) {
      const [ip] = endpoint.addresses;
      if (ip === undefined || endpoint.conditions?.ready === false) continue;
      const known = byIp.get(ip);
      if (known === undefined) byIp.set(ip, { name: `${hostLabel(endpoint, ip)}.${base}`, ip, ports });
      else known.ports = [...known.ports, ...ports];
    }
  }
  return [...byIp.values()];
}

/** @see CoreDNS endpointHostname */
function hostLabel({ hostname }: Endpoint, ip: string): string {
  return hostname || ip.replaceAll(/[.:]/g, '-');
}

function addresses({ name, type }: DnsQuestion, hosts: readonly Host[]): ZoneAnswer {
  return records(hosts.map(({ ip }) => addressRecord(name, ip)).filter((record) => record.type === type));
}

function addressRecord(name: string, ip: string): DnsRecord {
  return { type: ip.includes(':') ? 'AAAA' : 'A', name, data: ip };
}

function serviceRecords(
  { name }: DnsQuestion,
  hosts: readonly Host[],
  isAsked: (port: HostPort) => boolean,
): ZoneAnswer {
  const targets = hosts.flatMap((host) =>
    host.ports.filter(isAsked).map(({ port }) => ({ port, target: host.name })),
  );
  const weight = Math.max(1, Math.floor(WEIGHT_SUM / Math.max(1, targets.length)));
  const unique = new Map(targets.map((target) => [`${target.port} ${target.target}`, target]));
  return {
    kind: 'records',
    answers: [...unique.values()].map(({ port, target }) => {
      return { type: 'SRV' as const, name, data: { priority: 0, weight, port, target } };
    }),
    additionals: hosts.map(({ name: host, ip }) => addressRecord(host, ip)),
  };
}

/** The address is in the name; whether a Pod has it is not looked up. @see CoreDNS, `pods insecure` */
function answerPod(labels: readonly string[], { name, type }: DnsQuestion): ZoneAnswer {
  const [label, namespace, ...more] = labels;
  if (namespace === undefined) return records([]);
  const ip = /^\d{1,3}(-\d{1,3}){3}$/.test(label!) ? label!.replaceAll('-', '.') : '';
  const isAddress = ip !== '' && ip.split('.').every((part) => Number(part) <= 255);
  if (more.length > 0 || !isAddress) return { kind: 'nameError' };
  return records(type === 'A' ? [{ type, name, data: ip }] : []);
}

/** Names of Services by their cluster address, else of endpoints by theirs. */
function answerReverse(
  { name, type }: DnsQuestion,
  source: ZoneSource,
  { domain, isClusterAddress }: ZoneOptions,
): ZoneAnswer {
  const ip = parseReverseName(name);
  const services = ip === undefined ? [] : source.servicesAt(ip);
  // A Service may have an address from another ServiceCIDR than the first.
  if (ip === undefined || (services.length === 0 && !isClusterAddress(ip))) return { kind: 'notOurs' };
  const nameOf = ({ metadata }: Service) => `${metadata.name}.${metadata.namespace ?? ''}.svc.${domain}`;
  const names = services.map(nameOf);
  if (names.length === 0) {
    for (const { metadata, endpoints = [] } of source.slicesWith(ip)) {
      const service = source.service(
        metadata.namespace ?? '',
        metadata.labels?.['kubernetes.io/service-name'] ?? '',
      );
      if (service === undefined) continue;
      for (const endpoint of endpoints)
        if (endpoint.addresses[0] === ip && endpoint.conditions?.ready !== false)
          names.push(`${hostLabel(endpoint, ip)}.${nameOf(service)}`);
    }
  }
  if (names.length === 0) return { kind: 'nameError' };
  const unique = [...new Set(names)].sort();
  return records(type === 'PTR' ? unique.map((data) => ({ type, name, data })) : []);
}

function records(answers: DnsRecord[]): ZoneAnswer {
  return { kind: 'records', answers, additionals: [] };
}
