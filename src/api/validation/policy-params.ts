/** What parameters a policy takes, and which a binding gives. @see kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go */
import type { ParamKind, ParamRef } from '../generated/admissionregistration-v1.ts';
import { named } from './field-checks.ts';
import { type FieldError, forbidden, invalid, required, unsupported } from './field-error.ts';
import { dns1035LabelProblem, dns1123SubdomainProblem, pathSegmentProblem } from './names.ts';
import { validateLabelSelector } from './object-meta.ts';

const NOT_FOUND_ACTIONS = ['Deny', 'Allow'];

export function validateParamKind(
  { apiVersion = '', kind = '' }: Partial<ParamKind>,
  at: string,
): FieldError[] {
  const errors =
    apiVersion === '' ? [required(`${at}.apiVersion`)] : apiVersionErrors(apiVersion, `${at}.apiVersion`);
  const problem = dns1035LabelProblem(kind.toLowerCase());
  if (kind === '') errors.push(required(`${at}.kind`));
  else if (problem !== undefined)
    errors.push(invalid(`${at}.kind`, kind, `may have mixed case, but should otherwise match: ${problem}`));
  return errors;
}

function apiVersionErrors(apiVersion: string, at: string): FieldError[] {
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [version = '', group = ''] = parts.reverse();
  const errors = group === '' ? [] : named(at, group, dns1123SubdomainProblem(group));
  if (version === '') return [...errors, invalid(at, apiVersion, 'version must be specified')];
  return [...errors, ...named(at, version, dns1035LabelProblem(version))];
}

export function validateParamRef(
  { name = '', selector, parameterNotFoundAction = '' }: ParamRef,
  at: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const exclusive = 'name and selector are mutually exclusive';
  if (name !== '') errors.push(...named(`${at}.name`, name, pathSegmentProblem(name)));
  if (name !== '' && selector !== undefined) errors.push(forbidden(`${at}.name`, exclusive));
  errors.push(...validateLabelSelector(selector, `${at}.selector`));
  if (name !== '' && selector !== undefined) errors.push(forbidden(`${at}.selector`, exclusive));
  if (name === '' && selector === undefined)
    errors.push(required(at, 'one of name or selector must be specified'));
  const field = `${at}.parameterNotFoundAction`;
  if (parameterNotFoundAction === '') errors.push(required(field));
  else if (!NOT_FOUND_ACTIONS.includes(parameterNotFoundAction))
    errors.push(unsupported(field, parameterNotFoundAction, NOT_FOUND_ACTIONS));
  return errors;
}
