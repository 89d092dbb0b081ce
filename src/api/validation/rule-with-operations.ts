/** Rules of which requests a webhook or a policy is about. @see kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go */
import type { RuleWithOperations } from '../generated/admissionregistration-v1.ts';
import { type FieldError, invalid, notSupported, required, untilMany } from './field-error.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];

export function validateRuleWithOperations(rule: RuleWithOperations, at: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const errors: FieldError[] = [];
  const wild = (field: string, values: readonly string[], what: string) => {
    if (values.length === 0) errors.push(required(`${at}.${field}`));
    if (values.length > 1 && values.includes('*')) {
      errors.push(invalid(`${at}.${field}`, values, `if '*' is present, must not specify other ${what}`));
    }
  };
  wild('operations', operations, 'operations');
  for (const [index, operation] of untilMany(errors, operations.entries())) {
    if (!OPERATIONS.includes(operation)) {
      errors.push(notSupported(`${at}.operations[${index}]`, operation, OPERATIONS));
    }
  }
  wild('apiGroups', apiGroups, 'API groups');
  wild('apiVersions', apiVersions, 'API versions');
  for (const [index, version] of untilMany(errors, apiVersions.entries())) {
    if (version === '') errors.push(required(`${at}.apiVersions[${index}]`));
  }
  errors.push(...resourceErrors(resources, `${at}.resources`));
  if (scope && !SCOPES.includes(scope)) errors.push(notSupported(`${at}.scope`, scope, SCOPES));
  return errors;
}

/** `pods`, `pods/status`, `pods/*`, `*`, and `*` with a subresource: what says all must not stand beside what it says. */
function resourceErrors(resources: readonly string[], at: string): FieldError[] {
  const errors: FieldError[] = resources.length === 0 ? [required(at)] : [];
  const [allPartsOf, allWithPart] = [new Set<string>(), new Set<string>()];
  for (const [index, text] of untilMany(errors, resources.entries())) {
    const place = `${at}[${index}]`;
    if (text === '') errors.push(required(place));
    const slash = text.indexOf('/');
    if (slash < 0) continue;
    const [resource, part] = [text.slice(0, slash), text.slice(slash + 1)];
    if (allPartsOf.has(resource)) {
      errors.push(invalid(place, text, `if '${resource}/*' is present, must not specify ${text}`));
    }
    if (allWithPart.has(part)) {
      errors.push(invalid(place, text, `if '*/${part}' is present, must not specify ${text}`));
    }
    if (part === '*') allPartsOf.add(resource);
    if (resource === '*') allWithPart.add(part);
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(at, resources, "if '*/*' is present, must not specify other resources"));
  }
  // As upstream, which remembers of these only the last.
  const isNamed = resources.findLast((text) => text !== '' && !text.includes('/')) !== '*';
  if (resources.includes('*') && isNamed) {
    const why = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(at, resources, why));
  }
  return errors;
}
