/**
 * From what the registry has to what the client asked for: the version of the path, and object, Table or metadata alone.
 * Where both are the stored form, the committed bytes go out as they are.
 */

import { convertVersion } from '../api/conversion.ts';
import type { ApiResponse } from '../api/message.ts';
import { type GroupVersionKind, toApiVersion } from '../api/meta.ts';
import type { ResourceRow } from '../api/resources.ts';
import type { StoredObject } from '../store/store.ts';
import { type ApiObject, objectOf } from './api-object.ts';
import { type FrameShape, JSON_FRAMES } from './registry/frames.ts';
import type { ListPage } from './registry/list.ts';
import type { WriteOutcome } from './registry/registry.ts';
import type { Representation } from './representation.ts';
import { listResponse, storedMessageResponse, storedResponse, valueResponse } from './responses.ts';
import type { ResourceCall, ServerContext } from './server-context.ts';
import { isStoredVersion, toStoredSelector } from './stored-version.ts';
import { type TableSource, toPartial, toSingleTable, toTable } from './table.ts';

/** The same object in the version that is stored, or back in the one that `row` serves. */
export function toStored(row: ResourceRow, object: ApiObject): ApiObject {
  if (row.custom !== undefined) return inVersion(object, row.storageGroupVersion);
  return convertVersion(object, row.storageGroupVersion);
}

export function fromStored(row: ResourceRow, object: ApiObject): ApiObject {
  if (row.custom !== undefined) return inVersion(object, toApiVersion(row.group, row.version));
  return isStoredVersion(row) ? object : convertVersion(object, toApiVersion(row.group, row.version));
}

/** The same object in the version of `row`, whichever it is in. */
export function toVersionOf(row: ResourceRow, object: ApiObject): ApiObject {
  const apiVersion = toApiVersion(row.group, row.version);
  return row.custom === undefined ? convertVersion(object, apiVersion) : inVersion(object, apiVersion);
}

/** Versions of a custom resource without a conversion of its own differ in nothing but the name. */
function inVersion(object: ApiObject, apiVersion: string): ApiObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
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
export function respondOutcome(
  server: ServerContext,
  call: ResourceCall,
  { object, stored }: WriteOutcome,
  status: number,
): ApiResponse {
  const response =
    stored === undefined ? respondValue(server, call, () => object) : respondStored(server, call, stored);
  response.status = status;
  return response;
}

export function respondStored(server: ServerContext, call: ResourceCall, stored: StoredObject): ApiResponse {
  const kept = keptForm(call);
  if (kept === undefined) return respondValue(server, call, () => objectOf(stored));
  return kept === 'json' ? storedResponse(200, stored) : storedMessageResponse(200, stored, server.messages);
}

/** The format, where the answer is made of what is kept in it: of objects as they are stored. */
function keptForm({ row, representation }: ResourceCall): 'json' | 'protobuf' | undefined {
  const { shape, format, pretty } = representation;
  if (shape !== 'object' || format === 'yaml' || !isStoredVersion(row)) return undefined;
  return format === 'json' && pretty ? undefined : format;
}

function respondValue(server: ServerContext, call: ResourceCall, object: () => ApiObject): ApiResponse {
  const { representation } = call;
  const served = fromStored(call.row, object());
  const toValue: Record<Representation['shape'], () => unknown> = {
    object: () => served,
    partial: () => toPartial(served),
    table: () => toSingleTable(tableSource(server, call, representation), served),
  };
  return valueResponse(200, toValue[representation.shape](), representation);
}

export function respondList(server: ServerContext, call: ResourceCall, page: ListPage): ApiResponse {
  const { row, representation } = call;
  const { objects, metadata } = page;
  const gvk = listKindOf(row);
  const kept = keptForm(call);
  if (kept !== undefined) {
    return listResponse({ gvk, metadata, objects }, kept === 'protobuf' ? server.messages : undefined);
  }
  const header = { kind: gvk.kind, apiVersion: toApiVersion(gvk.group, gvk.version), metadata };
  const served = objects.map((stored) => fromStored(row, objectOf(stored)));
  const partialHeader = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata };
  const toValue: Record<Representation['shape'], () => unknown> = {
    object: () => ({ ...header, items: served }),
    partial: () => ({ ...partialHeader, items: served.map(toPartial) }),
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
export function frameShape(server: ServerContext, { row, representation }: ResourceCall): FrameShape {
  const { shape, format } = representation;
  const writer = format === 'protobuf' ? server.protobufFrames : JSON_FRAMES;
  if (shape === 'partial') {
    return { key: `${format}/partial`, transform: toPartial, bookmark: toPartial, writer };
  }
  if (shape === 'table') return tableFrames(server, row, representation);
  const version = toApiVersion(row.group, row.version);
  if (isStoredVersion(row)) return { key: format, writer };
  return {
    key: `${format}/${version}`,
    transform: (object) => fromStored(row, object),
    bookmark: (object) => inVersion(object, version),
    writer,
  };
}

function tableFrames(server: ServerContext, row: ResourceRow, representation: Representation): FrameShape {
  const { clock } = server.registry;
  const version = toApiVersion(row.group, row.version);
  return {
    get key() {
      return `table/${version}/${representation.includeObject}/${Math.floor(clock.now() / 1000)}`;
    },
    transform: (object) =>
      toSingleTable({ row, representation, nowMs: clock.now() }, fromStored(row, object)),
    writer: JSON_FRAMES,
  };
}
