/** What one watch shows of the store's objects and events: frames of its selection and shape. Pure but for the cache. */
import type { WatchFrame } from '../../api/message.ts';
import { toApiVersion } from '../../api/meta.ts';
import type { StoredObject, StoreEvent } from '../../store/store.ts';
import { type ApiObject, objectOf } from '../api-object.ts';
import { type FrameCache, newFrame } from './frames.ts';
import type { WatchRequest } from './watch.ts';

/** Initial events go out in batches of this many frames. */
const INITIAL_BATCH = 500;

/** What exists as ADDED, then the bookmark that says so if it was asked for. */
export function* initialFrames(
  frames: FrameCache,
  request: WatchRequest,
  { objects, revision }: { objects: readonly StoredObject[]; revision: number },
): Generator<readonly WatchFrame[]> {
  const { selection, shape } = request;
  let batch: WatchFrame[] = [];
  for (const stored of objects) {
    if (!selection.everything && !selection.matches(objectOf(stored))) continue;
    batch.push(frames.frame('ADDED', stored, shape));
    if (batch.length < INITIAL_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
  if (request.initial === 'events-and-bookmark') yield [newBookmark(request, revision, true)];
}

/** Those of `events` that the watcher is told of. Watchers of everything in one shape share the array too. */
export function eventFrames(
  frames: FrameCache,
  request: WatchRequest,
  events: readonly StoreEvent[],
): readonly WatchFrame[] {
  const make = () => {
    const batch: WatchFrame[] = [];
    for (const event of events) {
      const frame = toFrame(frames, request, event);
      if (frame !== undefined) batch.push(frame);
    }
    return batch;
  };
  return request.selection.everything ? frames.batch(events, request.shape, make) : make();
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

/** Nothing else happened up to `revision`. */
export function newBookmark(
  { row, shape }: WatchRequest,
  revision: number,
  initialEventsEnd: boolean,
): WatchFrame {
  const annotations = initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  const object = {
    kind: row.kind,
    apiVersion: toApiVersion(row.group, row.version),
    metadata: { resourceVersion: String(revision), creationTimestamp: null, ...annotations },
  } as unknown as ApiObject;
  return newFrame('BOOKMARK', shape.bookmark?.(object) ?? object, shape.writer);
}
