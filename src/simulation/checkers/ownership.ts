/**
 * What loses its last owner goes too, within {@link STALE_MAX_MS} of calm; and the garbage collector takes nothing whose
 * owner lives. Whether an owner lives is told by uid: a namesake of a later life is another.
 */
import type { ObjectMeta } from '../../api/generated/meta-v1.ts';
import type { StoredValue } from '../../store/store.ts';
import type { World } from '../world/world.ts';
import type { ObjectCommitted, RequestDone } from '../world/world-event.ts';
import { uidInAnswer } from './answered-uid.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { DueQueue } from './due-queue.ts';
import { STALE_MAX_MS } from './held-bound.ts';

const COLLECTOR = 'system:serviceaccount:kube-system:generic-garbage-collector';

export const newOwnershipChecker: CheckerFactory = (cluster, report) => {
  const book = new OwnerBook(cluster, report);
  return {
    onEvent(event) {
      book.judgeDue(event.atMs);
      if (event.kind === 'commit') book.onCommit(event, event.atMs);
      else if (event.kind === 'request' && event.user === COLLECTOR) book.onCollected(event);
    },
  };
};

interface Known {
  readonly key: string;
  readonly owners: readonly string[];
  /** Waits for its dependents to go first: they are deleted while it still lives. */
  readonly goesLast: boolean;
  readonly isTerminating: boolean;
}

/** Deletions that are remembered until the request that made them is told. */
const RECENT_MAX = 1000;

class OwnerBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** Everything that is durable, by uid. */
  readonly #known = new Map<string, Known>();
  readonly #dependents = new Map<string, Set<string>>();
  readonly #recentlyGone = new Map<string, Known>();
  readonly #orphans = new DueQueue<string>(STALE_MAX_MS);

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
    const nowMs = cluster.world.clock.now();
    for (const { key, value } of storedIn(cluster.world)) this.#put(key, metaOf(value), nowMs);
  }

  onCommit({ key, type, object }: ObjectCommitted, nowMs: number): void {
    const meta = metaOf(object);
    if (type === 'put') this.#put(key, meta, nowMs);
    else this.#remove(meta.uid, nowMs);
  }

  onCollected({ method, status, path, answer }: RequestDone): void {
    if (method !== 'DELETE' || status >= 300) return;
    const uid = uidInAnswer(answer) ?? '';
    const taken = this.#known.get(uid) ?? this.#recentlyGone.get(uid);
    for (const owner of taken?.owners ?? []) {
      const living = this.#known.get(owner);
      if (living !== undefined && !living.goesLast)
        this.#report(`the garbage collector sent DELETE ${path}; its owner ${living.key} (${owner}) lives`);
    }
  }

  judgeDue(nowMs: number): void {
    this.#orphans.takeDue(nowMs, (uid) => {
      const orphan = this.#known.get(uid);
      if (orphan === undefined || orphan.isTerminating || !this.#isOwnerless(orphan)) return;
      if (this.#cluster.calm.forMs() < STALE_MAX_MS) this.#orphans.add(uid, nowMs);
      else
        this.#report(`${orphan.key} (${uid}) is left, and its owners are gone: ${orphan.owners.join(', ')}`);
    });
  }

  #put(key: string, meta: ObjectMeta, nowMs: number): void {
    const { uid, ownerReferences = [], finalizers = [], deletionTimestamp } = meta;
    const before = this.#known.get(uid);
    const owners = ownerReferences.map((reference) => reference.uid);
    const isTerminating = deletionTimestamp !== undefined;
    const goesLast = isTerminating && finalizers.includes('foregroundDeletion');
    const known = { key, owners, goesLast, isTerminating };
    this.#known.set(uid, known);
    if (before !== undefined && isSameList(before.owners, owners)) return;
    for (const owner of before?.owners ?? []) this.#dependents.get(owner)?.delete(uid);
    for (const owner of owners) this.#dependentsOf(owner).add(uid);
    if (this.#isOwnerless(known)) this.#orphans.add(uid, nowMs);
  }

  #remove(uid: string, nowMs: number): void {
    const known = this.#known.get(uid);
    if (known === undefined) return;
    this.#known.delete(uid);
    for (const owner of known.owners) {
      const siblings = this.#dependents.get(owner);
      siblings?.delete(uid);
      if (siblings?.size === 0) this.#dependents.delete(owner);
    }
    if (known.owners.length > 0) this.#remember(uid, known);
    for (const dependent of this.#dependents.get(uid) ?? []) {
      const left = this.#known.get(dependent);
      if (left !== undefined && this.#isOwnerless(left)) this.#orphans.add(dependent, nowMs);
    }
  }

  #remember(uid: string, known: Known): void {
    this.#recentlyGone.set(uid, known);
    const [oldest] = this.#recentlyGone.keys();
    if (this.#recentlyGone.size > RECENT_MAX) this.#recentlyGone.delete(oldest!);
  }

  #isOwnerless({ owners }: Known): boolean {
    return owners.length > 0 && !owners.some((owner) => this.#known.has(owner));
  }

  #dependentsOf(owner: string): Set<string> {
    let dependents = this.#dependents.get(owner);
    if (dependents === undefined) {
      dependents = new Set();
      this.#dependents.set(owner, dependents);
    }
    return dependents;
  }
}

function storedIn({ server }: World): readonly { key: string; value: StoredValue }[] {
  return server.store?.list({ prefix: '' }).objects ?? [];
}

function metaOf(object: StoredValue): ObjectMeta {
  return object.metadata as unknown as ObjectMeta;
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((entry, index) => entry === b[index]);
}
