/** From an untyped value to a decoded, defaulted object of the kind that a resource holds. */

import type { CustomKind } from '../api/custom/custom-kind.ts';
import { decodeCustom } from '../api/custom/decode-custom.ts';
import { applyDefaults } from '../api/defaults/apply-defaults.ts';
import type { JsonObject, JsonValue } from '../api/json.ts';
import { type GroupVersionKind, type KubeObject, splitApiVersion, toApiVersion } from '../api/meta.ts';
import { schemaForKind } from '../api/schema.ts';
import { type DecodeOptions, decodeObject } from '../api/validation/structural.ts';
import { assert } from '../base/assert.ts';
import { type ApiObject, isFields } from './api-object.ts';
import { newBadRequest } from './errors.ts';

export interface DecodedObject {
  object: ApiObject;
  /** For `Warning` headers. */
  warnings: string[];
}

/** A built-in kind by its name, a custom one with what its definition says. */
export type DecodableKind = GroupVersionKind & { custom?: CustomKind };

/**
 * Decodes `value`, which the caller owns, in place, as `gvk`: the only kind that the path takes.
 *
 * @throws StatusError BadRequest
 */
export function decodeAs(value: unknown, gvk: DecodableKind, options: DecodeOptions): DecodedObject {
  checkKind(value, gvk);
  if (gvk.custom !== undefined) {
    const decoded = decodeCustom(value as JsonValue, gvk, gvk.custom, { ...options, withDefaults: true });
    return { ...decoded, object: withHeader(decoded.object, gvk) as unknown as ApiObject };
  }
  const schema = schemaForKind(gvk);
  assert(schema !== undefined, `no schema for ${gvk.group}/${gvk.version} ${gvk.kind}`);
  const decoded = decodeObject(value as JsonValue, gvk, schema, options);
  const object = withHeader(decoded.object, gvk) as unknown as ApiObject;
  applyDefaults(object as unknown as KubeObject, schema);
  return { object, warnings: decoded.warnings };
}

const SILENT: DecodeOptions = { fieldValidation: 'Ignore' };

/** As {@link decodeAs}, for what the server itself composed. */
export function decodeOwn(value: unknown, gvk: DecodableKind): ApiObject {
  return decodeAs(value, gvk, SILENT).object;
}

/** `apiVersion` and `kind` may be left out, since the path says them; a different one is refused. */
export function checkKind(value: unknown, gvk: GroupVersionKind): void {
  if (!isFields(value)) return;
  const { apiVersion, kind } = value;
  const expected = toApiVersion(gvk.group, gvk.version);
  if (typeof kind === 'string' && kind !== '' && kind !== gvk.kind) {
    const version = typeof apiVersion === 'string' ? splitApiVersion(apiVersion).version : '';
    throw newBadRequest(
      `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${gvk.kind}: the kind in the data (${kind}) does not match the expected kind (${gvk.kind})`,
    );
  }
  if (typeof apiVersion === 'string' && apiVersion !== '' && apiVersion !== expected) {
    throw newBadRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
}

/** The header first, as every reader expects it; metadata is always there. */
function withHeader(object: JsonObject, gvk: GroupVersionKind): JsonObject {
  const { apiVersion: _a, kind: _k, metadata, ...rest } = object;
  return {
    apiVersion: toApiVersion(gvk.group, gvk.version),
    kind: gvk.kind,
    metadata: metadata ?? {},
    ...rest,
  };
}
