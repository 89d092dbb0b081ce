/**
 * The notation in which the tables beside this file say how a part of an OpenAPI document becomes a message.
 *
 * A field is known by its JSON name and has a number and a shape: a scalar, `any` (what a schema does not describe, as YAML),
 * or another message; `[]` behind it for a list. Three names are no field's:
 *
 *     x-   every key that starts with it, as (name, any) pairs
 *     *    every other key, as (name, value) pairs
 *     []   the value itself, which may stand for a list of one
 *
 * Zero values are left out, as proto3 does. Of a choice one member is written, zero or not.
 */
import type { JsonValue } from '../json.ts';

export type FieldRow = readonly [number: number, shape: string];
export type MessageTable = Readonly<Record<string, FieldRow>>;
/** Which member `value` is; undefined: none, so the message is empty. */
type Choice = (value: JsonValue) => FieldRow | undefined;

export interface MessageTables {
  messages: Readonly<Record<string, MessageTable>>;
  choices: Readonly<Record<string, Choice>>;
}

export const EXTENSIONS = 'x-';
export const OTHERS = '*';
export const ITSELF = '[]';
