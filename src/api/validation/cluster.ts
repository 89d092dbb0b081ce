/**
 * Validation of Services, configuration, nodes, endpoints, leases and access kinds.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go and its neighbours
 */
import type { Lease } from '../generated/coordination-v1.ts';
import type { ConfigMap, Endpoints, Node, Secret, Service, ServicePort } from '../generated/core-v1.ts';
import type { EndpointSlice } from '../generated/discovery-v1.ts';
import type { ClusterRoleBinding, RoleBinding } from '../generated/rbac-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { validatePortReference } from './container-ports.ts';
import { named, oneOf } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  required,
  tooLong,
  untilMany,
} from './field-error.ts';
import {
  configKeyProblem,
  dns1123LabelProblem,
  dns1123SubdomainProblem,
  ipProblem,
  portNumberProblem,
  qualifiedNameProblem,
} from './names.ts';
import { validateLabels } from './object-meta.ts';

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
/** All values of a ConfigMap or Secret together. */
const DATA_MAX_BYTES = 1024 * 1024;
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

export function validateConfigMap(config: ConfigMap): FieldError[] {
  return validateData({ data: config.data ?? {}, binaryData: config.binaryData ?? {} });
}

export function validateSecret(secret: Secret): FieldError[] {
  const errors = validateData({ data: secret.data ?? {} });
  for (const [key, value] of untilMany(errors, Object.entries(secret.data ?? {}))) {
    if (!isBase64(value))
      errors.push(invalid(`data[${key}]`, '<secret contents redacted>', 'must be base64'));
  }
  if (secret.type === 'kubernetes.io/service-account-token' && !secret.metadata.annotations?.[ACCOUNT_NAME])
    errors.push(required(`metadata.annotations[${ACCOUNT_NAME}]`));
  return errors;
}

const ACCOUNT_NAME = 'kubernetes.io/service-account.name';

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function validateData(parts: Record<string, Record<string, string>>): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  for (const [part, data] of Object.entries(parts)) {
    for (const [key, value] of untilMany(errors, Object.entries(data))) {
      errors.push(...named(`${part}[${key}]`, key, configKeyProblem(key)));
      if (seen.has(key)) errors.push(invalid(part, key, `duplicate of key present in data`));
      seen.add(key);
      bytes += part === 'data' ? value.length : Math.floor((value.length * 3) / 4);
    }
  }
  if (bytes > DATA_MAX_BYTES) errors.push(tooLong('[]', DATA_MAX_BYTES));
  return errors;
}

type MaybeImmutable = { immutable?: boolean; data?: object; binaryData?: object };

/** ConfigMaps and Secrets that were declared immutable stay as they are. */
export function validateImmutableData(object: MaybeImmutable, old: MaybeImmutable): FieldError[] {
  if (!old.immutable) return [];
  const errors = object.immutable
    ? []
    : [forbidden('immutable', 'field is immutable when `immutable` is set')];
  for (const part of ['data', 'binaryData'] as const) {
    const same = equalJson((object[part] ?? {}) as JsonValue, (old[part] ?? {}) as JsonValue);
    if (!same) errors.push(forbidden(part, 'field is immutable when `immutable` is set'));
  }
  return errors;
}

export function validateSecretUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors = [...validateSecret(secret), ...validateImmutableData(secret, old)];
  if (secret.type !== old.type) errors.push(invalid('type', secret.type, 'field is immutable'));
  return errors;
}

export function validateNode({ spec }: Node): FieldError[] {
  return errorsOfEach(spec?.taints ?? [], (taint, i) => {
    const field = `spec.taints[${i}]`;
    const errors = named(`${field}.key`, taint.key, qualifiedNameProblem(taint.key));
    return [
      ...errors,
      ...oneOf(`${field}.effect`, taint.effect, ['NoExecute', 'NoSchedule', 'PreferNoSchedule']),
    ];
  });
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

export function validateBinding(binding: RoleBinding | ClusterRoleBinding): FieldError[] {
  const kinds = binding.kind === 'RoleBinding' ? ['ClusterRole', 'Role'] : ['ClusterRole'];
  const errors = binding.roleRef?.name ? [] : [required('roleRef.name')];
  errors.push(...oneOf('roleRef.kind', binding.roleRef?.kind ?? '', kinds));
  for (const [i, subject] of untilMany(errors, (binding.subjects ?? []).entries())) {
    errors.push(...oneOf(`subjects[${i}].kind`, subject.kind, ['Group', 'ServiceAccount', 'User']));
    if (!subject.name) errors.push(required(`subjects[${i}].name`));
  }
  return errors;
}

type AnyBinding = RoleBinding | ClusterRoleBinding;

export function validateBindingUpdate(binding: AnyBinding, old: AnyBinding): FieldError[] {
  const same = equalJson(binding.roleRef as unknown as JsonValue, old.roleRef as unknown as JsonValue);
  return [
    ...validateBinding(binding),
    ...(same ? [] : [invalid('roleRef', binding.roleRef, 'cannot change roleRef')]),
  ];
}
