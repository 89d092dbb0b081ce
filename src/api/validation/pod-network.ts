/**
 * Validation of a Pod's place in the network: its names, its resolver, the ports it takes from the host.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validatePodDNSConfig, validatePodHostNetworkDeps
 */
import type { Container, HostAlias, PodDNSConfig, PodSpec } from '../generated/core-v1.ts';
import { named, oneInOrder } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  required,
  tooLong,
} from './field-error.ts';
import { validateIp } from './ip-fields.ts';
import { dns1123SubdomainProblem, dnsSearchProblem } from './names.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
/** What the C library's resolver can do. */
const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;
/** Of a kernel's host name. */
const HOSTNAME_MAX = 64;

export function validateDnsPolicy(policy: string, field: string, { dnsConfig }: PodSpec): FieldError[] {
  const errors = oneInOrder(field, policy, DNS_POLICIES);
  if (policy !== 'None' || (dnsConfig?.nameservers?.length ?? 0) > 0) return errors;
  const config = field.replace(/dnsPolicy$/, 'dnsConfig');
  return [
    dnsConfig === undefined
      ? required(config, 'must provide `dnsConfig` when `dnsPolicy` is None')
      : required(
          `${config}.nameservers`,
          'must provide at least one DNS nameserver when `dnsPolicy` is None',
        ),
  ];
}

export function validateDnsConfig(
  { nameservers = [], searches = [], options = [] }: PodDNSConfig,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const tooMuch = (list: string, value: readonly string[], most: string): void => {
    errors.push(invalid(`${field}.${list}`, value, `must not have more than ${most}`));
  };
  if (nameservers.length > NAMESERVERS_MAX)
    tooMuch('nameservers', nameservers, `${NAMESERVERS_MAX} nameservers`);
  if (searches.length > SEARCHES_MAX) tooMuch('searches', searches, `${SEARCHES_MAX} search paths`);
  if (searches.join(' ').length > SEARCH_CHARACTERS_MAX) {
    const most = `${SEARCH_CHARACTERS_MAX} characters (including spaces) in the search list`;
    tooMuch('searches', searches, most);
  }
  return [
    ...errors,
    ...errorsOfEach(nameservers, (ip, i) => validateIp(`${field}.nameservers[${i}]`, ip)),
    ...errorsOfEach(searches, (search, i) => validateSearch(search, `${field}.searches[${i}]`)),
    ...errorsOfEach(options, ({ name }, i) =>
      name ? [] : [required(`${field}.options[${i}]`, 'must not be empty')],
    ),
  ];
}

function validateSearch(search: string, field: string): FieldError[] {
  if (search === '.') return [];
  const domain = search.replace(/\.$/, '');
  return named(field, domain, dnsSearchProblem(domain));
}

export function validateHostAliases(aliases: readonly HostAlias[], field: string): FieldError[] {
  return errorsOfEach(aliases, ({ ip = '', hostnames = [] }: Partial<HostAlias>, i) => [
    ...validateIp(`${field}[${i}].ip`, ip),
    ...errorsOfEach(hostnames, (name, j) =>
      named(`${field}[${i}].hostnames[${j}]`, name, dns1123SubdomainProblem(name)),
    ),
  ]);
}

export function validateHostnameOverride(name: string, field: string, spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const other of ['setHostnameAsFQDN', 'hostNetwork'] as const) {
    if (spec[other]) errors.push(forbidden(field, `may not be specified when ${other} is true`));
  }
  if (name.length > HOSTNAME_MAX) errors.push(tooLong(field, HOSTNAME_MAX));
  return [...errors, ...named(field, name, dns1123SubdomainProblem(name))];
}

/** In the host's network a port is the host's. @param field  of the Pod's spec */
export function validateHostNetworkPorts({ containers = [] }: Partial<PodSpec>, field: string): FieldError[] {
  return errorsOfEach(containers, ({ ports = [] }, i) =>
    errorsOfEach(ports, ({ hostPort = 0, containerPort }, j) => {
      if (hostPort === containerPort || hostPort === 0) return [];
      const path = `${field}.containers[${i}].ports[${j}].hostPort`;
      return [invalid(path, hostPort, 'must match `containerPort` when `hostNetwork` is true')];
    }),
  );
}

/** Containers run side by side, init containers one by one. @param field  of the Pod's spec */
export function validateHostPorts(
  { containers = [], initContainers = [] }: Partial<PodSpec>,
  field: string,
): FieldError[] {
  const taken = new Set<string>();
  return [
    ...errorsOfEach(containers, (container, i) => takePorts(container, taken, `${field}.containers[${i}]`)),
    // Upstream counts each of them as the first.
    ...errorsOfEach(initContainers, (container) =>
      takePorts(container, new Set(), `${field}.initContainers[0]`),
    ),
  ];
}

function takePorts({ ports }: Container, taken: Set<string>, field: string): FieldError[] {
  if (ports === undefined) return [];
  return errorsOfEach(ports, ({ hostPort, hostIP = '', protocol = '' }, i) => {
    if (!hostPort) return [];
    const port = `${protocol}/${hostIP}/${hostPort}`;
    if (taken.has(port)) return [duplicate(`${field}.ports[${i}].hostPort`, port)];
    taken.add(port);
    return [];
  });
}
