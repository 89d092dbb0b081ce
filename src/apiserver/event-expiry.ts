/**
 * Events live for an hour after their last write. A queue in the order of writes says which is next; an Event that was
 * written again since stays.
 *
 * @see kube-apiserver --event-ttl
 */

import { EVENTS } from '../api/resources.ts';
import { newScope } from '../base/abort.ts';
import { parseTimestamp } from '../base/clock.ts';
import { hasReason } from '../base/status-error.ts';
import type { Store, StoredObject } from '../store/store.ts';
import { objectOf } from './api-object.ts';
import { prefixOf, type Registry } from './registry/registry.ts';

export const EVENT_TTL_MS = 3_600_000;
const SWEEP_PERIOD_MS = 60_000;
/** Deletions of one sweep that are under way together. */
const BATCH = 100;

interface WrittenEvent {
  key: string;
  revision: number;
  writtenMs: number;
}

/** Works until `signal` aborts; rejects with its reason. Its watch starting over is an ordinary thing. */
export async function runEventExpiry(registry: Registry, signal: AbortSignal): Promise<void> {
  for (;;) {
    const queue = initialQueue(registry);
    const ending = newScope(signal);
    const both = ending.signal;
    const following = follow(registry, queue, both);
    await Promise.race([following, sweepForever(registry, queue, both)]).finally(() =>
      ending.abort('expiry ends'),
    );
    signal.throwIfAborted();
  }
}

function initialQueue({ store }: Registry): WrittenEvent[] {
  return store
    .list({ prefix: prefixOf(EVENTS, '') })
    .objects.map((stored) => ({ key: stored.key, revision: stored.revision, writtenMs: lastWriteMs(stored) }))
    .sort((a, b) => a.writtenMs - b.writtenMs);
}

/** When it was written before this process began, as far as the Event tells. */
function lastWriteMs(stored: StoredObject): number {
  const { metadata, lastTimestamp } = objectOf(stored);
  const text = typeof lastTimestamp === 'string' ? lastTimestamp : metadata.creationTimestamp;
  return parseTimestamp(text) ?? 0;
}

/** Resolves when the watch ends, also because it fell behind. */
async function follow({ store, clock }: Registry, queue: WrittenEvent[], signal: AbortSignal): Promise<void> {
  const watch = store.watch(prefixOf(EVENTS, ''), store.revision, signal)[Symbol.asyncIterator]();
  for (;;) {
    const next = await watch.next().catch((error: unknown) => {
      if (hasReason(error, 'Expired')) return undefined;
      throw error;
    });
    if (next === undefined || next.done) return;
    for (const { type, key, revision } of next.value) {
      if (type === 'put') queue.push({ key, revision, writtenMs: clock.now() });
    }
  }
}

async function sweepForever(registry: Registry, queue: WrittenEvent[], signal: AbortSignal): Promise<void> {
  for (;;) {
    await sweep(registry, queue);
    await registry.clock.sleep(SWEEP_PERIOD_MS, signal);
  }
}

async function sweep({ store, clock }: Registry, queue: WrittenEvent[]): Promise<void> {
  const beforeMs = clock.now() - EVENT_TTL_MS;
  for (;;) {
    const fresh = queue.findIndex(({ writtenMs }) => writtenMs > beforeMs);
    const due = queue.splice(0, Math.min(BATCH, fresh < 0 ? queue.length : fresh));
    if (due.length === 0) return;
    const left = await deleteAll(store, due);
    queue.unshift(...left);
    if (left.length > 0) return;
  }
}

/** @returns those that the store could not delete now, as when its disk is full: the next sweep tries again */
async function deleteAll(store: Store, due: readonly WrittenEvent[]): Promise<WrittenEvent[]> {
  const refused = await Promise.all(
    due.map(async (event) => {
      try {
        await store.transact(event.key, (current) =>
          current?.revision === event.revision ? { delete: true } : { keep: true },
        );
        return [];
      } catch (error) {
        if (!hasReason(error, 'ServiceUnavailable')) throw error;
        return [event];
      }
    }),
  );
  return refused.flat();
}
