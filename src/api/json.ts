/** Values that JSON can hold. `undefined` never appears in one: an absent field is absent. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export interface JsonObject {
  [key: string]: JsonValue;
}
