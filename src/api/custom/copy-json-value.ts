import type { JsonObject, JsonValue } from '../json.ts';

/** A deep copy, the caller's own. */
export function copyJsonValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(copyJsonValue);
  if (typeof value !== 'object' || value === null) return value;
  const copy: JsonObject = {};
  for (const [field, item] of Object.entries(value)) copy[field] = copyJsonValue(item);
  return copy;
}
