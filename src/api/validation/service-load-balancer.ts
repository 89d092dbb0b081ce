/**
 * Validation of what Services say to load balancers, and of what those say in the status.
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateService, ValidateLoadBalancerStatus
 */
import type { LoadBalancerIngress, Service } from '../generated/core-v1.ts';
import { isExternallyAccessible, needsHealthCheck } from '../service-types.ts';
import { named, oneOf } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, required } from './field-error.ts';
import { parseIpSloppily, validateCidr, validateIp } from './ip-fields.ts';
import { dns1123SubdomainProblem, portNumberProblem, qualifiedNameProblem } from './names.ts';
import { requiredOneOf } from './required-one-of.ts';

const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";
const RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const POLICIES = ['Cluster', 'Local'];

export function validateLoadBalancing(service: Service, old?: Service): FieldError[] {
  const { spec } = service;
  const isLoadBalancer = spec.type === 'LoadBalancer';
  const errors = validateSourceRanges(service, old);
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer)
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', ONLY_LOAD_BALANCER));
  const { loadBalancerClass } = spec;
  if (loadBalancerClass !== undefined) {
    const field = 'spec.loadBalancerClass';
    if (isLoadBalancer)
      errors.push(...named(field, loadBalancerClass, qualifiedNameProblem(loadBalancerClass)));
    else errors.push(forbidden(field, ONLY_LOAD_BALANCER));
  }
  return [...errors, ...validateTrafficPolicies(service)];
}

/** Of the field, in capitals as upstream writes it, or of the annotation from before there was a field. */
function validateSourceRanges({ metadata, spec }: Service, old?: Service): FieldError[] {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const misplaced = (field: string) =>
    spec.type === 'LoadBalancer' ? [] : [forbidden(field, ONLY_LOAD_BALANCER)];
  if (ranges.length > 0) {
    const field = 'spec.LoadBalancerSourceRanges';
    const kept = new Set((old?.spec.loadBalancerSourceRanges ?? []).map((text) => text.trim()));
    const check = (text: string, index: number) => validateCidr(`${field}[${index}]`, text.trim(), kept);
    return [...misplaced(field), ...errorsOfEach(ranges, check)];
  }
  const annotation = metadata.annotations?.[RANGES_ANNOTATION];
  if (annotation === undefined) return [];
  const field = `metadata.annotations[${RANGES_ANNOTATION}]`;
  const isKept = annotation === old?.metadata.annotations?.[RANGES_ANNOTATION];
  if (isKept || annotation.trim() === '') return misplaced(field);
  return [
    ...misplaced(field),
    ...errorsOfEach(annotation.split(','), (text) => validateCidr(field, text.trim())),
  ];
}

function validateTrafficPolicies(service: Service): FieldError[] {
  const { type, externalTrafficPolicy, internalTrafficPolicy, healthCheckNodePort } = service.spec;
  const errors: FieldError[] = [];
  const external = 'spec.externalTrafficPolicy';
  if (isExternallyAccessible(service))
    errors.push(...requiredOneOf(external, externalTrafficPolicy, POLICIES));
  else if (externalTrafficPolicy)
    errors.push(
      invalid(external, externalTrafficPolicy, 'may only be set for externally-accessible services'),
    );
  if (healthCheckNodePort) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    const problem = needsHealthCheck(service) ? portNumberProblem(healthCheckNodePort) : detail;
    errors.push(...named('spec.healthCheckNodePort', healthCheckNodePort, problem));
  }
  const internal = 'spec.internalTrafficPolicy';
  if (type === 'ExternalName') return [...errors, ...oneOf(internal, internalTrafficPolicy, POLICIES)];
  return [...errors, ...requiredOneOf(internal, internalTrafficPolicy, POLICIES)];
}

export function validateLoadBalancingUpdate(service: Service, old: Service): FieldError[] {
  const errors: FieldError[] = [];
  const [now, before] = [service.spec, old.spec];
  const wasAndIs = now.type === 'LoadBalancer' && before.type === 'LoadBalancer';
  if (wasAndIs && now.loadBalancerClass !== before.loadBalancerClass)
    errors.push(invalid('spec.loadBalancerClass', now.loadBalancerClass, 'may not change once set'));
  const isChecked = needsHealthCheck(service) && needsHealthCheck(old);
  if (isChecked && (now.healthCheckNodePort ?? 0) !== (before.healthCheckNodePort ?? 0))
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  return errors;
}

export function validateServiceStatus({ spec, status }: Service, old: Service): FieldError[] {
  const field = 'status.loadBalancer.ingress';
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && spec.type !== 'LoadBalancer')
    return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  const kept = new Set((old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? ''));
  return errorsOfEach(ingress, (point, index) => [
    ...validateIngressPoint(point, `${field}[${index}]`, kept),
    ...validateIpMode(point, `${field}[${index}].ipMode`),
  ]);
}

function validateIpMode({ ip, ipMode }: LoadBalancerIngress, field: string): FieldError[] {
  if (ipMode === undefined) return ip ? [required(field, 'must be specified when `ip` is set')] : [];
  if (!ip) return [forbidden(field, 'may not be specified when `ip` is not set')];
  return oneOf(field, ipMode, ['Proxy', 'VIP']);
}

/** An address or a name of a load balancer, of a Service or an Ingress. */
export function validateIngressPoint(
  { ip, hostname }: { ip?: string; hostname?: string },
  field: string,
  kept: ReadonlySet<string>,
): FieldError[] {
  const errors = ip ? validateIp(`${field}.ip`, ip, kept) : [];
  return hostname ? [...errors, ...validateHostname(hostname, `${field}.hostname`)] : errors;
}

function validateHostname(hostname: string, field: string): FieldError[] {
  const errors = named(field, hostname, dns1123SubdomainProblem(hostname));
  if (parseIpSloppily(hostname) !== undefined)
    errors.push(invalid(field, hostname, 'must be a DNS name, not an IP address'));
  return errors;
}
