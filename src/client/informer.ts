/**
 * A local copy of one resource, kept current by list and watch. Listeners only enqueue keys; workers read the copy.
 *
 * The objects are frozen and shared. The copy may lag behind the server: what a worker itself has in flight must be passed
 * to its decision as data (see `controllers/framework/expectations.ts`).
 */
import type { KubeObject } from '../api/meta.ts';
import type { ResourceRef } from '../api/resources.ts';

/** Reads of a local copy. `key` is `namespace/name`, or `name` for cluster-scoped kinds. */
export interface Lister<T> {
  get(key: string): T | undefined;
  /** In key order; of one namespace when given. */
  list(namespace?: string): readonly T[];
  /** Objects for which index `name` yielded `value`; see {@link Informer.addIndex}. */
  byIndex(name: string, value: string): readonly T[];
}

export interface Informer<T> extends Lister<T> {
  /** True once the first list has been delivered to the listeners. */
  readonly synced: boolean;
  /**
   * The copy shows every change up to this revision; empty before the first list. While listeners run it may still name
   * the revision before. Compare with `compareRevisions`.
   */
  readonly revision: string;
  /** Resolves when {@link synced}. */
  whenSynced(signal: AbortSignal): Promise<void>;
  /** Also called for everything that is already there. */
  addListener(listener: InformerListener<T>): void;
  /** Idempotent for the same name. */
  addIndex(name: string, valuesOf: (object: T) => readonly string[]): void;
}

export interface InformerListener<T> {
  onAdd(object: T): void;
  onUpdate(object: T, previous: T): void;
  /** `object` is the last state known. */
  onDelete(object: T): void;
}

/** One informer per resource (and selector), shared by all its users in the process. */
export interface InformerFactory {
  informer<T extends KubeObject>(resource: ResourceRef<T>, selector?: InformerSelector): Informer<T>;
}

export interface InformerSelector {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}
