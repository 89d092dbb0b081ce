/**
 * One step of a path into an object, as managed fields name it.
 *
 * The text form is the key in `fieldsV1`: `f:replicas` (field), `k:{"name":"web"}` (list item by its keys), `v:"a"` (set
 * item by its value), `i:0` (index; read, never written).
 *
 * @see sigs.k8s.io/structured-merge-diff/fieldpath, serialize-pe.go
 */
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../json.ts';

/** The text form is the element: equal texts are equal elements. */
export type PathElement = string;

export const fieldElement = (name: string): PathElement => `f:${name}`;
export const valueElement = (value: JsonValue): PathElement => `v:${canonicalJson(value)}`;

/** @param keys  of one item, by name; they are written in the order of their names */
export const keyElement = (keys: JsonObject): PathElement => `k:${canonicalJson(keys)}`;

/** `f`, `k`, `v` or `i` with what belongs to it; anything else is not a path element. */
export function isPathElement(text: string): boolean {
  if (text.startsWith('f:')) return true;
  const rest = text.slice(2);
  if (text.startsWith('k:')) return isJsonObject(parsed(rest));
  return text.startsWith('v:') ? parsed(rest) !== undefined : /^i:\d+$/.test(text);
}

/** `undefined`: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
