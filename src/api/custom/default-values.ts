/**
 * Fills in the defaults of a custom object's schema, outermost first: a default may bring fields that have defaults of
 * their own. `null` for a field that is not nullable and has a default counts as absent.
 *
 * @see k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go
 */

import type { JSONSchemaProps } from '../generated/apiextensions-v1.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { copyJsonValue } from './copy-json-value.ts';
import { itemsOf } from './prune.ts';

/** Changes `value` in place. */
export function applySchemaDefaults(value: JsonValue, schema: JSONSchemaProps | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) applySchemaDefaults(item, itemsOf(schema));
  } else if (isJsonObject(value)) {
    addDefaults(value, schema);
    for (const field of Object.keys(value)) applySchemaDefaults(value[field]!, schemaOf(schema, field));
  }
}

/** Whether {@link applySchemaDefaults} can change anything at all. */
export function hasDefaults(schema: JSONSchemaProps | undefined): boolean {
  if (schema === undefined) return false;
  const { properties = {}, items, additionalProperties } = schema;
  return (
    schema.default !== undefined ||
    Object.values(properties).some(hasDefaults) ||
    [items ?? []].flat().some(hasDefaults) ||
    (typeof additionalProperties === 'object' && hasDefaults(additionalProperties))
  );
}

function addDefaults(object: JsonObject, { properties = {} }: JSONSchemaProps): void {
  for (const [field, property] of Object.entries(properties)) {
    if (property.default === undefined) continue;
    const isReplacedNull = object[field] === null && property.nullable !== true;
    if (object[field] === undefined || isReplacedNull) object[field] = copyJsonValue(property.default);
  }
}

function schemaOf(schema: JSONSchemaProps, field: string): JSONSchemaProps | undefined {
  const property = schema.properties !== undefined && Object.hasOwn(schema.properties, field);
  if (property) return schema.properties?.[field];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
