/**
 * One step of a path into an object, as managed fields name it.
 *
 * The text form is the key in `fieldsV1`: `f:replicas` (field), `k:{"name":"web"}` (list item by its keys), `v:"a"` (set
 * item by its value), `i:0` (index; read, never written).
 *
 * @see sigs.k8s.io/structured-merge-diff/fieldpath, serialize-pe.go
 */
import type { JsonObject, JsonValue } from '../json.ts';

/** The text form is the element: equal texts are equal elements. */
export type PathElement = string;

export const fieldElement = (name: string): PathElement => `f:${name}`;
export const valueElement = (value: JsonValue): PathElement => `v:${canonicalJson(value)}`;

/** @param keys  of one item, by name; they are written in the order of their names */
export const keyElement = (keys: JsonObject): PathElement => `k:${canonicalJson(keys)}`;

/** `f`, `k`, `v` or `i`; anything else is not a path element. */
export function isPathElement(text: string): boolean {
  return /^[fkvi]:/.test(text);
}

/** As conflicts name it: `.spec`, `[name="web"]`, `[="a"]`. */
export function formatElement(element: PathElement): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('v:')) return `[=${text}]`;
  if (!element.startsWith('k:')) return `[${text}]`;
  const keys = Object.entries(JSON.parse(text) as JsonObject);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** JSON with the fields of objects in the order of their names. */
function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name]!)}`).join(',')}}`;
}
