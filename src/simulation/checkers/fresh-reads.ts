/**
 * A read of one object answers what is durable, and nothing older than what was so when the request left: whatever was
 * acknowledged to anybody before is seen by everybody. So reads and writes of single objects are linearizable, with the
 * commits as their order.
 */
import { findResource } from '../../api/resources.ts';
import { keyFor } from '../../apiserver/registry/registry.ts';
import { parseRequest } from '../../apiserver/route.ts';
import type { ObjectCommitted, RequestDone } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { DueQueue } from './due-queue.ts';

export const newFreshReadsChecker: CheckerFactory = (cluster, report) => {
  const book = new VersionBook(cluster, report);
  return {
    onEvent(event) {
      book.settle(event.atMs);
      if (event.kind === 'commit') book.onCommit(event, event.atMs);
      else if (event.kind === 'request' && event.method === 'GET') book.onRead(event, event.atMs);
    },
  };
};

/** One version of an object, or its absence (revision 0), and when it was replaced. */
interface Version {
  readonly revision: number;
  untilMs: number;
}

/** Of a key: enough to look back over a request that took long while the object changed. */
const VERSIONS_MAX = 16;
/** No request takes that long. */
const FORGET_AFTER_MS = 10 * 60_000;

interface Unproven {
  readonly request: RequestDone;
  readonly key: string;
  readonly revision: number;
  readonly atMs: number;
}

class VersionBook {
  readonly #report: (message: string) => void;
  /** Newest last. Bounded by the objects that exist, and those that went lately. */
  readonly #versions = new Map<string, Version[]>();
  readonly #gone = new DueQueue<string>(FORGET_AFTER_MS);
  /** Read before the commit was told here. */
  #unproven: Unproven[] = [];
  /** Keys without versions are absent since before this; what was read then may be anything. */
  readonly #sinceMs: number;

  constructor({ world }: CheckedCluster, report: (message: string) => void) {
    this.#report = report;
    this.#sinceMs = world.clock.now();
    for (const { key, revision } of world.server.store?.list({ prefix: '' }).objects ?? []) {
      this.#versions.set(key, [{ revision, untilMs: Number.POSITIVE_INFINITY }]);
    }
  }

  onCommit({ key, type, revision }: ObjectCommitted, nowMs: number): void {
    const versions = this.#versions.get(key) ?? [{ revision: 0, untilMs: Number.POSITIVE_INFINITY }];
    versions.at(-1)!.untilMs = nowMs;
    versions.push({ revision: type === 'put' ? revision : 0, untilMs: Number.POSITIVE_INFINITY });
    if (versions.length > VERSIONS_MAX) versions.shift();
    this.#versions.set(key, versions);
    if (type === 'delete') this.#gone.add(key, nowMs);
    this.#gone.takeDue(nowMs, (old) => {
      if (this.#versions.get(old)?.at(-1)?.revision === 0) this.#versions.delete(old);
    });
  }

  onRead(request: RequestDone, nowMs: number): void {
    const { status, sentMs, answer } = request;
    if (sentMs < this.#sinceMs || (status !== 200 && status !== 404)) return;
    const key = keyOf(request);
    if (key === undefined) return;
    const { metadata } = (answer ?? {}) as { metadata?: { resourceVersion?: string } };
    const revision = status === 404 ? 0 : Number(metadata?.resourceVersion);
    if (Number.isNaN(revision)) return;
    this.#judge({ request, key, revision, atMs: nowMs });
  }

  /** A moment is over: what it read must have been told by now. */
  settle(nowMs: number): void {
    if (this.#unproven.length === 0 || this.#unproven[0]!.atMs === nowMs) return;
    const unproven = this.#unproven;
    this.#unproven = [];
    for (const read of unproven) {
      if (!this.#isFresh(read)) this.#accuse(read);
    }
  }

  #judge(read: Unproven): void {
    if (!this.#isFresh(read)) this.#unproven.push(read);
  }

  #isFresh({ request, key, revision }: Unproven): boolean {
    const versions = this.#versions.get(key);
    if (versions === undefined) return revision === 0;
    const isForgotten = versions.length === VERSIONS_MAX && versions[0]!.untilMs >= request.sentMs;
    return (
      isForgotten ||
      versions.some((version) => version.revision === revision && version.untilMs >= request.sentMs)
    );
  }

  #accuse({ request, key, revision }: Unproven): void {
    const current = this.#versions.get(key)?.at(-1)?.revision ?? 0;
    const wasRead = revision === 0 ? 'nothing' : `revision ${revision}`;
    this.#report(
      `${request.process} read ${wasRead} of ${key}, sent at ${request.sentMs}; revision ${current} is durable`,
    );
  }
}

/** Where the object that was asked for is kept; `undefined` for lists, subresources, and kinds that are not built in. */
function keyOf({ path }: RequestDone): string | undefined {
  const [bare = ''] = path.split('?', 1);
  const info = parseRequest({ method: 'GET', path: bare, query: new URLSearchParams() });
  const row = findResource(info.group, info.version, info.resource);
  if (row === undefined || info.name === '' || info.subresource !== '') return undefined;
  return keyFor({ row, namespace: info.namespace, name: info.name });
}
