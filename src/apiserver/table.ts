/** The other shapes of an object: a Table, whose cells `kubectl get` prints, and metadata alone. */
import type { ListMeta } from '../api/message.ts';
import type { KubeObject } from '../api/meta.ts';
import { inTableOrder, tableCells, tableColumns } from '../api/printers/printers.ts';
import type { ResourceRow } from '../api/resources.ts';
import type { ApiObject, Fields } from './api-object.ts';
import type { Representation } from './representation.ts';

export interface TableSource {
  row: ResourceRow;
  representation: Representation;
  nowMs: number;
}

/** A Table with one row for each of `objects`. */
export function toTable(source: TableSource, objects: readonly ApiObject[], metadata: ListMeta): Fields {
  return {
    kind: 'Table',
    apiVersion: source.representation.metaVersion,
    metadata,
    columnDefinitions: source.row.custom?.printer.columns ?? tableColumns(source.row),
    rows: ordered(source, objects).map((object) => toTableRow(source, object)),
  };
}

function ordered({ row }: TableSource, objects: readonly ApiObject[]): readonly ApiObject[] {
  if (row.custom !== undefined) return objects;
  return inTableOrder(row, objects as readonly (ApiObject & KubeObject)[]);
}

export function toTableRow({ row, representation, nowMs }: TableSource, object: ApiObject): Fields {
  const cells =
    row.custom?.printer.cells(object as KubeObject, nowMs) ?? tableCells(row, object as KubeObject, nowMs);
  return { cells, object: rowObject(object, representation) };
}

function rowObject(object: ApiObject, { includeObject, metaVersion }: Representation): unknown {
  if (includeObject === 'None') return null;
  return includeObject === 'Object' ? object : toPartial(object, metaVersion);
}

export function toPartial(object: ApiObject, apiVersion: Representation['metaVersion']): Fields {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
}

/** A single object's Table carries its revision. */
export function toSingleTable(source: TableSource, object: ApiObject): Fields {
  const { resourceVersion } = object.metadata;
  return toTable(source, [object], resourceVersion ? { resourceVersion } : {});
}
