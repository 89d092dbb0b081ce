/** What makes a custom object valid: its name, its metadata, and its definition's schema. */
import type { JsonValue } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import type { ResourceRow } from '../resource-row.ts';
import type { FieldError } from '../validation/field-error.ts';
import { dns1123SubdomainProblem } from '../validation/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../validation/object-meta.ts';
import { type RuleVerdict, validateRules } from './rules/validate-rules.ts';
import { validateValue } from './validate-value.ts';

/** Everything wrong with a new object; empty when it is valid. */
export function validateCustom(object: KubeObject, row: ResourceRow): FieldError[] {
  const errors = [
    ...validateObjectMeta(object.metadata, row.namespaced, dns1123SubdomainProblem),
    ...schemaErrors(object, row),
  ];
  return [...errors, ...brokenRules({ object, errors }, row).errors];
}

/**
 * Everything wrong with `object` as the successor of `old`. What has not changed is not judged anew (ratcheting): a schema
 * may become stricter without locking out the objects that are there; rules that they break are warnings.
 */
export function validateCustomUpdate(
  object: KubeObject,
  old: KubeObject,
  row: ResourceRow,
): { errors: FieldError[]; warnings: string[] } {
  const known = new Set(schemaErrors(old, row).map(({ field, message }) => `${field} ${message}`));
  const errors = [
    ...validateObjectMeta(object.metadata, row.namespaced, dns1123SubdomainProblem),
    ...validateObjectMetaUpdate(object.metadata, old.metadata),
    ...schemaErrors(object, row).filter(({ field, message }) => !known.has(`${field} ${message}`)),
  ];
  const broken = brokenRules({ object, old, errors }, row);
  return { errors: [...errors, ...broken.errors], warnings: broken.warnings };
}

function schemaErrors(object: KubeObject, { custom }: ResourceRow): FieldError[] {
  return validateValue(object as unknown as JsonValue, custom?.schema, '');
}

/** Values of the wrong type or size are not given to rules. @see hasBlockingErr in customresource/strategy.go */
const BLOCKING: ReadonlySet<FieldError['reason']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const NOT_CHECKED: FieldError = {
  reason: 'FieldValueInvalid',
  field: '<nil>',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

function brokenRules(
  { object, old, errors }: { object: KubeObject; old?: KubeObject; errors: readonly FieldError[] },
  { custom }: ResourceRow,
): RuleVerdict {
  const rules = custom?.rules();
  if (rules === undefined) return { errors: [], warnings: [] };
  if (errors.some(({ reason }) => BLOCKING.has(reason))) return { errors: [NOT_CHECKED], warnings: [] };
  return validateRules(rules, object as unknown as JsonValue, old as unknown as JsonValue | undefined);
}
