/**
 * Watches: the store's events as frames of one selection and shape, with bookmarks, a time limit, and initial events.
 *
 *     resourceVersion absent or "0" -> what exists as ADDED, then events   (initial events)
 *     resourceVersion N             -> events after N; compacted: one ERROR frame with 410, then the end
 *     sendInitialEvents             -> what exists, a bookmark that says so, then events
 *
 * @see k8s.io/apiserver/pkg/endpoints/handlers/watch.go, pkg/storage/cacher
 */
import type { WatchFrame } from '../../api/message.ts';
import { toApiVersion } from '../../api/meta.ts';
import type { ResourceRow } from '../../api/resources.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { hasReason } from '../../base/status-error.ts';
import type { Store, StoredObject, StoreEvent, StoreWatch } from '../../store/store.ts';
import { objectOf } from '../api-object.ts';
import { newBadRequest, newTooLargeRevision } from '../errors.ts';
import { isTrue } from '../route.ts';
import { type FrameCache, type FrameShape, newFrame } from './frames.ts';
import { parseRevision } from './list.ts';
import { scopeOf } from './scope.ts';
import { parseSelection, type Selection } from './selection.ts';
import { WatchPump } from './watch-pump.ts';

export interface WatchSource {
  store: Store;
  clock: Clock;
  random: Random;
  frames: FrameCache;
}

export interface WatchRequest {
  row: ResourceRow;
  namespace: string;
  selection: Selection;
  shape: FrameShape;
  afterRevision: number;
  initial: 'none' | 'events' | 'events-and-bookmark';
  bookmarks: boolean;
  timeoutMs: number;
}

/** @see apiserver/pkg/storage/cacher bookmarkFrequency */
const BOOKMARK_PERIOD_MS = 60_000;
/** @see apiserver --min-request-timeout: a watch lives for 30 to 60 minutes */
const LIFETIME_MIN_MS = 1_800_000;
/** Initial events go out in batches of this many frames. */
const INITIAL_BATCH = 500;

/** @throws StatusError BadRequest */
export function parseWatch(
  { store, random }: WatchSource,
  target: { row: ResourceRow; namespace: string },
  query: URLSearchParams,
  shape: FrameShape,
): WatchRequest {
  const { row, namespace } = target;
  const afterRevision = parseRevision(query.get('resourceVersion') ?? '');
  const sendInitial = query.get('sendInitialEvents');
  checkInitialEvents(query, sendInitial);
  if (afterRevision > store.revision && isTrue(sendInitial)) {
    throw newTooLargeRevision(afterRevision, store.revision);
  }
  const timeoutSeconds = Number(query.get('timeoutSeconds') ?? 0);
  return {
    row,
    namespace,
    selection: parseSelection(row, query),
    shape,
    afterRevision,
    initial: initialOf(sendInitial, afterRevision),
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : LIFETIME_MIN_MS * (1 + random.next()),
  };
}

function initialOf(sendInitial: string | null, afterRevision: number): WatchRequest['initial'] {
  if (isTrue(sendInitial)) return 'events-and-bookmark';
  return sendInitial === null && afterRevision === 0 ? 'events' : 'none';
}

function checkInitialEvents(query: URLSearchParams, sendInitial: string | null): void {
  const match = query.get('resourceVersionMatch') ?? '';
  if (sendInitial === null && match !== '') {
    throw newBadRequest('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  }
  if (sendInitial !== null && match !== 'NotOlderThan') {
    throw newBadRequest('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
}

/** Frames in batches, until the time is up, `signal` aborts or the store ends the watch. */
export async function* watchFrames(
  source: WatchSource,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly WatchFrame[]> {
  const { store, clock } = source;
  const scope = scopeOf(request.row, request.namespace, request.selection);
  const sendsInitial = request.initial !== 'none';
  // One turn: nothing can be published between the list and the watch.
  const initial = sendsInitial ? store.list(scope) : undefined;
  const ending = new AbortController();
  const afterRevision =
    initial?.revision ?? (request.afterRevision === 0 ? store.revision : request.afterRevision);
  const watch = store.watch(scope, afterRevision, AbortSignal.any([signal, ending.signal]));
  using pump = new WatchPump(watch, clock, {
    periodMs: BOOKMARK_PERIOD_MS,
    timeoutMs: request.timeoutMs,
    onEnd: () => ending.abort('the watch is over'),
  });
  if (initial !== undefined) yield* initialFrames(source, request, initial.objects);
  if (request.initial === 'events-and-bookmark') yield [bookmark(request, afterRevision, true)];
  yield* eventFrames(source, request, { watch, pump });
}

function* initialFrames(
  { frames }: WatchSource,
  { selection, shape }: WatchRequest,
  objects: readonly StoredObject[],
): Generator<readonly WatchFrame[]> {
  let batch: WatchFrame[] = [];
  for (const stored of objects) {
    if (!selection.everything && !selection.matches(objectOf(stored))) continue;
    batch.push(frames.frame('ADDED', stored, shape));
    if (batch.length < INITIAL_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* eventFrames(
  { frames }: WatchSource,
  request: WatchRequest,
  { watch, pump }: { watch: StoreWatch; pump: WatchPump },
): AsyncGenerator<readonly WatchFrame[]> {
  for (;;) {
    const wake = await pump.next();
    if (wake.kind === 'end') return;
    if (wake.kind === 'failed') {
      if (!hasReason(wake.error, 'Expired')) throw wake.error;
      yield [newFrame('ERROR', wake.error.toStatus())];
      return;
    }
    if (wake.kind === 'tick') {
      if (request.bookmarks) yield [bookmark(request, watch.deliveredRevision, false)];
      continue;
    }
    const batch: WatchFrame[] = [];
    for (const event of wake.events) {
      const frame = toFrame(frames, request, event);
      if (frame !== undefined) batch.push(frame);
    }
    if (batch.length > 0) yield batch;
  }
}

/** A change is ADDED or DELETED for a watcher when the object enters or leaves its selection. */
function toFrame(
  frames: FrameCache,
  { selection, shape }: WatchRequest,
  event: StoreEvent,
): WatchFrame | undefined {
  const { object, previous } = event;
  const isNew = previous === undefined && object.createRevision === object.revision;
  if (event.type === 'delete') {
    const wasSelected = selection.everything || selection.matches(objectOf(previous ?? object));
    return wasSelected ? frames.frame('DELETED', object, shape) : undefined;
  }
  if (selection.everything) return frames.frame(isNew ? 'ADDED' : 'MODIFIED', object, shape);
  const wasSelected = previous === undefined ? !isNew : selection.matches(objectOf(previous));
  if (selection.matches(objectOf(object))) {
    return frames.frame(wasSelected ? 'MODIFIED' : 'ADDED', object, shape);
  }
  return wasSelected && previous !== undefined ? frames.departure(object, previous, shape) : undefined;
}

function bookmark({ row }: WatchRequest, revision: number, initialEventsEnd: boolean): WatchFrame {
  const annotations = initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  return newFrame('BOOKMARK', {
    kind: row.kind,
    apiVersion: toApiVersion(row.group, row.version),
    metadata: { resourceVersion: String(revision), creationTimestamp: null, ...annotations },
  });
}
