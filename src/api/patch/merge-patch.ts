/**
 * JSON merge patch: `null` removes, objects merge, everything else replaces. Never changes its inputs.
 *
 * @see RFC 7386
 */
import { equalJson, isJsonObject, type JsonValue } from '../json.ts';

export function applyMergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const merged: Record<string, JsonValue> = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else setOwn(merged, key, applyMergePatch(ownValue(merged, key), value));
  }
  return merged;
}

/**
 * The merge patch that turns `from` into `to`; an empty object when they are equal. Lists are replaced whole.
 */
export function diffMergePatch(
  from: Record<string, JsonValue>,
  to: Record<string, JsonValue>,
): Record<string, JsonValue> {
  const patch: Record<string, JsonValue> = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) setOwn(patch, key, null);
  for (const [key, value] of Object.entries(to)) {
    const before = ownValue(from, key);
    if (isJsonObject(before) && isJsonObject(value)) {
      const inner = diffMergePatch(before, value);
      if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
    } else if (!equalJson(before, value)) {
      setOwn(patch, key, value);
    }
  }
  return patch;
}

/** `object[key]`, blind to what objects inherit: a patch may well name `constructor`. */
export function ownValue(object: Record<string, JsonValue>, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own property even for the name `__proto__`. */
export function setOwn(object: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}
