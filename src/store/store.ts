/**
 * What the API server needs of its store: multi-version objects with one revision counter, compare-and-set writes, and
 * watches that resume at any revision since the last compaction. `mvcc-store.ts` implements it over a {@link Journal}.
 *
 * An object is encoded once: when it is committed, or for a journal that needs no bytes when they are first read. The frozen
 * parsed value stands beside the bytes.
 * Writers compare against the newest state, including what is still being committed; readers and watchers see only what is
 * durable.
 */
import type { StatusError } from '../base/status-error.ts';

export interface Store {
  /** The newest durable revision. */
  readonly revision: number;
  /** Reads and watches at revisions before this one answer `Expired`. */
  readonly compactedRevision: number;

  /** The durable state of `key`; `undefined` when absent. */
  get(key: string): StoredObject | undefined;
  /** What `range` covers at one revision, in key order. @throws StatusError `Expired` when compacted away */
  list(range: ListRange): ListResult;

  /**
   * Reads the newest state of `key` (committing writes included), lets `change` decide, and commits. `change` is pure and
   * synchronous and may run once only: transactions on one store are serialised up to the decision. Resolves when durable.
   * What else the decision rests on is read through `others`, and may be written with it, in one commit.
   */
  transact(
    key: string,
    change: (current: StoredObject | undefined, others: NewestObjects) => Change,
  ): Promise<TransactResult>;

  /**
   * Events with a revision greater than `afterRevision`, in order, without gap or repeat, until `signal` aborts.
   * The iterator throws StatusError `Expired` when `afterRevision` is compacted, or when the watcher fell too far behind;
   * it ends when `signal` aborts. Events are buffered from this call on; it can be iterated once.
   *
   * @param scope  a string stands for everything under that prefix
   */
  watch(scope: string | Scope, afterRevision: number, signal: AbortSignal): StoreWatch;

  compact(revision: number): Promise<void>;
}

/** A committed object. `value` is deeply frozen and carries its own `metadata.resourceVersion`. */
export interface StoredObject {
  readonly key: string;
  readonly revision: number;
  readonly createRevision: number;
  readonly value: StoredValue;
  /** UTF-8 JSON of `value`, encoded once. */
  readonly bytes: Uint8Array;
}

/** Any Kubernetes object; the store itself looks only at `metadata.resourceVersion`, which it writes. */
export type StoredValue = { readonly metadata: { readonly resourceVersion?: string } } & Readonly<
  Record<string, unknown>
>;

/** The newest state of other keys, committing writes included. */
export interface NewestObjects {
  get(key: string): StoredObject | undefined;
}

/** Writes the value; the store sets `metadata.resourceVersion` to the new revision, encodes and freezes it. */
interface Put {
  put: StoredValue;
}

interface Deletion {
  delete: true;
  /** The last state that watchers see; default the current one. */
  final?: StoredValue;
}

/** A write beside the one that a transaction is about: both become durable, or neither. */
export type Companion = { key: string } & (Put | Deletion);

export type Change =
  /** Companions are of other keys, each once, and get the revisions before. */
  | ((Put | Deletion) & { companions?: readonly Companion[] })
  /** Nothing to do: the transaction resolves with the current object. */
  | { keep: true };

export interface TransactResult {
  /** The object after the transaction; for a deletion, its last state at the deletion's revision. */
  object: StoredObject | undefined;
  changed: boolean;
}

/** What a list or a watch is about. */
export interface Scope {
  /** The start of the keys. */
  prefix: string;
  /** Only the object whose key is `prefix` itself. */
  exact?: boolean;
  /** Only objects with this value; to a watch, also changes of objects that had it just before. */
  indexed?: IndexedValue;
}

export interface IndexedValue {
  index: ObjectIndex;
  value: string;
}

/**
 * Arranges the objects under `prefix` by one value of theirs: a list or watch of one value then costs what it finds, not
 * what there is. A constant of whoever knows the objects; the store keeps it from its first use on, for as long as it lives.
 */
export interface ObjectIndex {
  readonly prefix: string;
  /** Pure; the same for equal objects. */
  valueOf(object: StoredValue): string;
}

export interface ListRange extends Scope {
  /** Start at the first key greater than this one. */
  afterKey?: string;
  limit?: number;
  /** List as of this revision; default the newest durable. */
  revision?: number;
}

export interface ListResult {
  objects: StoredObject[];
  revision: number;
  /** Set when `limit` cut the list: continue after this key at the same revision. */
  continueAfterKey?: string;
  /** How many objects follow the cut; only with `continueAfterKey`. */
  remaining?: number;
}

/**
 * The batches of one watch, read by iteration, or without a promise for each by `take` and `onChange`; not by both. A batch
 * is shared between watchers and must not be changed.
 */
export interface StoreWatch extends AsyncIterable<StoreEvent[]> {
  /** Every event up to this revision has been handed out: what a bookmark may say. */
  readonly deliveredRevision: number;
  /** No more batches will come: the signal aborted, or the watch was closed or has failed. */
  readonly ended: boolean;
  /** Why it ended, when that was neither the signal nor `close`: what the iterator throws. */
  readonly failure: StatusError | undefined;
  /** The next batch, if one waits. */
  take(): StoreEvent[] | undefined;
  /** Calls `listener` in the very turn in which a batch came or the watch ended. There is one listener. */
  onChange(listener: () => void): void;
  close(): void;
}

export interface StoreEvent {
  type: 'put' | 'delete';
  key: string;
  revision: number;
  object: StoredObject;
  /** The version before, when it is still held: selectors need it to turn a change into ADDED or DELETED. */
  previous: StoredObject | undefined;
}
