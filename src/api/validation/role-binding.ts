/** Validation of RoleBindings and ClusterRoleBindings. @see kubernetes/kubernetes pkg/apis/rbac/validation/validation.go */
import type { ClusterRoleBinding, RoleBinding, RoleRef, Subject } from '../generated/rbac-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { named } from './field-checks.ts';
import { errorsOfEach, type FieldError, invalid, required, unsupported } from './field-error.ts';
import { dns1123SubdomainProblem, pathSegmentProblem } from './names.ts';

type Binding = RoleBinding | ClusterRoleBinding;

const GROUP = 'rbac.authorization.k8s.io';
const SUBJECT_KINDS = ['ServiceAccount', 'User', 'Group'];

export function validateBinding({ kind, roleRef, subjects }: Binding): FieldError[] {
  const isNamespaced = kind === 'RoleBinding';
  return [
    ...validateRoleRef(roleRef ?? {}, isNamespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']),
    ...errorsOfEach(subjects ?? [], (subject, index) =>
      validateSubject(subject, `subjects[${index}]`, isNamespaced),
    ),
  ];
}

/** Who may change whom a binding names may not thereby give others another role. */
export function validateBindingUpdate(binding: Binding, old: Binding): FieldError[] {
  const same = equalJson(binding.roleRef as unknown as JsonValue, old.roleRef as unknown as JsonValue);
  const changed = same ? [] : [invalid('roleRef', binding.roleRef, 'cannot change roleRef')];
  return [...validateBinding(binding), ...changed];
}

function validateRoleRef(
  { apiGroup = '', kind = '', name = '' }: Partial<RoleRef>,
  kinds: readonly string[],
): FieldError[] {
  const errors = apiGroup === GROUP ? [] : [unsupported('roleRef.apiGroup', apiGroup, [GROUP])];
  if (!kinds.includes(kind)) errors.push(unsupported('roleRef.kind', kind, kinds));
  if (name === '') errors.push(required('roleRef.name'));
  else errors.push(...named('roleRef.name', name, pathSegmentProblem(name)));
  return errors;
}

function validateSubject(
  { kind = '', apiGroup = '', name = '', namespace = '' }: Partial<Subject>,
  field: string,
  isNamespaced: boolean,
): FieldError[] {
  const errors = name === '' ? [required(`${field}.name`)] : [];
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.push(...named(`${field}.name`, name, dns1123SubdomainProblem(name)));
    if (apiGroup !== '') errors.push(unsupported(`${field}.apiGroup`, apiGroup, ['']));
    if (!isNamespaced && namespace === '') errors.push(required(`${field}.namespace`));
  } else if (kind === 'User' || kind === 'Group') {
    if (name === '')
      errors.push(invalid(`${field}.name`, name, `${kind.toLowerCase()} name cannot be empty`));
    if (apiGroup !== GROUP) errors.push(unsupported(`${field}.apiGroup`, apiGroup, [GROUP]));
  } else {
    errors.push(unsupported(`${field}.kind`, kind, SUBJECT_KINDS));
  }
  return errors;
}
