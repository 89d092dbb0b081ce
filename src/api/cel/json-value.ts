/** JSON as values of the language: read where it stands, and only as far as an expression looks. */
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { CelMap, type CelValue } from './value.ts';

/** Without a schema: whole numbers are ints, others doubles. */
export function toDynamicValue(value: JsonValue): CelValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toDynamicValue);
  return isJsonObject(value) ? new JsonMap(value, toDynamicValue) : value;
}

export class JsonMap extends CelMap {
  readonly #object: JsonObject;
  readonly #convert: (value: JsonValue, field: string) => CelValue;
  readonly #known = new Map<string, CelValue>();

  /** @param convert  what a field holds */
  constructor(object: JsonObject, convert: (value: JsonValue, field: string) => CelValue) {
    super();
    this.#object = object;
    this.#convert = convert;
  }

  override get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#object, key)) return undefined;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const held = this.#object[key];
    if (held === undefined) return undefined;
    const value = this.#convert(held, key);
    this.#known.set(key, value);
    return value;
  }

  override keys(): readonly CelValue[] {
    return Object.keys(this.#object).filter((key) => this.#object[key] !== undefined);
  }
}
