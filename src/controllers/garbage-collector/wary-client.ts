/**
 * Lists and watches of servers that may answer anything, or nothing: what has no identity or malformed references is left out,
 * and a watch is begun anew every 30 s, since one that is silent may have no server any more.
 */
import type { KubeObject } from '../../api/meta.ts';
import { newScope } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ApiClient, WatchEvent } from '../../client/api-client.ts';

type Reader = Pick<ApiClient, 'list' | 'watch'>;

const WATCH_SECONDS = 30;
/** The server is to end it by itself. */
const WATCH_MAX_MS = 40_000;

export function newWaryClient(client: Reader, clock: Pick<Clock, 'setTimer'>): Reader {
  return {
    async list(resource, options, signal) {
      const { metadata, items, ...rest } = await client.list(resource, options, signal);
      const { resourceVersion } = (metadata as Partial<typeof metadata> | undefined) ?? {};
      if (typeof resourceVersion !== 'string' || !Array.isArray(items)) {
        throw new StatusError('InternalError', `the answer for ${resource.resource} is no list`);
      }
      return { ...rest, metadata, items: items.filter(isIdentified) };
    },
    async *watch(resource, options, signal) {
      const scope = newScope(signal);
      const timer = clock.setTimer(WATCH_MAX_MS, () => {
        scope.abort(new StatusError('Timeout', 'the watch does not end'));
      });
      try {
        const bounded = { ...options, timeoutSeconds: WATCH_SECONDS };
        yield* identified(client.watch(resource, bounded, scope.signal));
      } finally {
        timer.cancel();
        scope.abort();
      }
    },
  };
}

async function* identified<T>(events: AsyncIterable<WatchEvent<T>>): AsyncGenerator<WatchEvent<T>> {
  for await (const event of events) {
    if (event.type === 'BOOKMARK' ? typeof event.resourceVersion === 'string' : isIdentified(event.object)) {
      yield event;
    }
  }
}

function isIdentified(object: unknown): boolean {
  const { metadata } = (object as Partial<KubeObject> | null) ?? {};
  if (typeof metadata !== 'object' || metadata === null) return false;
  const { name, uid, resourceVersion, namespace, finalizers, ownerReferences } =
    metadata as unknown as Record<string, unknown>;
  return (
    [name, uid, resourceVersion].every((text) => typeof text === 'string' && text !== '') &&
    (namespace === undefined || typeof namespace === 'string') &&
    isListOf(finalizers, (item) => typeof item === 'string') &&
    isListOf(ownerReferences, isReference)
  );
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isItem));
}

function isReference(value: unknown): boolean {
  const { apiVersion, kind, name, uid } = (value as Record<string, unknown> | null) ?? {};
  return [apiVersion, kind, name, uid].every((text) => typeof text === 'string');
}
