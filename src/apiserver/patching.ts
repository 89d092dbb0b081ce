/** The patch formats, by content type. @see k8s.io/apiserver/pkg/endpoints/handlers/patch.go */

import type { JsonObject, JsonValue } from '../api/json.ts';
import type { GroupVersionKind } from '../api/meta.ts';
import { applyJsonPatch } from '../api/patch/json-patch.ts';
import { applyMergePatch } from '../api/patch/merge-patch.ts';
import { applyStrategicMergePatch, type PatchSchema } from '../api/patch/strategic-merge-patch.ts';
import { type Schema, schemaForKind } from '../api/schema.ts';
import { ownValue } from '../base/own-value.ts';
import { StatusError } from '../base/status-error.ts';
import { type ApiObject, isFields } from './api-object.ts';
import { newBadRequest } from './errors.ts';

type ApplyPatch = (current: JsonValue, patch: JsonValue, gvk: GroupVersionKind) => JsonValue;

const FORMATS: Readonly<Record<string, ApplyPatch>> = {
  'application/json-patch+json': applyJsonPatch,
  'application/merge-patch+json'(current, patch) {
    return applyMergePatch(current, objectPatch(patch));
  },
  'application/strategic-merge-patch+json'(current, patch, gvk) {
    return applyStrategicMergePatch(
      current as JsonObject,
      objectPatch(patch),
      toPatchSchema(schemaForKind(gvk)),
    );
  },
};

/** How the items of a list are merged strategically is known of built-in kinds alone. */
const { 'application/strategic-merge-patch+json': _, ...CUSTOM_FORMATS } = FORMATS;

/** Server-side apply is no function of the stored object alone: see `applying.ts`. */
export const APPLY_TYPE = 'application/apply-patch+yaml';

/** The patch of `mediaType` as a function. @throws StatusError UnsupportedMediaType */
export function patchFormat(mediaType: string, isCustom = false): ApplyPatch {
  const formats = isCustom ? CUSTOM_FORMATS : FORMATS;
  const format = ownValue(formats, mediaType);
  if (format !== undefined) return format;
  const accepted = [...Object.keys(formats), APPLY_TYPE].join(', ');
  throw new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

function objectPatch(patch: JsonValue): JsonObject {
  if (!isFields(patch)) throw newBadRequest('the patch must be a JSON object');
  return patch as JsonObject;
}

/** What a patch of a status may name for {@link statusPart} to be all that it needs. */
const STATUS_FIELDS = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/**
 * The part of `object`, as stored, that a patch through its status can change, or `undefined` when the patch names more
 * than that and must be judged as a whole. What a patch leaves of the part is frozen still.
 */
export function statusPart(object: ApiObject, patch: unknown): ApiObject | undefined {
  if (!isFields(patch)) return undefined;
  for (const field in patch) if (!STATUS_FIELDS.has(field)) return undefined;
  const { apiVersion, kind, metadata, status } = object;
  // Defaults may set fields of a status: it is the one part that is never handed on as it is.
  return { apiVersion, kind, metadata, ...(status === undefined ? {} : { status: { ...status } }) };
}

const patchSchemas = new WeakMap<Schema, PatchSchema>();

function toPatchSchema(schema: Schema | undefined): PatchSchema | undefined {
  if (schema === undefined) return undefined;
  let known = patchSchemas.get(schema);
  if (known === undefined) {
    known = { field: (name) => patchField(schema, name) };
    patchSchemas.set(schema, known);
  }
  return known;
}

function patchField(schema: Schema, name: string): ReturnType<PatchSchema['field']> {
  const field = schema.fields.get(name);
  if (field === undefined) return undefined;
  return {
    schema: toPatchSchema(field.schema),
    strategies: field.patchStrategy?.split(',') ?? [],
    mergeKey: field.patchMergeKey,
  };
}
