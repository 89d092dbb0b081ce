/**
 * The kinds that a server serves now: the built-in table, and the rows of CustomResourceDefinitions. A definition's rows come
 * and go as a whole.
 */
import { toCustomRows } from '../api/custom/to-rows.ts';
import type { CustomResourceDefinition } from '../api/generated/apiextensions-v1.ts';
import { allResources, findResource, type ResourceRow } from '../api/resources.ts';

export class KindCatalog {
  /** Built in, but not in the table. */
  readonly #extra: readonly ResourceRow[];
  /** By the definition's name. */
  readonly #custom = new Map<string, readonly ResourceRow[]>();
  readonly #byResource = new Map<string, ResourceRow>();
  readonly #listeners = new Set<() => void>();
  #rows: readonly ResourceRow[] = [];

  /** @param extra  rows that this server has beside the table */
  constructor(extra: readonly ResourceRow[] = []) {
    this.#extra = extra;
    this.#changed();
  }

  /** Every row; another array once it has changed. */
  get rows(): readonly ResourceRow[] {
    return this.#rows;
  }

  get customRows(): readonly ResourceRow[] {
    return [...this.#custom.values()].flat();
  }

  find(group: string, version: string, resource: string): ResourceRow | undefined {
    return findResource(group, version, resource) ?? this.#byResource.get(`${group}/${version}/${resource}`);
  }

  /** Serves `definition`'s versions from now on, instead of those it had before. */
  put(definition: CustomResourceDefinition): void {
    this.#custom.set(definition.metadata.name, toCustomRows(definition).served);
    this.#changed();
  }

  delete(name: string): void {
    if (this.#custom.delete(name)) this.#changed();
  }

  /** Calls `listener` whenever the rows have changed, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    this.#byResource.clear();
    const custom = this.customRows;
    for (const row of [...this.#extra, ...custom])
      this.#byResource.set(`${row.group}/${row.version}/${row.resource}`, row);
    this.#rows = [...allResources(), ...this.#extra, ...[...custom].sort(compareRows)];
    for (const listener of this.#listeners) listener();
  }
}

function compareRows(a: ResourceRow, b: ResourceRow): number {
  if (a.group !== b.group) return a.group < b.group ? -1 : 1;
  if (a.version !== b.version) return compareVersions(a.version, b.version);
  return a.resource < b.resource ? -1 : 1;
}

/**
 * The newer, stabler version first: v10, v2, v1, v11beta2, v10beta3, v3beta1, v12alpha1, then others by name.
 *
 * @see k8s.io/apimachinery/pkg/version/helpers.go CompareKubeAwareVersionStrings
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (left === undefined || right === undefined) {
    if (left === right) return a < b ? -1 : a > b ? 1 : 0;
    return left === undefined ? 1 : -1;
  }
  return right.stability - left.stability || right.major - left.major || right.minor - left.minor;
}

const STABILITY: Readonly<Record<string, number>> = { alpha: 0, beta: 1, '': 2 };

function parseVersion(text: string): { major: number; minor: number; stability: number } | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[3] ?? 0), stability: STABILITY[match[2] ?? '']! };
}
