/**
 * How many objects of each kind are stored. Counted when somebody looks, and then good for a minute, as upstream's: a cluster
 * may have very many.
 */
import type { ResourceRow } from '../../api/resources.ts';
import type { Clock } from '../../base/clock.ts';
import type { Store } from '../../store/store.ts';
import { qualifiedResource } from '../errors.ts';
import type { KindCatalog } from '../kinds.ts';
import { prefixOf } from '../registry/registry.ts';
import { storageRow } from '../stored-version.ts';
import { labelText, metricText, type Sample } from './text-format.ts';

const COUNTED_FOR_MS = 60_000;

export interface ObjectCountParts {
  store: Store;
  clock: Clock;
  kinds: KindCatalog;
}

export class ObjectCounts {
  readonly #parts: ObjectCountParts;
  #counted: readonly { row: ResourceRow; count: number }[] = [];
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ObjectCountParts) {
    this.#parts = parts;
  }

  text(): string {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs >= this.#untilMs) {
      this.#counted = this.#count();
      this.#untilMs = nowMs + COUNTED_FOR_MS;
    }
    return (
      metricText(
        {
          name: 'apiserver_resource_objects',
          type: 'gauge',
          help: 'Number of stored objects at the time of last check split by kind.',
        },
        this.#counted.map(
          ({ row: { group, resource }, count }): Sample => [labelText({ group, resource }), count],
        ),
      ) +
      metricText(
        {
          name: 'apiserver_storage_objects',
          type: 'gauge',
          help: '[DEPRECATED, consider using apiserver_resource_objects instead] Number of stored objects at the time of last check split by kind.',
        },
        this.#counted.map(
          ({ row, count }): Sample => [labelText({ resource: qualifiedResource(row) }), count],
        ),
      )
    );
  }

  /** Each object once, whatever versions it is served in. */
  #count(): { row: ResourceRow; count: number }[] {
    const { store, kinds } = this.#parts;
    const stored = kinds.rows.filter(({ virtual }) => !virtual).map(storageRow);
    const byPrefix = new Map(stored.map((row) => [prefixOf(row, ''), row]));
    return [...byPrefix].map(([prefix, row]) => {
      // The rest is only counted.
      const { objects, remaining = 0 } = store.list({ prefix, limit: 1 });
      return { row, count: objects.length + remaining };
    });
  }
}
