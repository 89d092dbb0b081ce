/**
 * A structural schema as a type of expressions, with how large its values can be. What has no type (fields of unknown kind)
 * is not there for expressions.
 *
 * @see k8s.io/apiserver/pkg/cel/common/schemas.go SchemaDeclType
 */
import { ownValue } from '../../../base/own-value.ts';
import { BOOL, type CelType, INT, type ObjectType, SIZE_MAX, STRING } from '../../cel/cel-type.ts';
import type { JSONSchemaProps } from '../../generated/apiextensions-v1.ts';
import { itemsOf } from '../prune.ts';
import { escapeFieldName } from './field-names.ts';

export interface SchemaType {
  readonly type: CelType;
  /** Of the smallest value, in JSON, in bytes: what bounds how many there can be. */
  readonly minBytes: number;
}

const TEXT: JSONSchemaProps = { type: 'string' };
const METADATA: JSONSchemaProps = { type: 'object', properties: { name: TEXT, generateName: TEXT } };
/** What is there at the root of every resource, whatever its schema says. */
const RESOURCE_FIELDS: Readonly<Record<string, JSONSchemaProps>> = {
  apiVersion: TEXT,
  kind: TEXT,
  metadata: METADATA,
};

/** A string in JSON may use two bytes for its quotes. */
const TEXT_MAX = SIZE_MAX - 2;
const BYTES_PER_CHARACTER = 4;

export function isResourceSchema(schema: JSONSchemaProps): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** @param isResource  of a whole object, or of one that is embedded */
export function schemaType(schema: JSONSchemaProps | undefined, isResource: boolean): SchemaType | undefined {
  if (schema === undefined) return undefined;
  if (schema['x-kubernetes-int-or-string'] === true) return { type: { kind: 'dyn' }, minBytes: 1 };
  if (isResource || schema.type === 'object') return structType(schema, isResource);
  if (schema.type === 'array') return listType(schema);
  if (schema.type === 'string') return textType(schema);
  return ownValue(SCALARS, schema.type ?? '');
}

const SCALARS: Readonly<Record<string, SchemaType>> = {
  boolean: { type: BOOL, minBytes: 4 },
  integer: { type: INT, minBytes: 1 },
  number: { type: { kind: 'double' }, minBytes: 1 },
};

function listType(schema: JSONSchemaProps): SchemaType | undefined {
  const items = schema.items === undefined ? undefined : itemsOf(schema);
  const item = schemaType(items, items !== undefined && isResourceSchema(items));
  if (item === undefined) return undefined;
  const max = schema.maxItems ?? Math.floor(TEXT_MAX / (item.minBytes + 1));
  return { type: { kind: 'list', item: item.type, max: Math.max(0, max) }, minBytes: 2 };
}

function structType(schema: JSONSchemaProps, isResource: boolean): SchemaType | undefined {
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    const value = schemaType(additionalProperties, isResourceSchema(additionalProperties));
    if (value === undefined) return undefined;
    const max = schema.maxProperties ?? Math.floor(TEXT_MAX / (value.minBytes + 6));
    return {
      type: { kind: 'map', key: STRING, value: value.type, max: Math.max(0, max) },
      minBytes: 2,
    };
  }
  return objectType(isResource ? withResourceFields(schema) : schema);
}

/** As long as the definition's schema is there. */
const RESOURCES = new WeakMap<JSONSchemaProps, JSONSchemaProps>();

export function withResourceFields(schema: JSONSchemaProps): JSONSchemaProps {
  const known = RESOURCES.get(schema);
  if (known !== undefined) return known;
  const properties = { ...schema.properties, ...RESOURCE_FIELDS };
  const resource: JSONSchemaProps = { ...schema, type: 'object', properties };
  RESOURCES.set(schema, resource);
  return resource;
}

function objectType({ properties = {}, required = [] }: JSONSchemaProps): SchemaType {
  const fields = new Map<string, CelType>();
  let minBytes = 2;
  for (const [name, property] of Object.entries(properties)) {
    const found = schemaType(property, isResourceSchema(property));
    if (found === undefined) continue;
    const escaped = escapeFieldName(name);
    if (escaped !== undefined) fields.set(escaped, found.type);
    const isSent = required.includes(name) && property.default === undefined;
    if (isSent) minBytes += name.length + found.minBytes + 4;
  }
  const type: ObjectType = { kind: 'object', name: 'object', field: (name) => fields.get(name) };
  return { type, minBytes };
}

function textType({ format, maxLength, enum: values }: JSONSchemaProps): SchemaType {
  if (format === 'byte') return { type: { kind: 'bytes', max: maxLength ?? TEXT_MAX }, minBytes: 2 };
  if (format === 'duration') return { type: { kind: 'duration' }, minBytes: 4 };
  if (format === 'date') return { type: { kind: 'timestamp' }, minBytes: 12 };
  if (format === 'date-time') return { type: { kind: 'timestamp' }, minBytes: 22 };
  const longest = (values ?? []).map((value) => (typeof value === 'string' ? value.length : 0));
  const unlimited = longest.length > 0 ? Math.max(...longest) : TEXT_MAX;
  const max = maxLength === undefined ? unlimited : Math.max(0, maxLength) * BYTES_PER_CHARACTER;
  return { type: { kind: 'string', max: Math.min(max, SIZE_MAX) }, minBytes: 2 };
}
