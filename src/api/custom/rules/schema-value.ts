/**
 * Values of custom objects as expressions see them: by their schema, not by how JSON writes them. A number is an int or a
 * double, text in a format is a timestamp or a duration, lists that are sets or keyed do not care for order.
 *
 * @see k8s.io/apiserver/pkg/cel/common/values.go UnstructuredToVal
 */

import { CelError } from '../../cel/cel-error.ts';
import { parseDuration, parseTimestamp } from '../../cel/functions/time-text.ts';
import { JsonMap, toDynamicValue } from '../../cel/json-value.ts';
import { newUnorderedList } from '../../cel/unordered-list.ts';
import { CelMap, type CelValue } from '../../cel/value.ts';
import type { JSONSchemaProps } from '../../generated/apiextensions-v1.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import { formatProblem } from '../formats.ts';
import { itemsOf } from '../prune.ts';
import { escapeFieldName } from './field-names.ts';
import { isResourceSchema, withResourceFields } from './schema-type.ts';

/** @throws CelError for what is not of its type or in its format: stored before the schema became what it is */
export function toSchemaValue(value: JsonValue, schema: JSONSchemaProps, isResource: boolean): CelValue {
  if (schema['x-kubernetes-int-or-string'] === true) return toDynamicValue(value);
  const wanted = isResource ? 'object' : schema.type;
  if (value !== null && wanted !== undefined && !TYPE_CHECKS[wanted]?.(value)) {
    throw new CelError(`invalid data, expected ${wanted} for the provided schema`);
  }
  if (typeof value === 'string') return toText(value, schema.format);
  if (typeof value === 'number') return schema.type === 'integer' ? BigInt(Math.trunc(value)) : value;
  if (Array.isArray(value)) return toList(value, schema);
  return isJsonObject(value) ? toMap(value, schema, isResource) : value;
}

const TYPE_CHECKS: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  array: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
  number: (value) => typeof value === 'number',
  object: isJsonObject,
  string: (value) => typeof value === 'string',
};

function toText(text: string, format: string | undefined): CelValue {
  if (format === 'byte') return toBytes(text);
  if (format === 'duration') return parseDuration(text);
  if (format === 'date') return parseTimestamp(`${text}T00:00:00Z`);
  return format === 'date-time' ? parseTimestamp(text) : text;
}

function toBytes(text: string): Uint8Array {
  if (formatProblem('byte', text) !== undefined) throw new CelError('failed to decode base64 string');
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function toList(items: readonly JsonValue[], schema: JSONSchemaProps): CelValue {
  const itemSchema = itemsOf(schema) ?? {};
  const values = items.map((item) => toSchemaValue(item, itemSchema, isResourceSchema(itemSchema)));
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return values;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return newUnorderedList(values, listType === 'set' ? (item) => item : keyOf(keys));
}

/** Items are the same item when these fields are equal. */
function keyOf(keys: readonly string[]): (item: CelValue) => CelValue {
  const names = keys.map((key) => escapeFieldName(key) ?? key);
  return (item) => (item instanceof CelMap ? names.map((name) => item.get(name) ?? null) : item);
}

function toMap(object: JsonObject, schema: JSONSchemaProps, isResource: boolean): CelMap {
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    const isResourceValue = isResourceSchema(additionalProperties);
    return new JsonMap(object, (value) => toSchemaValue(value, additionalProperties, isResourceValue));
  }
  return new SchemaMap(object, (isResource ? withResourceFields(schema) : schema).properties ?? {});
}

/** Has the fields that the schema names, by the names that expressions use. */
class SchemaMap extends CelMap {
  readonly #object: JsonObject;
  readonly #fields: ReadonlyMap<string, Field>;
  readonly #known = new Map<string, CelValue>();

  constructor(object: JsonObject, properties: Readonly<Record<string, JSONSchemaProps>>) {
    super();
    this.#object = object;
    this.#fields = fieldsOf(properties);
  }

  override get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const field = this.#fields.get(key);
    if (field === undefined || !Object.hasOwn(this.#object, field.name)) return undefined;
    const held = this.#object[field.name];
    if (held === undefined) return undefined;
    const value = toSchemaValue(held, field.schema, isResourceSchema(field.schema));
    this.#known.set(key, value);
    return value;
  }

  override keys(): readonly CelValue[] {
    return Array.from(this.#fields).flatMap(([key, { name }]) =>
      this.#object[name] === undefined ? [] : [key],
    );
  }
}

interface Field {
  name: string;
  schema: JSONSchemaProps;
}

/** As long as the definition's schema is there. */
const FIELDS = new WeakMap<object, ReadonlyMap<string, Field>>();

function fieldsOf(properties: Readonly<Record<string, JSONSchemaProps>>): ReadonlyMap<string, Field> {
  const known = FIELDS.get(properties);
  if (known !== undefined) return known;
  const fields = new Map<string, Field>();
  for (const [name, schema] of Object.entries(properties)) {
    const escaped = escapeFieldName(name);
    if (escaped !== undefined) fields.set(escaped, { name, schema });
  }
  FIELDS.set(properties, fields);
  return fields;
}
