/** What makes a custom object valid: its name, its metadata, and its definition's schema. */
import type { JsonValue } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import type { ResourceRow } from '../resource-row.ts';
import type { FieldError } from '../validation/field-error.ts';
import { dns1123SubdomainProblem } from '../validation/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../validation/object-meta.ts';
import { validateValue } from './validate-value.ts';

/** Everything wrong with a new object; empty when it is valid. */
export function validateCustom(object: KubeObject, row: ResourceRow): FieldError[] {
  return [
    ...validateObjectMeta(object.metadata, row.namespaced, dns1123SubdomainProblem),
    ...schemaErrors(object, row),
  ];
}

/**
 * Everything wrong with `object` as the successor of `old`. What has not changed is not judged anew (ratcheting): a schema
 * may become stricter without locking out the objects that are there.
 */
export function validateCustomUpdate(object: KubeObject, old: KubeObject, row: ResourceRow): FieldError[] {
  const known = new Set(schemaErrors(old, row).map(({ field, message }) => `${field} ${message}`));
  return [
    ...validateObjectMeta(object.metadata, row.namespaced, dns1123SubdomainProblem),
    ...validateObjectMetaUpdate(object.metadata, old.metadata),
    ...schemaErrors(object, row).filter(({ field, message }) => !known.has(`${field} ${message}`)),
  ];
}

function schemaErrors(object: KubeObject, { custom }: ResourceRow): FieldError[] {
  return validateValue(object as unknown as JsonValue, custom?.schema, '');
}
