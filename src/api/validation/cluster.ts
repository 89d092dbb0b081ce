/**
 * Validation of Services, endpoints and leases.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go and its neighbours
 */
import type { Lease } from '../generated/coordination-v1.ts';
import type { Endpoints, Service, ServicePort } from '../generated/core-v1.ts';
import type { EndpointSlice } from '../generated/discovery-v1.ts';
import { validatePortReference } from './container-ports.ts';
import { named, oneOf } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, required, untilMany } from './field-error.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem, ipProblem, portNumberProblem } from './names.ts';
import { validateLabels } from './object-meta.ts';

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const ENDPOINTS_PER_SLICE_MAX = 1000;
const AFFINITY_SECONDS_MAX = 86_400;

export function validateService({ spec }: Service): FieldError[] {
  const errors = [
    ...oneOf('spec.type', spec.type, SERVICE_TYPES),
    ...oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']),
    ...oneOf('spec.externalTrafficPolicy', spec.externalTrafficPolicy, ['Cluster', 'Local']),
    ...oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...validateServicePorts(spec.ports ?? []),
  ];
  const headless = spec.clusterIP === 'None';
  if (spec.type === 'ExternalName') {
    errors.push(
      ...(spec.externalName
        ? named('spec.externalName', spec.externalName, dns1123SubdomainProblem(spec.externalName))
        : [required('spec.externalName')]),
    );
  } else if ((spec.ports?.length ?? 0) === 0 && !headless) {
    errors.push(required('spec.ports'));
  }
  if (headless && (spec.type === 'NodePort' || spec.type === 'LoadBalancer')) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  if (spec.clusterIP && !headless)
    errors.push(...named('spec.clusterIPs', [spec.clusterIP], ipProblem(spec.clusterIP)));
  for (const [i, ip] of untilMany(errors, (spec.externalIPs ?? []).entries()))
    errors.push(...named(`spec.externalIPs[${i}]`, ip, ipProblem(ip)));
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds !== undefined && (seconds <= 0 || seconds > AFFINITY_SECONDS_MAX)) {
    errors.push(
      invalid(
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
        seconds,
        `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`,
      ),
    );
  }
  return errors;
}

function validateServicePorts(ports: readonly ServicePort[]): FieldError[] {
  const names = new Set<string>();
  const numbers = new Set<string>();
  return errorsOfEach(ports, (port, index) => {
    const field = `spec.ports[${index}]`;
    const errors: FieldError[] = [];
    if (port.name) errors.push(...named(`${field}.name`, port.name, dns1123LabelProblem(port.name)));
    else if (ports.length > 1) errors.push(required(`${field}.name`));
    if (port.name && names.has(port.name)) errors.push(duplicate(`${field}.name`, port.name));
    names.add(port.name ?? '');
    errors.push(...named(`${field}.port`, port.port, portNumberProblem(port.port)));
    const key = `${port.protocol}/${port.port}`;
    if (numbers.has(key)) errors.push(duplicate(field, { port: port.port, protocol: port.protocol }));
    numbers.add(key);
    errors.push(...oneOf(`${field}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']));
    if (port.targetPort !== undefined)
      errors.push(...validatePortReference(port.targetPort, `${field}.targetPort`));
    return errors;
  });
}

/** An address once given stays with its Service. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors = validateService(service);
  const before = old.spec.clusterIP;
  const keepsAddress = service.spec.type !== 'ExternalName' && old.spec.type !== 'ExternalName';
  if (keepsAddress && before && service.spec.clusterIP !== before) {
    errors.push(
      invalid(
        'spec.clusterIPs[0]',
        service.spec.clusterIP ? [service.spec.clusterIP] : undefined,
        'may not change once set',
      ),
    );
  }
  return errors;
}

export function validateEndpoints(endpoints: Endpoints): FieldError[] {
  return errorsOfEach(endpoints.subsets ?? [], (subset, i) =>
    errorsOfEach([...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])], (address) =>
      named(`subsets[${i}].addresses.ip`, address.ip, ipProblem(address.ip)),
    ),
  );
}

export function validateEndpointSlice(slice: EndpointSlice): FieldError[] {
  const errors = slice.addressType
    ? oneOf('addressType', slice.addressType, ['FQDN', 'IPv4', 'IPv6'])
    : [required('addressType')];
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > ENDPOINTS_PER_SLICE_MAX) {
    errors.push(invalid('endpoints', endpoints.length, `must have at most ${ENDPOINTS_PER_SLICE_MAX} items`));
  }
  for (const [i, endpoint] of untilMany(errors, endpoints.entries())) {
    if ((endpoint.addresses?.length ?? 0) === 0)
      errors.push(required(`endpoints[${i}].addresses`, 'must contain at least 1 address'));
    if (slice.addressType === 'FQDN') continue;
    for (const address of untilMany(errors, endpoint.addresses ?? []))
      errors.push(...named(`endpoints[${i}].addresses[0]`, address, ipProblem(address)));
  }
  return errors;
}

export function validateLease({ spec }: Lease): FieldError[] {
  const errors: FieldError[] = [];
  if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    errors.push(invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0'));
  }
  if (spec?.leaseTransitions !== undefined && spec.leaseTransitions < 0) {
    errors.push(
      invalid('spec.leaseTransitions', spec.leaseTransitions, 'must be greater than or equal to 0'),
    );
  }
  return errors;
}
