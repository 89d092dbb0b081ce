/**
 * Validation of metadata, the same for every kind.
 * @see k8s.io/apimachinery/pkg/api/validation/objectmeta.go
 */
import type {
  LabelSelector,
  LabelSelectorRequirement,
  ObjectMeta,
  OwnerReference,
} from '../generated/meta-v1.ts';
import {
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  required,
  tooLong,
  untilMany,
} from './field-error.ts';
import { validateManagedFields } from './managed-fields.ts';
import {
  dns1123LabelProblem,
  labelValueProblem,
  maskTrailingDash,
  qualifiedNameProblem,
  utf8Length,
} from './names.ts';

const ANNOTATIONS_MAX_BYTES = 256 * 1024;

export type NameRule = (name: string) => string | undefined;

export function validateObjectMeta(
  meta: ObjectMeta,
  namespaced: boolean,
  nameProblem: NameRule,
): FieldError[] {
  const errors: FieldError[] = [];
  if (meta.generateName) {
    const problem = nameProblem(maskTrailingDash(meta.generateName));
    if (problem !== undefined) errors.push(invalid('metadata.generateName', meta.generateName, problem));
  }
  if (!meta.name) {
    errors.push(required('metadata.name', 'name or generateName is required'));
  } else {
    const problem = nameProblem(meta.name);
    if (problem !== undefined) errors.push(invalid('metadata.name', meta.name, problem));
  }
  errors.push(...validateNamespaceField(meta, namespaced));
  errors.push(...validateLabels(meta.labels, 'metadata.labels'));
  errors.push(...validateAnnotations(meta.annotations, 'metadata.annotations'));
  errors.push(...validateOwnerReferences(meta.ownerReferences ?? []));
  if (meta.finalizers !== undefined) errors.push(...validateFinalizers(meta.finalizers));
  if (meta.managedFields !== undefined) errors.push(...validateManagedFields(meta.managedFields));
  return errors;
}

function validateNamespaceField(meta: ObjectMeta, namespaced: boolean): FieldError[] {
  const namespace = meta.namespace ?? '';
  if (!namespaced)
    return namespace === '' ? [] : [forbidden('metadata.namespace', 'not allowed on this type')];
  if (namespace === '') return [required('metadata.namespace')];
  const problem = dns1123LabelProblem(namespace);
  return problem === undefined ? [] : [invalid('metadata.namespace', namespace, problem)];
}

export function validateLabels(labels: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of untilMany(errors, Object.entries(labels ?? {}))) {
    const keyProblem = qualifiedNameProblem(key);
    if (keyProblem !== undefined) errors.push(invalid(field, key, keyProblem));
    const valueProblem = labelValueProblem(value);
    if (valueProblem !== undefined) errors.push(invalid(field, value, valueProblem));
  }
  return errors;
}

export function validateAnnotations(
  annotations: Record<string, string> | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of untilMany(errors, Object.entries(annotations ?? {}))) {
    const problem = qualifiedNameProblem(key.toLowerCase());
    if (problem !== undefined) errors.push(invalid(field, key, problem));
    bytes += utf8Length(key) + utf8Length(value);
  }
  if (bytes > ANNOTATIONS_MAX_BYTES) errors.push(tooLong(field, ANNOTATIONS_MAX_BYTES));
  return errors;
}

/** Dependents can be orphaned or deleted first, not both. */
function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  const field = 'metadata.finalizers';
  const errors = errorsOfEach(finalizers, (name) => {
    const problem = qualifiedNameProblem(name);
    return problem === undefined ? [] : [invalid(field, name, problem)];
  });
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const detail = 'finalizer orphan and foregroundDeletion cannot be both set';
    errors.push(invalid(field, finalizers, detail));
  }
  return errors;
}

function validateOwnerReferences(references: readonly OwnerReference[]): FieldError[] {
  const errors: FieldError[] = [];
  let controller: OwnerReference | undefined;
  // Said once: the complaint shows the whole list.
  let hasSecond = false;
  for (const reference of untilMany(errors, references)) {
    const field = 'metadata.ownerReferences';
    if (!reference.apiVersion)
      errors.push(invalid(`${field}.apiVersion`, reference.apiVersion, 'version must not be empty'));
    if (!reference.kind) errors.push(invalid(`${field}.kind`, reference.kind, 'must not be empty'));
    if (!reference.name) errors.push(invalid(`${field}.name`, reference.name, 'must not be empty'));
    if (!reference.uid) errors.push(invalid(`${field}.uid`, reference.uid, 'must not be empty'));
    if (reference.apiVersion === 'v1' && reference.kind === 'Event')
      errors.push(invalid(field, reference, '/v1, Kind=Event is disallowed from being an owner'));
    if (!reference.controller) continue;
    if (controller !== undefined && !hasSecond) {
      hasSecond = true;
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller.kind}/${controller.name} and ${reference.kind}/${reference.name}`;
      errors.push(invalid(field, references, detail));
    }
    controller ??= reference;
  }
  return errors;
}

/** What no update may change. Fields that the server fills in are compared after it did. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp'] as const) {
    if (meta[field] !== old[field])
      errors.push(invalid(`metadata.${field}`, meta[field], 'field is immutable'));
  }
  if (old.deletionTimestamp !== undefined) {
    const before = new Set(old.finalizers);
    const added = (meta.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
    if (added.length > 0) {
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${[
        ...new Set(added),
      ]
        .sort()
        .map((name) => JSON.stringify(name))
        .join(', ')}}`;
      errors.push(forbidden('metadata.finalizers', detail));
    }
  }
  return errors;
}

interface SelectorTolerance {
  /** Of newer clients. */
  unknownOperators?: boolean;
  /** Of older rules. */
  invalidValues?: boolean;
}

/** @see k8s.io/apimachinery/pkg/apis/meta/v1/validation */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  field: string,
  tolerance?: SelectorTolerance,
): FieldError[] {
  const errors: FieldError[] = [...validateLabels(selector?.matchLabels, `${field}.matchLabels`)];
  for (const [index, expression] of untilMany(errors, (selector?.matchExpressions ?? []).entries()))
    errors.push(...validateLabelRequirement(expression, `${field}.matchExpressions[${index}]`, tolerance));
  return errors;
}

export function validateLabelRequirement(
  { key = '', operator, values = [] }: Partial<LabelSelectorRequirement>,
  path: string,
  { unknownOperators = false, invalidValues = false }: SelectorTolerance = {},
): FieldError[] {
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(
        forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
  } else if (!unknownOperators)
    errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'));
  const problem = qualifiedNameProblem(key);
  if (problem !== undefined) errors.push(invalid(`${path}.key`, key, problem));
  for (const [at, value] of untilMany(errors, invalidValues ? [] : values.entries())) {
    const valueProblem = labelValueProblem(value);
    if (valueProblem !== undefined) errors.push(invalid(`${path}.values[${at}]`, value, valueProblem));
  }
  return errors;
}
