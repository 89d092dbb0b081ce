/**
 * Judges a custom object by its schema, in the words of upstream's OpenAPI validator.
 *
 * @see k8s.io/kube-openapi/pkg/validation/validate; apiextensions-apiserver/pkg/apiserver/validation/validation.go
 */
import { compileRegex } from '../cel/regex/regex.ts';
import type { JSONSchemaProps } from '../generated/apiextensions-v1.ts';
import { canonicalJson, equalJson, isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  invalid,
  notSupported,
  required,
  untilMany,
} from '../validation/field-error.ts';
import { formatProblem } from './formats.ts';
import { itemsOf } from './prune.ts';

/** @param path  `spec.size`; empty for the root */
export function validateValue(
  value: JsonValue,
  schema: JSONSchemaProps | undefined,
  path: string,
): FieldError[] {
  if (schema === undefined) return [];
  if (value === null) return nullErrors(schema, path);
  const typeError = wrongType(value, schema, path);
  if (typeError !== undefined) return [typeError];
  const errors = [...enumErrors(value, schema, path), ...combinationErrors(value, schema, path)];
  if (typeof value === 'string') errors.push(...stringErrors(value, schema, path));
  else if (typeof value === 'number') errors.push(...numberErrors(value, schema, path));
  else if (Array.isArray(value)) errors.push(...listErrors(value, schema, path));
  else if (isJsonObject(value)) errors.push(...objectErrors(value, schema, path));
  return errors;
}

function nullErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  const isFree = schema.nullable === true || schema.type === undefined;
  return isFree ? [] : [typeInvalid(path, 'null', schema.type!)];
}

function typeInvalid(path: string, actual: string, expected: string): FieldError {
  const shown = `${path === '' ? '<nil>' : path} in body must be of type ${expected}: ${JSON.stringify(actual)}`;
  return {
    reason: 'FieldValueTypeInvalid',
    field: path === '' ? '<nil>' : path,
    message: `Invalid value: ${JSON.stringify(actual)}: ${shown}`,
  };
}

function wrongType(value: JsonValue, schema: JSONSchemaProps, path: string): FieldError | undefined {
  const actual = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true) {
    const fits = actual === 'integer' || actual === 'string';
    return fits ? undefined : typeInvalid(path, actual, 'integer,string');
  }
  const { type } = schema;
  if (type === undefined || type === actual || (type === 'number' && actual === 'integer')) return undefined;
  return typeInvalid(path, actual, type);
}

function typeOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function enumErrors(value: JsonValue, schema: JSONSchemaProps, path: string): FieldError[] {
  if (schema.enum === undefined || schema.enum.some((allowed) => equalJson(allowed, value))) return [];
  return [
    notSupported(
      path,
      value,
      schema.enum.map((allowed) => (typeof allowed === 'string' ? allowed : JSON.stringify(allowed))),
    ),
  ];
}

function stringErrors(value: string, schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  // In code points, as Go counts runes.
  const { length } = Array.from(value);
  const { maxLength, minLength, pattern, format } = schema;
  if (maxLength !== undefined && length > maxLength) {
    const message = `Too long: may not be more than ${maxLength} bytes`;
    errors.push({ reason: 'FieldValueTooLong', field: path, message });
  }
  if (minLength !== undefined && length < minLength) {
    errors.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  }
  if (pattern !== undefined && !compileRegex(pattern).test(value)) {
    errors.push(invalid(path, value, `${path} in body should match '${pattern}'`));
  }
  const problem = format === undefined ? undefined : formatProblem(format, value);
  if (problem !== undefined)
    errors.push(invalid(path, value, `${path} in body must be of type ${problem}: ${JSON.stringify(value)}`));
  return errors;
}

function numberErrors(value: number, schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { maximum, minimum, exclusiveMaximum, exclusiveMinimum, multipleOf } = schema;
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    const relation = exclusiveMaximum ? 'should be less than' : 'should be less than or equal to';
    errors.push(invalid(path, value, `${path} in body ${relation} ${maximum}`));
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    const relation = exclusiveMinimum ? 'should be greater than' : 'should be greater than or equal to';
    errors.push(invalid(path, value, `${path} in body ${relation} ${minimum}`));
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
    errors.push(invalid(path, value, `${path} in body should be a multiple of ${multipleOf}`));
  }
  return errors;
}

function listErrors(value: readonly JsonValue[], schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { maxItems, minItems } = schema;
  if (maxItems !== undefined && value.length > maxItems) {
    const message = `Too many: ${value.length}: must have at most ${maxItems} items`;
    errors.push({ reason: 'FieldValueTooMany', field: path, message });
  }
  if (minItems !== undefined && value.length < minItems) {
    errors.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  }
  errors.push(...duplicateErrors(value, schema, path));
  const items = itemsOf(schema);
  for (const [index, item] of untilMany(errors, value.entries()))
    errors.push(...validateValue(item, items, `${path}[${index}]`));
  return errors;
}

/** Of sets and keyed lists, whose items must be told apart. */
function duplicateErrors(value: readonly JsonValue[], schema: JSONSchemaProps, path: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, item] of untilMany(errors, value.entries())) {
    const identity = listType === 'map' && isJsonObject(item) ? pick(item, keys) : item;
    const key = canonicalJson(identity);
    if (seen.has(key)) errors.push(duplicate(`${path}[${index}]`, identity));
    seen.add(key);
  }
  return errors;
}

function pick(item: JsonObject, keys: readonly string[]): JsonObject {
  const picked: JsonObject = {};
  for (const key of keys) if (item[key] !== undefined) picked[key] = item[key];
  return picked;
}

function objectErrors(value: JsonObject, schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const {
    required: names = [],
    properties = {},
    additionalProperties,
    maxProperties,
    minProperties,
  } = schema;
  const count = Object.keys(value).length;
  const at = (field: string) => (path === '' ? field : `${path}.${field}`);
  for (const name of untilMany(errors, names))
    if (!Object.hasOwn(value, name)) errors.push(required(at(name)));
  if (maxProperties !== undefined && count > maxProperties) {
    const message = `Too many: ${count}: must have at most ${maxProperties} items`;
    errors.push({ reason: 'FieldValueTooMany', field: path, message });
  }
  if (minProperties !== undefined && count < minProperties) {
    errors.push(invalid(path, count, `${path} in body should have at least ${minProperties} properties`));
  }
  for (const [field, item] of untilMany(errors, Object.entries(value))) {
    const property = Object.hasOwn(properties, field) ? properties[field] : undefined;
    const other = typeof additionalProperties === 'object' ? additionalProperties : undefined;
    errors.push(...validateValue(item, property ?? other, at(field)));
  }
  return errors;
}

function combinationErrors(value: JsonValue, schema: JSONSchemaProps, path: string): FieldError[] {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  const errors = errorsOfEach(allOf, (part) => validateValue(value, part, path));
  const fits = (part: JSONSchemaProps) => validateValue(value, part, path).length === 0;
  const shown = path === '' ? '<nil>' : path;
  if (anyOf.length > 0 && !anyOf.some(fits)) {
    errors.push(invalid(shown, value, `${shown} in body must validate at least one schema (anyOf)`));
  }
  if (oneOf.length > 0) {
    const count = oneOf.filter(fits).length;
    if (count !== 1) {
      const found = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`;
      errors.push(
        invalid(shown, value, `${shown} in body must validate one and only one schema (oneOf). ${found}`),
      );
    }
  }
  if (not !== undefined && fits(not)) {
    errors.push(invalid(shown, value, `${shown} in body must not validate the schema (not)`));
  }
  return errors;
}
