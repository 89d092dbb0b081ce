/**
 * What the questions of `authorization.k8s.io` must say to be answered.
 * @see k8s.io/kubernetes/pkg/apis/authorization/validation/validation.go
 */
import type {
  LocalSubjectAccessReview,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectAccessReviewSpec,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from '../generated/authorization-v1.ts';
import type { FieldSelectorRequirement, ObjectMeta } from '../generated/meta-v1.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, required } from './field-error.ts';
import { validateLabelRequirement } from './object-meta.ts';

const RESOURCE = 'spec.resourceAttributes';
/** What the server writes itself. */
const OWN_METADATA: ReadonlySet<string> = new Set(['namespace', 'managedFields']);

export function validateAccessReview({ spec, metadata }: SubjectAccessReview): FieldError[] {
  return [...validateSubjectSpec(spec), ...validateNoMetadata(metadata, 'must be empty')];
}

export function validateOwnAccessReview({ spec, metadata }: SelfSubjectAccessReview): FieldError[] {
  return [...validateSpec(spec), ...validateNoMetadata(metadata, 'must be empty')];
}

/** @param namespace  that of the request, and so the review's */
export function validateLocalAccessReview(
  { spec, metadata }: LocalSubjectAccessReview,
  namespace: string,
): FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec ?? {};
  const errors = [
    ...validateSubjectSpec(spec),
    ...validateNoMetadata(metadata, 'must be empty except for namespace'),
  ];
  if (resource !== undefined && (resource.namespace ?? '') !== namespace) {
    const why = 'must match metadata.namespace';
    errors.push(invalid(`${RESOURCE}.namespace`, resource.namespace ?? '', why));
  }
  if (path !== undefined)
    errors.push(invalid('spec.nonResourceAttributes', path, 'disallowed on this kind of request'));
  return errors;
}

function validateSubjectSpec(spec: SubjectAccessReviewSpec | undefined): FieldError[] {
  const { user, groups = [] } = spec ?? {};
  const [choice, selectors] = [validateChoice(spec), validateSelectors(spec?.resourceAttributes)];
  if (user || groups.length > 0) return [...choice, ...selectors];
  const nobody = invalid('spec.user', '', 'at least one of user or group must be specified');
  return [...choice, nobody, ...selectors];
}

function validateSpec(spec: SelfSubjectAccessReviewSpec | undefined): FieldError[] {
  return [...validateChoice(spec), ...validateSelectors(spec?.resourceAttributes)];
}

/** Of a resource or of a path. */
function validateChoice(spec: SelfSubjectAccessReviewSpec | undefined): FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec ?? {};
  if (resource !== undefined && path !== undefined) {
    const why = 'cannot be specified in combination with resourceAttributes';
    return [invalid('spec.nonResourceAttributes', path, why)];
  }
  if (resource !== undefined || path !== undefined) return [];
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid(RESOURCE, undefined, why)];
}

function validateSelectors(resource: ResourceAttributes | undefined): FieldError[] {
  if (resource === undefined) return [];
  const { fieldSelector, labelSelector } = resource;
  return [
    ...validateSelector(fieldSelector, 'fieldSelector', validateFieldRequirement),
    ...validateSelector(labelSelector, 'labelSelector', (requirement, field) =>
      validateLabelRequirement(requirement, field, { unknownOperators: true }),
    ),
  ];
}

/** As text or as requirements. */
function validateSelector<T>(
  selector: { rawSelector?: string; requirements?: T[] } | undefined,
  name: 'fieldSelector' | 'labelSelector',
  validateRequirement: (requirement: T, field: string) => FieldError[],
): FieldError[] {
  if (selector === undefined) return [];
  const field = `${RESOURCE}.${name}`;
  const { rawSelector = '', requirements = [] } = selector;
  const errors: FieldError[] = [];
  if (rawSelector !== '' && requirements.length > 0) {
    const why = 'may not specified at the same time as requirements';
    errors.push(invalid(`${field}.rawSelector`, rawSelector, why));
  }
  if (rawSelector === '' && requirements.length === 0) {
    const why = `when ${field} is specified, requirements or rawSelector is required`;
    errors.push(required(`${field}.requirements`, why));
  }
  return [
    ...errors,
    ...errorsOfEach(requirements, (each, i) => validateRequirement(each, `${field}.requirements[${i}]`)),
  ];
}

/** An operator that is not known here may be one of a newer client's: it is ignored when the question is answered. */
function validateFieldRequirement(
  { key = '', operator, values = [] }: Partial<FieldSelectorRequirement>,
  field: string,
): FieldError[] {
  const errors = key === '' ? [required(`${field}.key`, 'must be specified')] : [];
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    errors.push(forbidden(`${field}.values`, why));
  }
  return errors;
}

function validateNoMetadata(metadata: Partial<ObjectMeta>, why: string): FieldError[] {
  const isAllowed = Object.entries(metadata).every(
    ([name, value]) => OWN_METADATA.has(name) || isEmpty(value),
  );
  return isAllowed ? [] : [invalid('metadata', metadata, why)];
}

function isEmpty(value: unknown): boolean {
  return !value || (typeof value === 'object' && Object.keys(value).length === 0);
}
