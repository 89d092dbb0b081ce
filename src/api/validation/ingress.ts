/** Validation of Ingresses. @see kubernetes/kubernetes pkg/apis/networking/validation/validation.go ValidateIngressCreate */
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  IngressTLS,
} from '../generated/networking-v1.ts';
import { named, oneOf } from './field-checks.ts';
import { errorsOfEach, type FieldError, invalid, required } from './field-error.ts';
import { parseIpSloppily } from './ip-fields.ts';
import {
  dns1123LabelProblem,
  dns1123SubdomainProblem,
  portNameProblem,
  portNumberProblem,
  wildcardDomainProblem,
} from './names.ts';
import { validateIngressPoint } from './service-load-balancer.ts';
import { validateTypedReference } from './typed-reference.ts';

export const INGRESS_CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const FORBIDDEN_IN_PATHS = ['//', '/./', '/../', '%2f', '%2F'];
const FORBIDDEN_ENDS = ['/..', '/.'];

/** What was stored when less was looked at may stay. */
interface Leniency {
  secretNames: boolean;
  wildcardRules: boolean;
}

export function validateIngress(ingress: Ingress): FieldError[] {
  const errors = validateSpec(ingress.spec, { secretNames: false, wildcardRules: false });
  const annotation = ingress.metadata.annotations?.[INGRESS_CLASS_ANNOTATION];
  const { ingressClassName } = ingress.spec;
  if (annotation !== undefined && ingressClassName !== undefined && annotation !== ingressClassName) {
    const detail = 'must match `ingressClassName` when both are specified';
    errors.push(invalid(`annotations.${INGRESS_CLASS_ANNOTATION}`, annotation, detail));
  }
  return errors;
}

export function validateIngressUpdate({ spec }: Ingress, old: Ingress): FieldError[] {
  const hadWrongSecret = old.spec.tls?.some(({ secretName }) => secretProblem(secretName) !== undefined);
  const hadWrongRule = old.spec.rules?.some(
    (rule) => rule.host?.includes('*') && validatePaths(rule, '').length > 0,
  );
  return validateSpec(spec, { secretNames: hadWrongSecret === true, wildcardRules: hadWrongRule === true });
}

export function validateIngressStatus({ status }: Ingress, old: Ingress): FieldError[] {
  const kept = new Set((old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? ''));
  return errorsOfEach(status?.loadBalancer?.ingress ?? [], (point, index) =>
    validateIngressPoint(point, `status.loadBalancer.ingress[${index}]`, kept),
  );
}

function validateSpec(spec: IngressSpec, leniency: Leniency): FieldError[] {
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  const errors: FieldError[] = [];
  if (rules.length === 0 && defaultBackend === undefined)
    errors.push(invalid('spec', spec.rules, 'either `defaultBackend` or `rules` must be specified'));
  if (defaultBackend !== undefined) errors.push(...validateBackend(defaultBackend, 'spec.defaultBackend'));
  errors.push(
    ...errorsOfEach(rules, (rule, i) => validateRule(rule, `spec.rules[${i}]`, leniency)),
    ...errorsOfEach(tls, (entry, i) => validateTls(entry, `spec.tls[${i}]`, leniency)),
  );
  if (ingressClassName === undefined) return errors;
  const problem = dns1123SubdomainProblem(ingressClassName);
  return [...errors, ...named('spec.ingressClassName', ingressClassName, problem)];
}

function validateRule(rule: IngressRule, field: string, { wildcardRules }: Leniency): FieldError[] {
  const { host = '' } = rule;
  const errors: FieldError[] = [];
  if (host !== '') {
    if (parseIpSloppily(host) !== undefined)
      errors.push(invalid(`${field}.host`, host, 'must be a DNS name, not an IP address'));
    errors.push(...named(`${field}.host`, host, hostProblem(host)));
  }
  return host.includes('*') && wildcardRules ? errors : [...errors, ...validatePaths(rule, field)];
}

function hostProblem(host: string): string | undefined {
  return host.includes('*') ? wildcardDomainProblem(host) : dns1123SubdomainProblem(host);
}

function validateTls(
  { hosts = [], secretName }: IngressTLS,
  field: string,
  { secretNames }: Leniency,
): FieldError[] {
  const errors = errorsOfEach(hosts, (host, i) => named(`${field}.hosts[${i}]`, host, hostProblem(host)));
  if (secretNames) return errors;
  return [...errors, ...named(`${field}.secretName`, secretName, secretProblem(secretName))];
}

function secretProblem(name = ''): string | undefined {
  return name === '' ? undefined : dns1123SubdomainProblem(name);
}

function validatePaths({ http }: IngressRule, field: string): FieldError[] {
  if (http === undefined) return [];
  const paths = http.paths ?? [];
  if (paths.length === 0) return [required(`${field}.http.paths`)];
  return errorsOfEach(paths, (path, i) => validatePath(path, `${field}.http.paths[${i}]`));
}

function validatePath({ path = '', pathType, backend }: HTTPIngressPath, field: string): FieldError[] {
  if (pathType === undefined) return [required(`${field}.pathType`, 'pathType must be specified')];
  const at = `${field}.path`;
  const isPlain = pathType === 'Exact' || pathType === 'Prefix';
  const errors: FieldError[] = [];
  const mustBeAbsolute = isPlain || (pathType === 'ImplementationSpecific' && path !== '');
  if (mustBeAbsolute && !path.startsWith('/')) errors.push(invalid(at, path, 'must be an absolute path'));
  if (isPlain) errors.push(...validatePlainPath(path, at));
  else errors.push(...oneOf(`${field}.pathType`, pathType, PATH_TYPES));
  return [...errors, ...validateBackend(backend ?? {}, `${field}.backend`)];
}

function validatePlainPath(path: string, field: string): FieldError[] {
  return [
    ...FORBIDDEN_IN_PATHS.filter((text) => path.includes(text)).map((text) =>
      invalid(field, path, `must not contain '${text}'`),
    ),
    ...FORBIDDEN_ENDS.filter((text) => path.endsWith(text)).map((text) =>
      invalid(field, path, `cannot end with '${text}'`),
    ),
  ];
}

function validateBackend({ service, resource }: IngressBackend, field: string): FieldError[] {
  if (resource !== undefined && service !== undefined)
    return [invalid(field, '', 'cannot set both resource and service backends')];
  if (resource !== undefined) return validateTypedReference(resource, `${field}.resource`);
  if (service !== undefined) return validateServiceBackend(service, field);
  return [invalid(field, '', 'resource or service backend is required')];
}

function validateServiceBackend({ name, port = {} }: IngressServiceBackend, field: string): FieldError[] {
  const at = `${field}.service`;
  const errors = name ? named(`${at}.name`, name, dns1123LabelProblem(name)) : [required(`${at}.name`)];
  if (port.name && port.number)
    return [...errors, invalid(field, '', 'cannot set both port name & port number')];
  if (port.name) return [...errors, ...named(`${at}.port.name`, port.name, portNameProblem(port.name))];
  if (port.number)
    return [...errors, ...named(`${at}.port.number`, port.number, portNumberProblem(port.number))];
  return [...errors, required(field, 'port name or number is required')];
}
