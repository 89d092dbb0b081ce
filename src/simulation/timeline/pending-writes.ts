/**
 * Writes of one instant, until it has passed: the store tells of a write before the API tells who asked for it, and several
 * writes of one component to one object are one line of the story.
 */
import type { ApiRequest } from '../../api/message.ts';
import { parseRequest, type RequestInfo } from '../../apiserver/route.ts';
import type { StoredValue } from '../../store/store.ts';
import type { ObjectRef } from '../object-ref.ts';
import type { ObjectCommitted, RequestDone } from '../world/world-event.ts';
import { whoOfUser } from './who.ts';

export interface PendingWrite {
  readonly atMs: number;
  readonly ref: ObjectRef;
  readonly type: 'put' | 'delete';
  /** State before the first of these writes, and after the last. */
  readonly previous: StoredValue | undefined;
  readonly object: StoredValue;
  /** `undefined`: no request asked for it; the server did it by itself. */
  who: string | undefined;
  /** `create`, `update`, `status`, `delete`, `bind`, `evict`, `scale`. */
  what: string;
}

const SUBRESOURCE_VERBS: Readonly<Record<string, string>> = {
  status: 'status',
  binding: 'bind',
  eviction: 'evict',
  scale: 'scale',
  finalize: 'finalize',
};

export function newPendingWrite(commit: { atMs: number } & ObjectCommitted, ref: ObjectRef): PendingWrite {
  const { atMs, type, previous, object } = commit;
  const what = type === 'delete' ? 'delete' : previous === undefined ? 'create' : 'update';
  return { atMs, ref, type, previous, object, who: undefined, what };
}

/** What a request asked for; `undefined` for one that only reads. */
export interface Asked {
  who: string;
  what: string;
  info: RequestInfo;
}

export function readAsked({ method, path, user }: RequestDone): Asked | undefined {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return undefined;
  const [plain = '', query = ''] = path.split('?');
  const info = parseRequest({
    method: method as ApiRequest['method'],
    path: plain,
    query: new URLSearchParams(query),
  });
  if (!info.isResourceRequest) return undefined;
  const verb = info.verb === 'patch' ? 'update' : info.verb === 'deletecollection' ? 'delete' : info.verb;
  return { who: whoOfUser(user), what: SUBRESOURCE_VERBS[info.subresource] ?? verb, info };
}

/** Gives the writes that `request` caused their sender: by the revision in its answer, else by the object's name. */
export function attribute(writes: readonly PendingWrite[], asked: Asked, request: RequestDone): void {
  const { resourceVersion } =
    (request.answer as { metadata?: { resourceVersion?: string } } | undefined)?.metadata ?? {};
  const open = writes.filter(({ who }) => who === undefined);
  let caused = open.filter(({ object }) => object.metadata.resourceVersion === resourceVersion);
  if (resourceVersion === undefined || (caused.length === 0 && asked.info.verb.startsWith('delete'))) {
    const meant = open.filter(({ ref }) => isMeant(ref, asked.info));
    caused = asked.info.name === '' ? meant : meant.slice(0, 1);
  }
  for (const write of caused) {
    write.who = asked.who;
    if (write.what === 'update') write.what = asked.what;
  }
}

function isMeant({ row, namespace, name }: ObjectRef, info: RequestInfo): boolean {
  if (row.resource !== info.resource || row.group !== info.group) return false;
  if (info.name !== '') return info.name === name && info.namespace === namespace;
  return info.verb === 'deletecollection' && (info.namespace === '' || info.namespace === namespace);
}

/** Later writes of the same sender, in the same way, to the same object continue an earlier one. */
export function continues(earlier: PendingWrite, later: PendingWrite): boolean {
  return earlier.who === later.who && earlier.what === later.what && earlier.type === later.type;
}

export function joined(earlier: PendingWrite, later: PendingWrite): PendingWrite {
  return { ...earlier, object: later.object };
}
