/** Objects of any kind while the server works on them: decoded JSON, owned by one request until the store freezes it. */
import type { ObjectMeta } from '../api/generated/meta-v1.ts';
import type { StoredObject, StoredValue } from '../store/store.ts';

export interface Fields {
  [field: string]: unknown;
}

export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: Partial<ObjectMeta>;
  spec?: Fields;
  status?: Fields;
  [field: string]: unknown;
}

/** The parsed value of a stored object. Frozen: copy before changing. */
export function objectOf(stored: StoredObject): ApiObject {
  return stored.value as unknown as ApiObject;
}

/** `object` as the store takes it. */
export function storable(object: ApiObject): StoredValue {
  return object as unknown as StoredValue;
}

/** A deep copy without absent (`undefined`) fields. */
export function copyJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const copy: Fields = {};
  for (const field in value) {
    const item = (value as Fields)[field];
    if (item !== undefined) copy[field] = typeof item === 'object' ? copyJson(item) : item;
  }
  return copy as T;
}

/** The value at `path` (`status`, `phase`), `undefined` where a step is absent. */
export function fieldAt(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Fields)[step];
  }
  return value;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Makes `object`, which others hold, what `changed` is. */
export function replaceFields(object: ApiObject, changed: ApiObject): void {
  for (const field of Object.keys(object)) delete object[field];
  Object.assign(object, changed);
}
