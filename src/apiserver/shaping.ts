/**
 * From what the registry has to what the client asked for: the version of the path, and object, Table or metadata alone.
 * Where both are the stored form, the committed bytes go out as they are.
 */

import { convertVersion } from '../api/conversion.ts';
import { applySchemaDefaults } from '../api/custom/default-values.ts';
import type { JsonValue } from '../api/json.ts';
import type { ApiResponse } from '../api/message.ts';
import { type GroupVersionKind, toApiVersion } from '../api/meta.ts';
import type { ResourceRow } from '../api/resources.ts';
import type { StoredObject } from '../store/store.ts';
import { type ApiObject, copyJson, objectOf } from './api-object.ts';
import { checkServed } from './custom/check-served.ts';
import type { CustomConversions } from './custom/conversions.ts';
import { type FrameShape, JSON_FRAMES } from './registry/frames.ts';
import type { ListPage } from './registry/list.ts';
import type { WriteOutcome } from './registry/registry.ts';
import type { Representation } from './representation.ts';
import { listResponse, storedMessageResponse, storedResponse, valueResponse } from './responses.ts';
import type { ResourceCall, ServerContext } from './server-context.ts';
import { isStoredVersion, storageRow, toStoredSelector } from './stored-version.ts';
import { type TableSource, toPartial, toSingleTable, toTable } from './table.ts';

/** Whether a webhook has a say in what versions of the kind are: then it takes its time. */
export function isConvertedElsewhere({ custom }: ResourceRow): boolean {
  return custom?.conversion !== undefined;
}

/** The same object in the version that is stored, or back in the one that `row` serves; where no webhook is asked. */
export function toStored(row: ResourceRow, object: ApiObject): ApiObject {
  return renamedOrConverted(row, object, row.storageGroupVersion);
}

export function fromStored(row: ResourceRow, object: ApiObject): ApiObject {
  if (row.custom === undefined && isStoredVersion(row)) return object;
  const served = renamedOrConverted(row, object, toApiVersion(row.group, row.version));
  return isComplete(row, Number(object.metadata.resourceVersion)) ? served : withSchemaDefaults(row, served);
}

/** Whether a custom object of `revision` has all the defaults that its schema has now: it was written under it. */
function isComplete({ custom }: ResourceRow, revision: number): boolean {
  return custom?.defaultsSince === undefined || revision > custom.defaultsSince;
}

function withSchemaDefaults({ custom }: ResourceRow, object: ApiObject): ApiObject {
  const copy = copyJson(object);
  applySchemaDefaults(copy as unknown as JsonValue, custom?.schema);
  return copy;
}

/** Versions of a custom resource without a conversion of its own differ in nothing but the name. */
function renamedOrConverted({ custom }: ResourceRow, object: ApiObject, apiVersion: string): ApiObject {
  if (custom === undefined) return convertVersion(object, apiVersion);
  return inVersion(object, apiVersion);
}

function inVersion(object: ApiObject, apiVersion: string): ApiObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** From any version to that of a row. */
export function newVersionConverter(conversions: CustomConversions) {
  return (row: ResourceRow, object: ApiObject): ApiObject | Promise<ApiObject> =>
    isConvertedElsewhere(row)
      ? conversions.ofGiven(row, object)
      : renamedOrConverted(row, object, toApiVersion(row.group, row.version));
}

/** A new object as a client sent it, in the version that is stored. @throws StatusError Invalid */
export function newToStored(
  { registry }: ServerContext,
  row: ResourceRow,
  object: ApiObject,
): ApiObject | Promise<ApiObject> {
  if (!isConvertedElsewhere(row)) return toStored(row, object);
  checkServed(row, object);
  return registry.conversions.ofGiven(storageRow(row), object);
}

/**
 * What `change` makes of a stored object in the version of `call`, both ways converted elsewhere.
 * @throws StatusError Invalid
 */
export function changeConverted(
  { registry }: ServerContext,
  { row, info }: ResourceCall,
  change: (served: ApiObject) => ApiObject,
): (old: ApiObject) => Promise<ApiObject> {
  return async (old) => {
    const [served] = await registry.conversions.ofStored(row, [old]);
    const changed = change(served!);
    // Of what else an update through a subresource says, nothing counts.
    if (info.subresource === '') checkServed(row, changed, served);
    return registry.conversions.ofGiven(storageRow(row), changed);
  };
}

/** An object of the store as `row` serves it. */
export async function storedAsServed(
  { registry }: ServerContext,
  row: ResourceRow,
  object: ApiObject,
): Promise<ApiObject> {
  if (!isConvertedElsewhere(row)) return fromStored(row, object);
  const [served] = await registry.conversions.ofStored(row, [object]);
  return served!;
}

/** The call's query, with field labels as the stored version calls them. */
export function storedQuery({ row, request }: ResourceCall): URLSearchParams {
  const selector = request.query.get('fieldSelector');
  if (selector === null || isStoredVersion(row)) return request.query;
  const query = new URLSearchParams(request.query.toString());
  query.set('fieldSelector', toStoredSelector(row, selector));
  return query;
}

/** The answer to a write, in the form that was asked for. */
export async function respondOutcome(
  server: ServerContext,
  call: ResourceCall,
  { object, stored }: WriteOutcome,
  status: number,
): Promise<ApiResponse> {
  const response = await (stored === undefined
    ? respondGiven(server, call, object)
    : respondStored(server, call, stored));
  response.status = status;
  return response;
}

export function respondStored(
  server: ServerContext,
  call: ResourceCall,
  stored: StoredObject,
): ApiResponse | Promise<ApiResponse> {
  const kept = isComplete(call.row, stored.revision) ? keptForm(call) : undefined;
  if (kept !== undefined) {
    return kept === 'json'
      ? storedResponse(200, stored)
      : storedMessageResponse(200, stored, server.messages);
  }
  const object = objectOf(stored);
  if (!isConvertedElsewhere(call.row)) return respondServed(server, call, fromStored(call.row, object));
  return storedAsServed(server, call.row, object).then((served) => respondServed(server, call, served));
}

/** Of what is not in the store. */
async function respondGiven(
  server: ServerContext,
  call: ResourceCall,
  object: ApiObject,
): Promise<ApiResponse> {
  const { row } = call;
  const served = isConvertedElsewhere(row)
    ? await server.registry.conversions.ofGiven(row, object)
    : fromStored(row, object);
  return respondServed(server, call, served);
}

/** The format, where the answer is made of what is kept in it: of objects as they are stored. */
function keptForm({ row, representation }: ResourceCall): 'json' | 'protobuf' | undefined {
  const { shape, format, pretty } = representation;
  if (shape !== 'object' || format === 'yaml' || !isStoredVersion(row)) return undefined;
  return format === 'json' && pretty ? undefined : format;
}

/** One object as it is served, in the form that was asked for. */
export function respondServed(server: ServerContext, call: ResourceCall, served: ApiObject): ApiResponse {
  const { representation } = call;
  const toValue: Record<Representation['shape'], () => unknown> = {
    object: () => served,
    partial: () => toPartial(served, representation.metaVersion),
    table: () => toSingleTable(tableSource(server, call, representation), served),
  };
  return valueResponse(200, toValue[representation.shape](), representation);
}

export function respondList(
  server: ServerContext,
  call: ResourceCall,
  page: ListPage,
): ApiResponse | Promise<ApiResponse> {
  const { row } = call;
  const { objects, metadata } = page;
  const kept = objects.every(({ revision }) => isComplete(row, revision)) ? keptForm(call) : undefined;
  if (kept !== undefined) {
    const content = { gvk: listKindOf(row), metadata, objects };
    return listResponse(content, kept === 'protobuf' ? server.messages : undefined);
  }
  const stored = objects.map(objectOf);
  const respond = (served: ApiObject[]) => respondServedList(server, call, served, metadata);
  if (isConvertedElsewhere(row)) return server.registry.conversions.ofStored(row, stored).then(respond);
  return respond(stored.map((object) => fromStored(row, object)));
}

/** Objects as they are served, as a list in the form that was asked for. */
export function respondServedList(
  server: ServerContext,
  call: ResourceCall,
  served: readonly ApiObject[],
  metadata: ListPage['metadata'],
): ApiResponse {
  const { row, representation } = call;
  const gvk = listKindOf(row);
  const header = { kind: gvk.kind, apiVersion: toApiVersion(gvk.group, gvk.version), metadata };
  const { metaVersion } = representation;
  const partialHeader = { kind: 'PartialObjectMetadataList', apiVersion: metaVersion, metadata };
  const toValue: Record<Representation['shape'], () => unknown> = {
    object: () => ({ ...header, items: served }),
    partial: () => ({ ...partialHeader, items: served.map((each) => toPartial(each, metaVersion)) }),
    table: () => toTable(tableSource(server, call, representation), served, metadata),
  };
  return valueResponse(200, toValue[representation.shape](), representation);
}

export function listKindOf({ group, version, kind, custom }: ResourceRow): GroupVersionKind {
  return { group, version, kind: custom?.listKind ?? `${kind}List` };
}

function tableSource(
  { registry }: ServerContext,
  { row }: ResourceCall,
  representation: Representation,
): TableSource {
  return { row, representation, nowMs: registry.clock.now() };
}

/** How a watch's frames show objects. Cells tell ages: a row is shared by the watchers of the same second only. */
export function frameShape(server: ServerContext, call: ResourceCall): FrameShape {
  const { row } = call;
  const shape = simpleShape(server, call, (object) => fromStored(row, object));
  if (!isConvertedElsewhere(row)) return shape;
  const prepare = async (objects: readonly ApiObject[]): Promise<FrameShape> => {
    const made = await server.registry.conversions.ofStored(row, objects);
    const byVersion = new Map(objects.map((object, index) => [versionKey(object), made[index]!]));
    const convert = (object: ApiObject) => byVersion.get(versionKey(object)) ?? object;
    return { ...simpleShape(server, call, (object) => object), key: shape.key, convert };
  };
  return { ...shape, prepare };
}

function versionKey({ metadata }: ApiObject): string {
  return `${metadata.uid} ${metadata.resourceVersion}`;
}

/** @param serve  from a stored object to one of the version that is watched */
function simpleShape(
  server: ServerContext,
  { row, representation }: ResourceCall,
  serve: (object: ApiObject) => ApiObject,
): FrameShape {
  const { shape, format, metaVersion } = representation;
  const writer = format === 'protobuf' ? server.protobufFrames : JSON_FRAMES;
  const version = toApiVersion(row.group, row.version);
  if (shape === 'partial') {
    const key = `${format}/partial/${metaVersion}${isConvertedElsewhere(row) ? `/${version}` : ''}`;
    const transform = (object: ApiObject) => toPartial(object, metaVersion);
    return { key, transform, bookmark: transform, writer };
  }
  if (shape === 'table') return tableFrames(server, row, representation, serve);
  if (isStoredVersion(row)) {
    if (row.custom?.defaultsSince === undefined) return { key: format, writer };
    const isAsStored = ({ revision }: StoredObject) => isComplete(row, revision);
    return { key: `${format}/${row.custom.defaultsSince}`, transform: serve, isAsStored, writer };
  }
  return {
    key: `${format}/${version}`,
    transform: serve,
    bookmark: (object) => inVersion(object, version),
    writer,
  };
}

function tableFrames(
  { registry }: ServerContext,
  row: ResourceRow,
  representation: Representation,
  serve: (object: ApiObject) => ApiObject,
): FrameShape {
  const { clock } = registry;
  const version = toApiVersion(row.group, row.version);
  return {
    get key() {
      const { includeObject, metaVersion } = representation;
      return `table/${version}/${metaVersion}/${includeObject}/${Math.floor(clock.now() / 1000)}`;
    },
    transform: (object) => toSingleTable({ row, representation, nowMs: clock.now() }, serve(object)),
    writer: JSON_FRAMES,
  };
}
