/**
 * Decodes a parsed JSON value against a schema, as Go's decoder does on the way into upstream's registry.
 *
 * The first step of every write: fields that the schema does not know are taken out (and reported), values of a wrong
 * type refused, quantities and times brought into canonical form, `null` and omitted zero values removed, texts that are never
 * absent in Go filled in. What comes out is the canonical stored form; validation, defaulting and comparison rely on that.
 * Required fields are validation's matter.
 * Works in place: the value must be the caller's own, fresh from the parser, but for parts that are frozen and trusted.
 */
import { StatusError } from '../../base/status-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { GroupVersionKind } from '../meta.ts';
import type { Schema } from '../schema.ts';
import { fieldComplaints } from './structural-duplicates.ts';
import { STRICT_ERRORS_MAX, StructuralWalk } from './structural-walk.ts';

/** What to do about unknown and duplicate fields: the `fieldValidation` parameter of a write. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface DecodeOptions {
  fieldValidation: FieldValidation;
  /** The JSON text of the body, to find duplicate fields in; absent for YAML, whose parser has found them. */
  text?: string;
  /** What it has found. */
  duplicates?: readonly string[];
  /** What is left out stays out, as in a configuration that is applied: it belongs to others. */
  partial?: boolean;
  /** Frozen parts of the value have been decoded before: they are left as they are. */
  trustsFrozen?: boolean;
}

export interface Decoded {
  /** The same object that was passed in, canonical now. */
  object: JsonObject;
  /** For `Warning` headers: `unknown field "spec.foo"`. Empty unless `fieldValidation` is `Warn`. */
  warnings: string[];
}

/**
 * Decodes the body of a write as `gvk`, whose schema is `schema`.
 *
 * @throws StatusError BadRequest in upstream's words: a wrong type or malformed value, and under `Strict` unknown or
 *   duplicate fields
 * @see k8s.io/apiserver/pkg/endpoints/handlers, transformDecodeError; sigs.k8s.io/json
 */
export function decodeObject(
  value: JsonValue,
  gvk: GroupVersionKind,
  schema: Schema,
  options: DecodeOptions,
): Decoded {
  const walk = new StructuralWalk(options);
  if (!isJsonObject(value)) throw undecodable(gvk, walk.notAnObject(value, schema));
  walk.object(value, schema, 0);
  const error = walk.error();
  if (error !== undefined) throw undecodable(gvk, error);
  if (options.fieldValidation === 'Ignore') return { object: value, warnings: [] };
  const complaints = strictComplaints(walk, options.text);
  const { fieldValidation, duplicates = [] } = options;
  if (complaints.length + duplicates.length > 0 && fieldValidation === 'Strict')
    throw undecodable(gvk, strictError(complaints, duplicates));
  return { object: value, warnings: [...duplicates, ...complaints] };
}

function strictComplaints(walk: StructuralWalk, text: string | undefined): string[] {
  if (text !== undefined) return fieldComplaints(text, walk.unknownFields, STRICT_ERRORS_MAX);
  return walk.unknownFields.map((path) => `unknown field "${path}"`);
}

/** What `Strict` says of complaints: those of YAML's parser are one, before the others. */
export function strictError(complaints: readonly string[], duplicates: readonly string[] = []): string {
  const ofParser = duplicates.length === 0 ? [] : [parserError(duplicates)];
  return `strict decoding error: ${[...ofParser, ...complaints].join(', ')}`;
}

/** As Go's YAML parser puts keys that come twice. */
export function parserError(duplicates: readonly string[]): string {
  return `yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`;
}

function undecodable(gvk: GroupVersionKind, reason: string): StatusError {
  const message = `${gvk.kind} in version "${gvk.version}" cannot be handled as a ${gvk.kind}: ${reason}`;
  return new StatusError('BadRequest', message);
}
