/** Validation of Services. @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateService and its Updates */
import type { Service, ServiceSpec } from '../generated/core-v1.ts';
import { named, oneOf } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, required } from './field-error.ts';
import { validateExternalIp, validateIp } from './ip-fields.ts';
import { dns1123SubdomainProblem } from './names.ts';
import { validateLabels } from './object-meta.ts';
import { requiredOneOf } from './required-one-of.ts';
import {
  clusterIpsOfSpec,
  isHeadless,
  validateClusterIps,
  validateClusterIpsUpdate,
} from './service-cluster-ips.ts';
import { validateLoadBalancing, validateLoadBalancingUpdate } from './service-load-balancer.ts';
import { validateServicePorts } from './service-ports.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const AFFINITY_SECONDS_MAX = 86_400;
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';

/** @param old  what of it is kept unchanged may stay in forms of address that are taken no more */
export function validateService(service: Service, old?: Service): FieldError[] {
  const { metadata, spec } = service;
  const headless = isHeadless(spec);
  const errors = validateTopology(metadata.annotations);
  if ((spec.ports?.length ?? 0) === 0 && !headless && spec.type !== 'ExternalName')
    errors.push(required('spec.ports'));
  if (headless && (spec.type === 'NodePort' || spec.type === 'LoadBalancer'))
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  errors.push(
    ...(spec.type === 'ExternalName'
      ? validateExternalName(spec)
      : validateClusterIps(spec, new Set(old === undefined ? [] : clusterIpsOfSpec(old.spec)))),
    ...validateServicePorts(spec),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...validateAffinity(spec),
    ...validateExternalIps(spec, old?.spec),
    ...requiredOneOf('spec.type', spec.type, TYPES),
    ...validateLoadBalancing(service, old),
    ...oneOf('spec.trafficDistribution', spec.trafficDistribution, TRAFFIC_DISTRIBUTIONS),
  );
  return errors;
}

const TRAFFIC_DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];

/** Two names of one thing. */
function validateTopology(annotations: Record<string, string> = {}): FieldError[] {
  const { [TOPOLOGY_MODE]: mode, [TOPOLOGY_HINTS]: hints } = annotations;
  if (mode === undefined || hints === undefined || mode === hints) return [];
  const detail = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`;
  return [invalid(`metadata.annotations[${TOPOLOGY_MODE}]`, mode, detail)];
}

/** An alias has no address of its own. */
function validateExternalName(spec: ServiceSpec): FieldError[] {
  const detail = 'may not be set for ExternalName services';
  const errors: FieldError[] = [];
  if (clusterIpsOfSpec(spec).length > 0) errors.push(forbidden('spec.clusterIPs', detail));
  if ((spec.ipFamilies?.length ?? 0) > 0) errors.push(forbidden('spec.ipFamilies', detail));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden('spec.ipFamilyPolicy', detail));
  // It may say that it is complete.
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') return [...errors, required('spec.externalName')];
  return [...errors, ...named('spec.externalName', name, dns1123SubdomainProblem(name))];
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  const errors = requiredOneOf('spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None']);
  const field = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None' && sessionAffinityConfig !== undefined)
    errors.push(forbidden(field, 'must not be set when session affinity is None'));
  if (sessionAffinity !== 'ClientIP') return errors;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds === undefined || (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX)) return errors;
  const detail = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`;
  return [...errors, invalid(`${field}.clientIP.timeoutSeconds`, seconds, detail)];
}

function validateExternalIps({ externalIPs = [] }: ServiceSpec, old?: ServiceSpec): FieldError[] {
  if (externalIPs.length === 0) return [];
  const kept = new Set(old?.externalIPs);
  return errorsOfEach(externalIPs, (ip, index) => {
    const field = `spec.externalIPs[${index}]`;
    const errors = validateIp(field, ip, kept);
    return errors.length > 0 ? errors : validateExternalIp(field, ip);
  });
}

export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const isOrWasAlias = service.spec.type === 'ExternalName' || old.spec.type === 'ExternalName';
  return [
    ...(isOrWasAlias ? [] : validateClusterIpsUpdate(service.spec, old.spec)),
    ...validateLoadBalancingUpdate(service, old),
    ...validateService(service, old),
  ];
}
