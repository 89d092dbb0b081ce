/**
 * What a watch asks for: a selection and shape of the store's events, bookmarks, a time limit, and initial events.
 *
 *     resourceVersion absent or "0" -> what exists as ADDED, then events   (initial events)
 *     resourceVersion N             -> events after N; compacted: one ERROR frame with 410, then the end
 *     sendInitialEvents             -> what exists, a bookmark that says so, then events
 *
 * @see k8s.io/apiserver/pkg/endpoints/handlers/watch.go, pkg/storage/cacher
 */
import type { ResourceRow } from '../../api/resources.ts';
import { newTooLargeRevision } from '../errors.ts';
import { isTrue } from '../route.ts';
import type { FrameShape } from './frames.ts';
import { parseRevision } from './list.ts';
import { checkWatchOptions } from './list-options.ts';
import type { Registry } from './registry.ts';
import { parseSelection, type Selection } from './selection.ts';

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

/** @see apiserver --min-request-timeout: a watch lives for 30 to 60 minutes */
const LIFETIME_MIN_MS = 1_800_000;

/** @throws StatusError BadRequest, Invalid */
export function parseWatch(
  { store, random }: Pick<Registry, 'store' | 'random'>,
  target: { row: ResourceRow; namespace: string },
  query: URLSearchParams,
  shape: FrameShape,
): WatchRequest {
  checkWatchOptions(query);
  const { row, namespace } = target;
  const afterRevision = parseRevision(query.get('resourceVersion') ?? '');
  const sendInitial = query.get('sendInitialEvents');
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
