/** The verbs of every resource, from a call to a response; the same functions serve each kind. */
import type { ApiResponse } from '../api/message.ts';
import { SERVICES } from '../api/resources.ts';
import type { DecodeOptions, FieldValidation } from '../api/validation/structural.ts';
import { type ApiObject, copyJson, objectOf } from './api-object.ts';
import { applyOne } from './applying.ts';
import { decodeAs } from './decode.ts';
import { parseDeleteOptions } from './delete-options.ts';
import { newBadRequest, newNotFound } from './errors.ts';
import { APPLY_TYPE, patchFormat, statusPart } from './patching.ts';
import { createObject } from './registry/create.ts';
import { deleteAll, deleteObject } from './registry/delete.ts';
import { listObjects } from './registry/list.ts';
import { readObject } from './registry/registry.ts';
import { strategyOf } from './registry/strategies.ts';
import { updateObject } from './registry/update.ts';
import { parseWatch } from './registry/watch.ts';
import { WatchStream } from './registry/watch-stream.ts';
import { parseWriteOptions } from './registry/write-options.ts';
import { type Format, MEDIA_TYPES } from './representation.ts';
import { checkExtent, mediaTypeOf, type ParsedBody, parseBody, parsePatchBody } from './request-body.ts';
import { headersOf, successStatus, withWarnings } from './responses.ts';
import type { RequestVerb } from './route.ts';
import {
  type CallHandler,
  type ResourceCall,
  type ServerContext,
  targetOf,
  writeOf,
} from './server-context.ts';
import {
  changeConverted,
  frameShape,
  fromStored,
  isConvertedElsewhere,
  newToStored,
  respondList,
  respondOutcome,
  respondStored,
  storedQuery,
  toStored,
} from './shaping.ts';
import { isStoredVersion } from './stored-version.ts';
import { writerOf } from './writer.ts';

export const VERBS: Record<RequestVerb, CallHandler> = {
  get: getOne,
  list: listAll,
  watch: watchAll,
  create: createOne,
  update: updateOne,
  patch: patchOne,
  delete: deleteOne,
  deletecollection: deleteCollection,
};

export function getOne(server: ServerContext, call: ResourceCall): ApiResponse | Promise<ApiResponse> {
  const target = targetOf(call);
  const stored = readObject(server.registry.store, target);
  if (stored === undefined) throw newNotFound(call.row, target.name);
  return respondStored(server, call, stored);
}

async function createOne(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { request, row } = call;
  const { dryRun, fieldValidation } = parseWriteOptions(request.query);
  const body = requiredBody(parseBody(request, row));
  const { object, warnings } = decodeAs(body.value, row, { ...body, fieldValidation });
  call.audit?.requested(object);
  const outcome = await createObject(
    server.registry,
    targetOf(call),
    await newToStored(server, row, object),
    writeOf(call, dryRun),
  );
  return withWarnings(await respondOutcome(server, call, outcome, 201), [...body.rounded, ...warnings]);
}

export async function updateOne(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { request, row, info } = call;
  const { registry } = server;
  const target = targetOf(call);
  const { dryRun, fieldValidation } = parseWriteOptions(request.query);
  const body = requiredBody(parseBody(request, row));
  const decoded = decodeAs(body.value, row, { ...body, fieldValidation });
  call.audit?.requested(decoded.object);
  const warnings = [...body.rounded, ...decoded.warnings];
  const write = { ...writeOf(call, dryRun), writer: writerOf(call) };
  const isCreation =
    info.subresource === '' &&
    strategyOf(target.row).createOnUpdate === true &&
    readObject(registry.store, target) === undefined;
  if (isCreation) {
    const object = await newToStored(server, row, decoded.object);
    if (!object.metadata.name) object.metadata.name = target.name;
    if (object.metadata.name !== target.name) {
      throw newBadRequest(
        `the name of the object (${object.metadata.name}) does not match the name on the URL (${target.name})`,
      );
    }
    const outcome = await createObject(registry, target, object, write);
    return withWarnings(await respondOutcome(server, call, outcome, 201), warnings);
  }
  const produce = isConvertedElsewhere(row)
    ? changeConverted(server, call, () => decoded.object)
    : always(toStored(row, decoded.object));
  const edit = { subresource: info.subresource, produce };
  const outcome = await updateObject(registry, target, edit, write);
  return withWarnings(await respondOutcome(server, call, outcome, 200), warnings);
}

export async function patchOne(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { request, row, info } = call;
  const mediaType = mediaTypeOf(request.headers['content-type']);
  if (mediaType === APPLY_TYPE) return applyOne(server, call);
  const { dryRun, fieldValidation } = parseWriteOptions(request.query);
  const applyPatch = patchFormat(mediaType, row.custom !== undefined);
  const { value, text, rounded } = requiredBody(parsePatchBody(request, false));
  call.audit?.patched(value);
  const options = decodeOptions(fieldValidation, text);
  let warnings: string[] = [];
  const decodePatched = (patched: unknown): ApiObject => {
    checkExtent(patched);
    const decoded = decodeAs(copyJson(patched), row, options);
    warnings = decoded.warnings;
    return decoded.object;
  };
  const produceAtOnce = (old: ApiObject): ApiObject => {
    const isOfStatus = info.subresource === 'status' && row.custom === undefined && isStoredVersion(row);
    // The defaults of a Service's status depend on its type.
    const part = isOfStatus && row !== SERVICES ? statusPart(old, value) : undefined;
    const patched: unknown = applyPatch((part ?? fromStored(row, old)) as never, value as never, row);
    if (part === undefined) return toStored(row, decodePatched(patched));
    const decoded = decodeAs(patched, row, { ...options, trustsFrozen: true });
    warnings = decoded.warnings;
    return toStored(row, decoded.object);
  };
  const produceConverted = changeConverted(server, call, (served) =>
    decodePatched(applyPatch(served as never, value as never, row)),
  );
  const produce = isConvertedElsewhere(row) ? produceConverted : produceAtOnce;
  const edit = { subresource: info.subresource, produce };
  const write = { ...writeOf(call, dryRun), writer: writerOf(call) };
  const outcome = await updateObject(server.registry, targetOf(call), edit, write);
  return withWarnings(await respondOutcome(server, call, outcome, 200), [...rounded, ...warnings]);
}

function always(object: ApiObject): () => ApiObject {
  return () => object;
}

async function deleteOne(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { row, request } = call;
  const target = targetOf(call);
  const { options, dryRun } = parseDeleteOptions(request);
  call.audit?.requested(options);
  const { object, removed } = await deleteObject(server.registry, target, {
    ...writeOf(call, dryRun),
    options,
  });
  if (!removed || strategyOf(target.row).returnsDeletedObject) {
    return respondOutcome(server, call, { object, stored: undefined }, 200);
  }
  const { uid } = object.metadata;
  return successStatus(200, call.representation, {
    name: target.name,
    ...(row.group === '' ? {} : { group: row.group }),
    kind: row.resource,
    ...(uid === undefined ? {} : { uid }),
  });
}

async function deleteCollection(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { request } = call;
  const target = targetOf(call);
  const { options, dryRun } = parseDeleteOptions(request);
  call.audit?.requested(options);
  const page = listObjects(server.registry.store, target.row, target.namespace, storedQuery(call));
  await deleteAll(server.registry, target, page.objects.map(objectOf), { ...writeOf(call, dryRun), options });
  return respondList(server, call, page);
}

function listAll(server: ServerContext, call: ResourceCall): ApiResponse | Promise<ApiResponse> {
  const { row, namespace } = targetOf(call);
  return respondList(server, call, listObjects(server.registry.store, row, namespace, storedQuery(call)));
}

function watchAll(server: ServerContext, call: ResourceCall): ApiResponse {
  const { registry, watches } = server;
  const { row, namespace } = targetOf(call);
  const { info, seat, observed } = call;
  const isNamedByPath = info.path.includes('/watch/') && info.name !== '';
  const query = isNamedByPath ? withName(storedQuery(call), info.name) : storedQuery(call);
  const watch = parseWatch(registry, { row, namespace }, query, frameShape(server, call));
  const isShownFirst = seat !== undefined && watch.initial !== 'none';
  if (isShownFirst) seat.keep();
  const onBegun = isShownFirst ? () => seat.release() : undefined;
  return {
    status: 200,
    headers: headersOf(streamTypeOf(call.representation.format)),
    body: {
      kind: 'watch',
      frames: new WatchStream(watches, watch, call.signal, { onBegun, observer: observed }),
    },
  };
}

/** JSON names no stream, as upstream's does not. */
function streamTypeOf(format: Format): string {
  return format === 'json' ? MEDIA_TYPES.json : `${MEDIA_TYPES[format]};stream=watch`;
}

/** The deprecated form of a watch names its object in the path. */
function withName(query: URLSearchParams, name: string): URLSearchParams {
  const copy = new URLSearchParams(query.toString());
  const selector = copy.get('fieldSelector');
  copy.set('fieldSelector', `${selector ? `${selector},` : ''}metadata.name=${name}`);
  return copy;
}

export function requiredBody(body: ParsedBody | undefined): ParsedBody {
  if (body === undefined) throw newBadRequest('the request has no body');
  return body;
}

function decodeOptions(fieldValidation: FieldValidation, text: string | undefined): DecodeOptions {
  return text === undefined ? { fieldValidation } : { fieldValidation, text };
}
