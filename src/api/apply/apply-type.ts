/**
 * What server-side apply must know of a value's type: whether it is one value to its owners or many, and how the items of a
 * list are told apart. Built-in kinds give it from their schema; custom resources from theirs; what has no schema is seen by
 * its value: objects field by field, lists as one.
 */
import type { JsonValue } from '../json.ts';
import type { Field, Schema, Target } from '../schema.ts';

export type ApplyType =
  | { readonly kind: 'scalar' }
  | MapApplyType
  | ListApplyType
  /** By the value: an object is a granular map of deduced values, a list is atomic. */
  | { readonly kind: 'deduced' };

export interface MapApplyType {
  readonly kind: 'map';
  readonly atomic: boolean;
  /** The type of a field that the type names. `undefined`: it does not name it. */
  named(name: string): ApplyType | undefined;
  /** Of keys that it does not name. */
  readonly other: ApplyType;
}

export interface ListApplyType {
  readonly kind: 'list';
  readonly listType: 'atomic' | 'set' | 'map';
  /** Of a `map`: what tells items apart, and what an absent key stands for. */
  readonly keys: readonly { readonly name: string; readonly default: JsonValue | undefined }[];
  readonly item: ApplyType;
}

export const SCALAR: ApplyType = { kind: 'scalar' };
export const DEDUCED: ApplyType = { kind: 'deduced' };
const DEDUCED_MAP: MapApplyType = { kind: 'map', atomic: false, named: () => undefined, other: DEDUCED };
const DEDUCED_LIST: ListApplyType = { kind: 'list', listType: 'atomic', keys: [], item: DEDUCED };

/** The type with which `value` is looked at: what is deduced is decided here, and so is what does not fit its type. */
export function typeFor(type: ApplyType, value: unknown): Exclude<ApplyType, { kind: 'deduced' }> {
  const isList = Array.isArray(value);
  const isMap = typeof value === 'object' && value !== null && !isList;
  if (type.kind === 'deduced') {
    if (isList) return DEDUCED_LIST;
    return isMap ? DEDUCED_MAP : { kind: 'scalar' };
  }
  if ((type.kind === 'list' && !isList) || (type.kind === 'map' && !isMap)) return { kind: 'scalar' };
  return type;
}

const types = new WeakMap<Schema, ApplyType>();

/** The type of a built-in struct. */
export function applyTypeOf(schema: Schema): ApplyType {
  let type = types.get(schema);
  if (type === undefined) {
    type = schema.forms === undefined ? structType(schema, schema.atomic) : DEDUCED;
    types.set(schema, type);
  }
  return type;
}

function structType(schema: Schema, atomic: boolean): MapApplyType {
  const fields = new Map<string, ApplyType>();
  return {
    kind: 'map',
    atomic,
    other: DEDUCED,
    named(name) {
      const known = fields.get(name);
      if (known !== undefined) return known;
      const field = schema.fields.get(name);
      if (field === undefined) return undefined;
      const type = fieldType(field);
      fields.set(name, type);
      return type;
    },
  };
}

function fieldType(field: Field): ApplyType {
  if (field.shape === 'list') return listType(field);
  if (field.shape === 'map') {
    const other = targetType(field);
    return { kind: 'map', atomic: field.mapType === 'atomic', named: () => undefined, other };
  }
  if (field.mapType === 'atomic' && field.schema !== undefined) return structType(field.schema, true);
  return targetType(field);
}

function listType(field: Field): ListApplyType {
  const item = targetType(field);
  const keys = field.listMapKeys.map((name) => ({ name, default: field.schema?.fields.get(name)?.default }));
  return { kind: 'list', listType: field.listType ?? 'atomic', keys, item };
}

const UNTYPED = new Set(['raw', 'json', 'fields']);

function targetType({ scalar, schema }: Target): ApplyType {
  if (scalar !== undefined) return UNTYPED.has(scalar) ? DEDUCED : SCALAR;
  return schema === undefined ? DEDUCED : applyTypeOf(schema);
}
