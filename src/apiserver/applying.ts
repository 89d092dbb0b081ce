/**
 * Server-side apply: a PATCH that says what one manager wants of an object, all of it, every time.
 *
 *     parse YAML -> check -> (absent) create | (present) merge, prune, conflicts -> the usual update
 *
 * @see k8s.io/apiserver/pkg/endpoints/handlers/patch.go applyPatcher
 */
import { type ApplyType, applyTypeOf } from '../api/apply/apply-type.ts';
import { findListProblem } from '../api/apply/list-problems.ts';
import { decodeCustom } from '../api/custom/decode-custom.ts';
import type { JsonObject, JsonValue } from '../api/json.ts';
import type { ApiResponse } from '../api/message.ts';
import { claimedGvkText, gvkText } from '../api/meta.ts';
import type { ResourceRow } from '../api/resources.ts';
import { type Schema, schemaForKind } from '../api/schema.ts';
import { decodeObject, parserError } from '../api/validation/structural.ts';
import { assert } from '../base/assert.ts';
import { toTimestamp } from '../base/clock.ts';
import { hasReason, type StatusError } from '../base/status-error.ts';
import { type ApiObject, copyJson } from './api-object.ts';
import { checkKind, decodeOwn } from './decode.ts';
import { newBadRequest, newConflict, newNotFound, UnlistedError } from './errors.ts';
import { createObject } from './registry/create.ts';
import { applyToObject } from './registry/ownership.ts';
import { readObject } from './registry/registry.ts';
import { updateObject } from './registry/update.ts';
import { parseWriteOptions } from './registry/write-options.ts';
import { checkExtent, parsePatchBody } from './request-body.ts';
import { withWarnings } from './responses.ts';
import { type ResourceCall, type ServerContext, targetOf, writeOf } from './server-context.ts';
import {
  changeConverted,
  fromStored,
  isConvertedElsewhere,
  newToStored,
  respondOutcome,
  toStored,
} from './shaping.ts';
import { requireManager, writerOf } from './writer.ts';

export async function applyOne(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { row, info, request } = call;
  const { registry } = server;
  requireManager(call);
  const { dryRun, fieldValidation } = parseWriteOptions(request.query);
  const target = targetOf(call);
  const { applied, duplicates, rounded } = parseApplied(call);
  if (duplicates.length > 0 && fieldValidation === 'Strict') throw newStrictError(duplicates);
  const warnings = [...rounded, ...(fieldValidation === 'Warn' ? duplicates : [])];
  const writer = writerOf(call);
  const write = { ...writeOf(call, dryRun), writer };
  const result = (live: ApiObject | undefined): ApiObject => {
    const time = toTimestamp(registry.clock.now());
    const { value, managedFields } = applyToObject(live, applied, {
      row,
      subresource: info.subresource,
      writer,
      time,
      force: request.query.get('force') === 'true',
    });
    checkExtent(value);
    const object = decodeOwn(copyJson(value), row);
    object.metadata.managedFields = managedFields;
    return object;
  };
  if (readObject(registry.store, target) === undefined) {
    if (info.subresource !== '') throw newNotFound(target.row, target.name);
    checkNew(call, applied);
    const object = await newToStored(server, row, result(undefined));
    object.metadata.name = target.name;
    const created = await createObject(registry, target, object, write).catch(unlessThere);
    if (created !== undefined)
      return withWarnings(await respondOutcome(server, call, created, 201), warnings);
  }
  const produce = isConvertedElsewhere(row)
    ? changeConverted(server, call, result)
    : (old: ApiObject) => toStored(row, result(fromStored(row, old)));
  const edit = { subresource: info.subresource, produce, ownsFields: true };
  const updated = await updateObject(registry, target, edit, write);
  return withWarnings(await respondOutcome(server, call, updated, 200), warnings);
}

function newStrictError(duplicates: readonly string[]): StatusError {
  const words = parserError(duplicates);
  return newBadRequest(`error strict decoding YAML: error converting YAML to JSON: ${words}`);
}

/** Somebody was faster: then it is an update. */
function unlessThere(error: unknown): undefined {
  if (!hasReason(error, 'AlreadyExists')) throw error;
}

interface Applied {
  applied: JsonObject;
  duplicates: readonly string[];
  rounded: readonly string[];
}

/** What is applied, canonical, without defaults (they would belong to nobody who asked for them), and keys that came twice. */
function parseApplied(call: ResourceCall): Applied {
  const { row, request } = call;
  const body = parsePatchBody(request, true);
  if (body === undefined) throw newBadRequest('the request has no body');
  const value = body.value as JsonValue;
  call.audit?.patched(value);
  const { apiVersion, kind } = (value ?? {}) as Partial<ApiObject>;
  if (!apiVersion || !kind)
    throw newBadRequest(`invalid object type: ${claimedGvkText({ apiVersion, kind })}`);
  checkKind(value, row);
  const { object, warnings } = decodeApplied(value, row);
  const metadata = (object['metadata'] ?? {}) as Partial<ApiObject['metadata']>;
  if (metadata.managedFields !== undefined) throw newBadRequest('metadata.managedFields must be nil');
  const problem = undeclaredFields(warnings) ?? findListProblem(applyTypeOfRow(row), object);
  if (problem !== undefined) throw newUntypedError(call, problem);
  return { applied: object, duplicates: body.duplicates ?? [], rounded: body.rounded };
}

function decodeApplied(value: JsonValue, row: ResourceRow) {
  const options = { fieldValidation: 'Warn', partial: true } as const;
  if (row.custom !== undefined)
    return decodeCustom(value, row, row.custom, { ...options, withDefaults: false });
  return decodeObject(value, row, builtInSchema(row), options);
}

function applyTypeOfRow(row: ResourceRow): ApplyType {
  return row.custom?.applyType ?? applyTypeOf(builtInSchema(row));
}

function builtInSchema(row: ResourceRow): Schema {
  const schema = schemaForKind(row);
  assert(schema !== undefined, `no schema for ${row.kind}`);
  return schema;
}

/** `unknown field "spec.foo"` → `.spec.foo: field not declared in schema`; several as a list. */
function undeclaredFields(complaints: readonly string[]): string | undefined {
  const fields = complaints.flatMap((text) => /^unknown field "(.*)"$/.exec(text)?.[1] ?? []);
  const errors = fields.map((field) => `.${field}: field not declared in schema`);
  return errors.length > 1 ? ['errors:', ...errors].join('\n  ') : errors[0];
}

function newUntypedError({ row, info }: ResourceCall, problem: string): StatusError {
  const name = row.namespaced ? `${info.namespace}/${info.name}` : `/${info.name}`;
  const message = `failed to create typed patch object (${name}; ${gvkText(row)}): ${problem}`;
  return new UnlistedError('', message, { code: 500 });
}

/** What an object must not say of itself that is not there yet. */
function checkNew({ row, info }: ResourceCall, applied: JsonObject): void {
  const { uid, resourceVersion } = (applied['metadata'] ?? {}) as Partial<ApiObject['metadata']>;
  if (!uid && !resourceVersion) return;
  throw newConflict(
    row,
    info.name,
    `uid mismatch: the provided object specified uid ${uid ?? ''}, and no existing object was found`,
  );
}
