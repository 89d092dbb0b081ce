/** Validation of IngressClasses. @see kubernetes/kubernetes pkg/apis/networking/validation/validation.go ValidateIngressClass */
import type { IngressClass, IngressClassParametersReference } from '../generated/networking-v1.ts';
import { named } from './field-checks.ts';
import { type FieldError, forbidden, invalid, required, tooLong } from './field-error.ts';
import { validateImmutable } from './immutable.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem } from './names.ts';
import { requiredOneOf } from './required-one-of.ts';
import { validateTypedReference } from './typed-reference.ts';

const CONTROLLER_MAX = 250;
const FIELD = 'spec.controller';
const PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

export function validateIngressClass({ spec }: IngressClass): FieldError[] {
  const { controller = '', parameters } = spec;
  return [
    ...(controller.length > CONTROLLER_MAX ? [tooLong(FIELD, CONTROLLER_MAX)] : []),
    ...validateDomainPrefixedPath(controller),
    ...(parameters === undefined ? [] : validateParameters(parameters, 'spec.parameters')),
  ];
}

export function validateIngressClassUpdate(ingressClass: IngressClass, old: IngressClass): FieldError[] {
  return [
    ...validateImmutable(FIELD, ingressClass.spec.controller ?? '', old.spec.controller ?? ''),
    ...validateIngressClass(ingressClass),
  ];
}

/** `acme.io/foo` */
function validateDomainPrefixedPath(text: string): FieldError[] {
  if (text === '') return [required(FIELD)];
  const slash = text.indexOf('/');
  const [host, path] = [text.slice(0, Math.max(slash, 0)), text.slice(slash + 1)];
  if (host === '' || path === '')
    return [invalid(FIELD, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const errors = named(FIELD, host, dns1123SubdomainProblem(host));
  if (!PATH.test(path)) {
    const pattern = PATH.source.slice(1, -1);
    errors.push(invalid(FIELD, path, `Invalid path (regex used for validation is '${pattern}')`));
  }
  return errors;
}

function validateParameters(parameters: IngressClassParametersReference, field: string): FieldError[] {
  const { scope, namespace } = parameters;
  const errors = [
    ...validateTypedReference(parameters, field),
    ...requiredOneOf(`${field}.scope`, scope, ['Cluster', 'Namespace']),
  ];
  const at = `${field}.namespace`;
  if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
    else errors.push(...named(at, namespace, dns1123LabelProblem(namespace)));
  }
  if (scope === 'Cluster' && namespace !== undefined)
    errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"));
  return errors;
}
