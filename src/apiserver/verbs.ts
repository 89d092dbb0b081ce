/** The verbs of every resource, from a call to a response; the same functions serve each kind. */
import type { ApiResponse } from '../api/message.ts';
import { toApiVersion } from '../api/meta.ts';
import { StatusError } from '../base/status-error.ts';
import type { StoredObject } from '../store/store.ts';
import { type ApiObject, copyJson, objectOf } from './api-object.ts';
import { decodeAs } from './decode.ts';
import { parseDeleteOptions } from './delete-options.ts';
import { newBadRequest, newNotFound } from './errors.ts';
import { patchFormat } from './patching.ts';
import { createObject } from './registry/create.ts';
import { deleteAll, deleteObject } from './registry/delete.ts';
import { type FrameShape, STORED_SHAPE } from './registry/frames.ts';
import { type ListPage, listObjects } from './registry/list.ts';
import { readObject, type WriteOutcome } from './registry/registry.ts';
import { strategyOf } from './registry/strategies.ts';
import { updateObject } from './registry/update.ts';
import { parseWatch, watchFrames } from './registry/watch.ts';
import { parseWriteOptions } from './registry/write-options.ts';
import { negotiate, type Representation } from './representation.ts';
import { mediaTypeOf, type ParsedBody, parseBody, parsePatchBody } from './request-body.ts';
import {
  jsonHeaders,
  listResponse,
  storedResponse,
  successStatus,
  valueResponse,
  withWarnings,
} from './responses.ts';
import type { RequestVerb } from './route.ts';
import { type CallHandler, type ResourceCall, type ServerContext, targetOf } from './server-context.ts';
import { type TableSource, toPartial, toSingleTable, toTable } from './table.ts';

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

export function getOne(server: ServerContext, call: ResourceCall): ApiResponse {
  const target = targetOf(call);
  const stored = readObject(server.registry.store, target);
  if (stored === undefined) throw newNotFound(target.row, target.name);
  return respondWith(server, call, { object: () => objectOf(stored), stored });
}

export async function createOne(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { request, row, user } = call;
  const options = parseWriteOptions(request.query);
  const { value, text } = requiredBody(parseBody(request));
  const { object, warnings } = decodeAs(value, row, decodeOptions(options.fieldValidation, text));
  const outcome = await createObject(server.registry, targetOf(call), object, {
    user,
    dryRun: options.dryRun,
  });
  return withWarnings(respondOutcome(server, call, outcome, 201), warnings);
}

export async function updateOne(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { request, row, user, info } = call;
  const { registry } = server;
  const target = targetOf(call);
  const options = parseWriteOptions(request.query);
  const { value, text } = requiredBody(parseBody(request));
  const { object, warnings } = decodeAs(value, row, decodeOptions(options.fieldValidation, text));
  const write = { user, dryRun: options.dryRun };
  const isCreation =
    info.subresource === '' &&
    strategyOf(row).createOnUpdate === true &&
    readObject(registry.store, target) === undefined;
  if (isCreation) {
    object.metadata.name ??= target.name;
    const outcome = await createObject(registry, target, object, write);
    return withWarnings(respondOutcome(server, call, outcome, 201), warnings);
  }
  const edit = { subresource: info.subresource, produce: () => object };
  const outcome = await updateObject(registry, target, edit, write);
  return withWarnings(respondOutcome(server, call, outcome, 200), warnings);
}

export async function patchOne(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { request, row, user, info } = call;
  const options = parseWriteOptions(request.query);
  const applyPatch = patchFormat(mediaTypeOf(request.headers['content-type']));
  const { value, text } = requiredBody(parsePatchBody(request, false));
  let warnings: string[] = [];
  const produce = (old: ApiObject): ApiObject => {
    const patched = copyJson(applyPatch(old as never, value as never, row));
    const decoded = decodeAs(patched, row, decodeOptions(options.fieldValidation, text));
    warnings = decoded.warnings;
    return decoded.object;
  };
  const edit = { subresource: info.subresource, produce };
  const write = { user, dryRun: options.dryRun };
  const outcome = await updateObject(server.registry, targetOf(call), edit, write);
  return withWarnings(respondOutcome(server, call, outcome, 200), warnings);
}

export async function deleteOne(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { row, user, request } = call;
  const target = targetOf(call);
  const { options, dryRun } = parseDeleteOptions(request);
  const { object, removed } = await deleteObject(server.registry, target, { user, dryRun, options });
  if (!removed || strategyOf(row).returnsDeletedObject)
    return respondOutcome(server, call, { object, stored: undefined }, 200);
  const uid = object.metadata.uid;
  return successStatus(200, {
    name: target.name,
    ...(row.group === '' ? {} : { group: row.group }),
    kind: row.resource,
    ...(uid === undefined ? {} : { uid }),
  });
}

export async function deleteCollection(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { request, user } = call;
  const target = targetOf(call);
  const { options, dryRun } = parseDeleteOptions(request);
  const page = listObjects(server.registry.store, target.row, target.namespace, request.query);
  await deleteAll(server.registry, target, page.objects.map(objectOf), { user, dryRun, options });
  return respondList(server, call, page);
}

export function listAll(server: ServerContext, call: ResourceCall): ApiResponse {
  const { row, namespace } = targetOf(call);
  return respondList(server, call, listObjects(server.registry.store, row, namespace, call.request.query));
}

export function watchAll(server: ServerContext, call: ResourceCall): ApiResponse {
  const { registry, frames } = server;
  const { row, namespace } = targetOf(call);
  const { request, info } = call;
  const representation = negotiate(request);
  if (representation.format === 'yaml') {
    throw new StatusError('NotAcceptable', 'only the following media types are accepted: application/json');
  }
  const source = { ...registry, frames };
  const shape = frameShape(server, call, representation);
  const query =
    info.path.includes('/watch/') && info.name !== '' ? withName(request.query, info.name) : request.query;
  const watch = parseWatch(source, { row, namespace }, query, shape);
  const headers = { ...jsonHeaders(), 'content-type': 'application/json;stream=watch' };
  if (representation.shape === 'object') headers['content-type'] = 'application/json';
  return { status: 200, headers, body: { kind: 'watch', frames: watchFrames(source, watch, call.signal) } };
}

/** The deprecated form of a watch names its object in the path. */
function withName(query: URLSearchParams, name: string): URLSearchParams {
  const copy = new URLSearchParams(query.toString());
  const selector = copy.get('fieldSelector');
  copy.set('fieldSelector', `${selector ? `${selector},` : ''}metadata.name=${name}`);
  return copy;
}

/** Cells tell ages: a row is shared by the watchers of the same second only. */
function frameShape(
  server: ServerContext,
  { row }: ResourceCall,
  representation: Representation,
): FrameShape {
  const { shape, includeObject } = representation;
  if (shape === 'object') return STORED_SHAPE;
  if (shape === 'partial') return { key: 'partial', transform: toPartial };
  const { clock } = server.registry;
  return {
    get key() {
      return `table/${includeObject}/${Math.floor(clock.now() / 1000)}`;
    },
    transform: (object) => toSingleTable({ row, representation, nowMs: clock.now() }, object),
  };
}

export function requiredBody(body: ParsedBody | undefined): ParsedBody {
  if (body === undefined) throw newBadRequest('the request has no body');
  return body;
}

export function decodeOptions(fieldValidation: 'Ignore' | 'Warn' | 'Strict', text: string | undefined) {
  return text === undefined ? { fieldValidation } : { fieldValidation, text };
}

/** The answer to a write, in the form that was asked for. */
export function respondOutcome(
  server: ServerContext,
  call: ResourceCall,
  { object, stored }: WriteOutcome,
  status: number,
): ApiResponse {
  const response = respondWith(server, call, { object: () => object, stored });
  response.status = status;
  return response;
}

interface Shown {
  readonly object: () => ApiObject;
  /** Absent for what is not stored in this form. */
  stored: StoredObject | undefined;
}

function respondWith(server: ServerContext, call: ResourceCall, { object, stored }: Shown): ApiResponse {
  const representation = negotiate(call.request);
  const { shape, format, pretty } = representation;
  if (shape === 'object' && format === 'json' && !pretty && stored !== undefined)
    return storedResponse(200, stored);
  const source = tableSource(server, call, representation);
  const value =
    shape === 'table'
      ? toSingleTable(source, object())
      : shape === 'partial'
        ? toPartial(object())
        : object();
  return valueResponse(200, value, representation);
}

function tableSource(
  server: ServerContext,
  { row }: ResourceCall,
  representation: Representation,
): TableSource {
  return { row, representation, nowMs: server.registry.clock.now() };
}

function respondList(
  server: ServerContext,
  call: ResourceCall,
  { objects, metadata }: ListPage,
): ApiResponse {
  const representation = negotiate(call.request);
  const { row } = call;
  const { shape, format, pretty } = representation;
  const header = { apiVersion: toApiVersion(row.group, row.version), kind: `${row.kind}List`, metadata };
  if (shape === 'table') {
    const table = toTable(tableSource(server, call, representation), objects.map(objectOf), metadata);
    return valueResponse(200, table, representation);
  }
  if (shape === 'partial') {
    const items = objects.map((stored) => toPartial(objectOf(stored)));
    const list = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items };
    return valueResponse(200, list, representation);
  }
  if (format === 'yaml' || pretty)
    return valueResponse(200, { ...header, items: objects.map(objectOf) }, representation);
  return listResponse({ ...header, objects });
}
