/** `additionalPrinterColumns` as a printer. @see apiextensions-apiserver/pkg/registry/customresource/tableconvertor */
import { formatAge } from '../../base/duration.ts';
import type { CustomResourceColumnDefinition } from '../generated/apiextensions-v1.ts';
import { isJsonObject, type JsonValue } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { AGE, type KindPrinter, NAME, type TableColumn } from '../printers/column.ts';
import { findByJsonPath } from './json-path.ts';

const AGE_COLUMN: CustomResourceColumnDefinition = {
  name: AGE.name,
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
};

/** Without columns of its own a kind shows its age. */
export function customPrinter(
  columns: readonly CustomResourceColumnDefinition[] = [AGE_COLUMN],
): KindPrinter<KubeObject> {
  return {
    columns: [NAME, ...columns.map(toColumn)],
    cells: (object, nowMs) => [
      object.metadata.name,
      ...columns.map((column) =>
        toCell(column, findByJsonPath(object as unknown as JsonValue, column.jsonPath), nowMs),
      ),
    ],
  };
}

function toColumn(column: CustomResourceColumnDefinition): TableColumn {
  const { name, type, format = '', description = '', priority = 0 } = column;
  const shown = description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`;
  return { name, type: type as TableColumn['type'], format, description: shown, priority };
}

function toCell(
  { type }: CustomResourceColumnDefinition,
  found: readonly JsonValue[],
  nowMs: number,
): unknown {
  const [first] = found;
  if (first === undefined || first === null) return null;
  switch (type) {
    case 'integer':
      return typeof first === 'number' ? Math.trunc(first) : null;
    case 'number':
      return typeof first === 'number' ? first : null;
    case 'boolean':
      return typeof first === 'boolean' ? first : null;
    case 'date':
      return typeof first === 'string' ? toAge(first, nowMs) : '<invalid>';
    default:
      return found.map(toText).join(',');
  }
}

function toAge(timestamp: string, nowMs: number): string {
  const atMs = Date.parse(timestamp);
  return Number.isNaN(atMs) ? '<invalid>' : formatAge(nowMs - atMs);
}

function toText(value: JsonValue): string {
  return Array.isArray(value) || isJsonObject(value) ? JSON.stringify(value) : String(value);
}
