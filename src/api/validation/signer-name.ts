/** @see k8s.io/kubernetes/pkg/apis/core/validation/names.go ValidateSignerName */
import { type FieldError, invalid, required, tooLong } from './field-error.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem, SUBDOMAIN_MAX } from './names.ts';

const SIGNER_NAME_MAX = 571;

/** `example.com/signer-name` */
export function validateSignerName(name: string, field: string): FieldError[] {
  if (!name) return [required(field)];
  const [domain = '', path = '', ...rest] = name.split('/');
  if (rest.length > 0 || !name.includes('/')) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(field, name, why)];
  }
  // Each complaint shows all of it.
  if (name.length > SIGNER_NAME_MAX) return [tooLong(field, SIGNER_NAME_MAX)];
  const labels = domain.split('.');
  const errors = domain.length > SUBDOMAIN_MAX ? [tooLong(field, SUBDOMAIN_MAX)] : [];
  errors.push(...labelErrors(field, domain, dns1123LabelProblem));
  if (labels.length < 2)
    errors.push(invalid(field, domain, 'should be a domain with at least two segments separated by dots'));
  return [...errors, ...labelErrors(field, path, dns1123SubdomainProblem)];
}

/** Of the first label that is wrong. */
function labelErrors(
  field: string,
  whole: string,
  problemOf: (label: string) => string | undefined,
): FieldError[] {
  for (const label of whole.split('.')) {
    const problem = problemOf(label);
    if (problem !== undefined)
      return [invalid(field, whole, `validating label ${JSON.stringify(label)}: ${problem}`)];
  }
  return [];
}
