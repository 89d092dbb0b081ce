/**
 * Lists: at one revision, whole or page by page.
 *
 *     resourceVersion     absent, "0", or not older than N -> the newest durable state
 *                         exact (by match, or a limit with N) -> the state at N, 410 when compacted
 *     continue            the revision of its first page, 410 with a token to go on when compacted
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
import type { ListMeta } from '../../api/message.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import type { ListRange, ListResult, Scope, Store, StoredObject } from '../../store/store.ts';
import { objectOf } from '../api-object.ts';
import { newBadRequest, newTooLargeRevision } from '../errors.ts';
import {
  ContinueExpiredError,
  type ContinuePoint,
  decodeContinue,
  encodeContinue,
} from './continue-token.ts';
import { checkListOptions } from './list-options.ts';
import { prefixOf } from './registry.ts';
import { scopeOf } from './scope.ts';
import { parseSelection, type Selection } from './selection.ts';

export interface ListPage {
  objects: StoredObject[];
  metadata: ListMeta;
}

interface PageRequest {
  /** Of the collection: continue tokens say what follows it. */
  prefix: string;
  scope: Scope;
  selection: Selection;
  limit: number;
  /** Absent: the newest. */
  revision?: number;
  afterKey?: string;
}

/** @throws StatusError BadRequest, Invalid, Expired, Timeout (a revision from the future) */
export function listObjects(
  store: Store,
  row: ResourceRow,
  namespace: string,
  query: URLSearchParams,
): ListPage {
  checkListOptions(query);
  const prefix = prefixOf(row, namespace);
  const selection = parseSelection(row, query);
  const scope = scopeOf(row, namespace, selection);
  const limit = parseLimit(query.get('limit'));
  const token = query.get('continue') ?? '';
  if (token !== '') {
    if (query.get('resourceVersion')) {
      throw newBadRequest('specifying resource version is not allowed when using continue');
    }
    return continueList(store, { prefix, scope, selection, limit }, decodeContinue(token));
  }
  const revision = exactRevision(store, query, limit);
  return takePage(store, {
    prefix,
    scope,
    selection,
    limit,
    ...(revision === undefined ? {} : { revision }),
  });
}

function continueList(store: Store, request: PageRequest, { revision, afterKey }: ContinuePoint): ListPage {
  const from = { ...request, afterKey: `${request.prefix}${afterKey}` };
  if (revision < 0) return takePage(store, from);
  try {
    return takePage(store, { ...from, revision });
  } catch (error) {
    if (hasReason(error, 'Expired')) throw new ContinueExpiredError(afterKey, error);
    throw error;
  }
}

function takePage(store: Store, request: PageRequest): ListPage {
  const { selection } = request;
  const page = selection.everything
    ? store.list(rangeOf(request, request.limit))
    : takeSelected(store, request);
  const metadata: ListMeta = { resourceVersion: String(page.revision) };
  if (page.continueAfterKey !== undefined) {
    const afterKey = page.continueAfterKey.slice(request.prefix.length);
    metadata.continue = encodeContinue({ revision: page.revision, afterKey });
    // With a selector nobody knows how many of the rest match.
    if (selection.everything && page.remaining !== undefined) metadata.remainingItemCount = page.remaining;
  }
  return { objects: page.objects, metadata };
}

/** Reads everything that is left once, and keeps what matches up to the limit. */
function takeSelected(store: Store, request: PageRequest): ListResult {
  const { selection, limit } = request;
  const { objects: candidates, revision } = store.list(rangeOf(request, 0));
  const objects: StoredObject[] = [];
  for (const [index, candidate] of candidates.entries()) {
    // Across namespaces: a name is the key's end, cheaper to tell than the parsed value.
    if (selection.name !== undefined && !candidate.key.endsWith(`/${selection.name}`)) continue;
    if (!selection.matches(objectOf(candidate))) continue;
    objects.push(candidate);
    if (limit > 0 && objects.length === limit && index + 1 < candidates.length) {
      return { objects, revision, continueAfterKey: candidate.key };
    }
  }
  return { objects, revision };
}

function rangeOf({ scope, revision, afterKey }: PageRequest, limit: number): ListRange {
  return {
    ...scope,
    ...(limit > 0 ? { limit } : {}),
    ...(revision === undefined ? {} : { revision }),
    ...(afterKey === undefined ? {} : { afterKey }),
  };
}

/** The revision that a list must show, `undefined` when the newest will do. */
function exactRevision(store: Store, query: URLSearchParams, limit: number): number | undefined {
  const text = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const revision = parseRevision(text);
  if (revision > store.revision) throw newTooLargeRevision(revision, store.revision);
  const isExact = match === 'Exact' || (match === '' && limit > 0 && revision > 0);
  return isExact ? revision : undefined;
}

/** `''` and `'0'` are 0. @throws StatusError BadRequest */
export function parseRevision(text: string): number {
  if (text === '') return 0;
  const revision = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(revision)) {
    throw newBadRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: must be a revision that this server gave out`,
    );
  }
  return revision;
}

function parseLimit(text: string | null): number {
  if (text === null || text === '') return 0;
  const limit = Number(text);
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw newBadRequest(`limit: Invalid value: ${JSON.stringify(text)}`);
  return limit;
}
