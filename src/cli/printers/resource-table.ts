/** Prints the server's Table: which columns, in which order, is the server's affair. */
import type { Table } from '../cluster-session.ts';
import { TextTable } from './text-table.ts';

export interface ResourceTableOptions {
  /** Columns of lower importance too. */
  isWide: boolean;
  hasNamespaces: boolean;
  hasHeaders: boolean;
  showLabels: boolean;
  /** Before each name where several kinds are printed: `pod/`, `deployment.apps/`; else empty. */
  namePrefix: string;
  /** In a watch: a first column with ADDED, MODIFIED, DELETED. */
  hasEventType: boolean;
}

/** Prints one Table after another of the same resource, as in a watch. */
export class ResourceTable {
  readonly #options: ResourceTableOptions;
  #columns: { index: number; isName: boolean }[] = [];
  #text: TextTable | undefined;

  constructor(options: ResourceTableOptions) {
    this.#options = options;
  }

  format(table: Table, eventType = ''): string {
    const text = this.#text ?? this.#begin(table);
    // A watch that begins with nothing prints its header with the first row.
    if (table.rows.length === 0) return '';
    return text.format(table.rows.map((row) => this.#cells(row, eventType)));
  }

  #begin(table: Table): TextTable {
    const { isWide, hasHeaders } = this.#options;
    const shown = table.columnDefinitions
      .map(({ name, priority }, index) => ({ name, priority, index, isName: name === 'Name' }))
      .filter(({ priority }) => priority === 0 || isWide);
    this.#columns = shown;
    const header = this.#framed(
      'EVENT',
      'NAMESPACE',
      'LABELS',
      shown.map(({ name }) => name.toUpperCase()),
    );
    this.#text = new TextTable(header, { headers: hasHeaders });
    return this.#text;
  }

  #cells(row: Table['rows'][number], eventType: string): string[] {
    const { namePrefix } = this.#options;
    const { namespace = '', labels = {} } = row.object?.metadata ?? {};
    const cells = this.#columns.map(({ index, isName }) => {
      const cell = toText(row.cells[index]);
      return isName ? namePrefix + cell : cell;
    });
    return this.#framed(eventType, namespace, formatLabels(labels), cells);
  }

  #framed(eventType: string, namespace: string, labels: string, cells: string[]): string[] {
    const { hasEventType, hasNamespaces, showLabels } = this.#options;
    return [
      ...(hasEventType ? [eventType] : []),
      ...(hasNamespaces ? [namespace] : []),
      ...cells,
      ...(showLabels ? [labels] : []),
    ];
  }
}

function toText(cell: unknown): string {
  if (cell === null || cell === undefined) return '<none>';
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}
