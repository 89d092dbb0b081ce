/** Values that JSON can hold. `undefined` never appears in one: an absent field is absent. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export interface JsonObject {
  [key: string]: JsonValue;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two JSON values are the same, whatever the order of their fields; a field that is `undefined` is absent. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  return isJsonObject(a) && isJsonObject(b) && equalFields(a, b);
}

function equalFields(a: JsonObject, b: JsonObject): boolean {
  let difference = 0;
  for (const field in a) {
    if (a[field] === undefined) continue;
    difference++;
    if (!Object.hasOwn(b, field) || !equalJson(a[field], b[field])) return false;
  }
  for (const field in b) if (b[field] !== undefined) difference--;
  return difference === 0;
}

/** JSON with the fields of objects in the order of their names: the same text for values that are the same. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name]!)}`).join(',')}}`;
}
