/**
 * From what the registry has to what the client asked for: the version of the path, and object, Table or metadata alone.
 * Where both are the stored form, the committed bytes go out as they are.
 */

import { convertVersion } from '../api/conversion.ts';
import type { ApiResponse } from '../api/message.ts';
import { toApiVersion } from '../api/meta.ts';
import type { ResourceRow } from '../api/resources.ts';
import type { StoredObject } from '../store/store.ts';
import { type ApiObject, objectOf } from './api-object.ts';
import { type FrameShape, STORED_SHAPE } from './registry/frames.ts';
import type { ListPage } from './registry/list.ts';
import type { WriteOutcome } from './registry/registry.ts';
import { negotiate, type Representation } from './representation.ts';
import { listResponse, storedResponse, valueResponse } from './responses.ts';
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
  return isPlain(call) ? storedResponse(200, stored) : respondValue(server, call, () => objectOf(stored));
}

/** Whether the answer is the stored form itself. */
function isPlain({ row, request }: ResourceCall): boolean {
  const { shape, format, pretty } = negotiate(request);
  return shape === 'object' && format === 'json' && !pretty && isStoredVersion(row);
}

function respondValue(server: ServerContext, call: ResourceCall, object: () => ApiObject): ApiResponse {
  const representation = negotiate(call.request);
  const served = fromStored(call.row, object());
  const toValue: Record<Representation['shape'], () => unknown> = {
    object: () => served,
    partial: () => toPartial(served),
    table: () => toSingleTable(tableSource(server, call, representation), served),
  };
  return valueResponse(200, toValue[representation.shape](), representation);
}

export function respondList(server: ServerContext, call: ResourceCall, page: ListPage): ApiResponse {
  const { row } = call;
  const { objects, metadata } = page;
  const header = {
    kind: row.custom?.listKind ?? `${row.kind}List`,
    apiVersion: toApiVersion(row.group, row.version),
    metadata,
  };
  if (isPlain(call)) return listResponse({ ...header, objects });
  const representation = negotiate(call.request);
  const served = objects.map((stored) => fromStored(row, objectOf(stored)));
  const partialHeader = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata };
  const toValue: Record<Representation['shape'], () => unknown> = {
    object: () => ({ ...header, items: served }),
    partial: () => ({ ...partialHeader, items: served.map(toPartial) }),
    table: () => toTable(tableSource(server, call, representation), served, metadata),
  };
  return valueResponse(200, toValue[representation.shape](), representation);
}

function tableSource(
  { registry }: ServerContext,
  { row }: ResourceCall,
  representation: Representation,
): TableSource {
  return { row, representation, nowMs: registry.clock.now() };
}

/** How a watch's frames show objects. Cells tell ages: a row is shared by the watchers of the same second only. */
export function frameShape(
  server: ServerContext,
  { row }: ResourceCall,
  representation: Representation,
): FrameShape {
  const { shape, includeObject } = representation;
  const version = isStoredVersion(row) ? '' : toApiVersion(row.group, row.version);
  const served = (object: ApiObject) => fromStored(row, object);
  if (shape === 'object') {
    return version === '' ? STORED_SHAPE : { key: `object/${version}`, transform: served };
  }
  if (shape === 'partial') return { key: 'partial', transform: toPartial };
  const { clock } = server.registry;
  return {
    get key() {
      return `table/${version}/${includeObject}/${Math.floor(clock.now() / 1000)}`;
    },
    transform: (object) => toSingleTable({ row, representation, nowMs: clock.now() }, served(object)),
  };
}
