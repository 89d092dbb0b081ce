/**
 * The local copy behind an informer: objects by key, ordered, with indexes, and the listeners who hear of every change.
 *
 * Everything here is synchronous: when a listener hears of a change, the copy already shows it, and no reader ever sees a
 * half-applied list. Lists are built when asked for and kept until the next change, so an unchanged copy lists for free.
 * The copy is as large as the resource on the server; its selector is what bounds it.
 */
import { type KubeObject, namespaceOf } from '../api/meta.ts';
import type { InformerListener, Lister } from './informer.ts';
import { newOrderedBucket, type OrderedBucket } from './ordered-bucket.ts';
import { recentKeyOf } from './recent-keys.ts';

interface Index<T> {
  name: string;
  valuesOf: (object: T) => readonly string[];
  buckets: Map<string, OrderedBucket<T>>;
}

const NOTHING: readonly never[] = [];
/** An index like others, made when a namespace is first listed: most copies of an agent never are. */
const BY_NAMESPACE = 'metadata.namespace';

export class InformerCache<T extends KubeObject> implements Lister<T> {
  readonly #objects = newOrderedBucket<T>();
  readonly #indexes: Index<T>[] = [];
  readonly #listeners: InformerListener<T>[] = [];

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): readonly T[] {
    if (namespace === undefined) return this.#objects.list();
    this.addIndex(BY_NAMESPACE, (object) => [namespaceOf(object)]);
    return this.byIndex(BY_NAMESPACE, namespace);
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.find((each) => each.name === name);
    return index?.buckets.get(value)?.list() ?? NOTHING;
  }

  addIndex(name: string, valuesOf: (object: T) => readonly string[]): void {
    if (this.#indexes.some((index) => index.name === name)) return;
    const index: Index<T> = { name, valuesOf, buckets: new Map() };
    this.#indexes.push(index);
    for (const object of this.#objects.list()) setIn(index, recentKeyOf(object), object);
  }

  addListener(listener: InformerListener<T>): void {
    this.#listeners.push(listener);
    for (const object of this.#objects.list()) listener.onAdd(object);
  }

  /** Adds or replaces one object. One that did not change (same uid and resourceVersion) is not reported. */
  upsert(object: T): void {
    const key = recentKeyOf(object);
    const previous = this.#objects.get(key);
    if (previous === undefined) {
      this.#set(key, object);
      for (const listener of this.#listeners) listener.onAdd(object);
      return;
    }
    if (isSameVersion(previous, object)) return;
    if (previous.metadata.uid !== object.metadata.uid) {
      // Deleted and created again behind our back: two changes, never one update.
      this.remove(previous);
      this.upsert(object);
      return;
    }
    this.#replaceOne(key, object, previous);
    for (const listener of this.#listeners) listener.onUpdate(object, previous);
  }

  /** `object` is the last state; absent ones are ignored. */
  remove(object: T): void {
    const key = recentKeyOf(object);
    const known = this.#objects.get(key);
    if (known === undefined) return;
    this.#unset(key, known);
    for (const listener of this.#listeners) listener.onDelete(object);
  }

  /** Makes the copy equal `objects`, reporting only what differs: deletions first. */
  replace(objects: Iterable<T>): void {
    const next = new Map<string, T>();
    for (const object of objects) next.set(recentKeyOf(object), object);
    for (const known of this.#objects.list()) if (!next.has(recentKeyOf(known))) this.remove(known);
    for (const object of next.values()) this.upsert(object);
  }

  #set(key: string, object: T): void {
    this.#objects.set(key, object);
    for (const index of this.#indexes) setIn(index, key, object);
  }

  /** Leaves an index alone where its values did not change, so that its order of keys stays valid. */
  #replaceOne(key: string, object: T, previous: T): void {
    this.#objects.set(key, object);
    for (const index of this.#indexes) {
      const values = index.valuesOf(object);
      for (const value of index.valuesOf(previous)) {
        if (!values.includes(value)) deleteIn(index.buckets, value, key);
      }
      for (const value of values) bucketOf(index.buckets, value).set(key, object);
    }
  }

  #unset(key: string, object: T): void {
    this.#objects.delete(key);
    for (const index of this.#indexes) {
      for (const value of index.valuesOf(object)) deleteIn(index.buckets, value, key);
    }
  }
}

function isSameVersion(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.resourceVersion === b.metadata.resourceVersion && a.metadata.uid === b.metadata.uid;
}

function setIn<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.valuesOf(object)) bucketOf(index.buckets, value).set(key, object);
}

function bucketOf<T>(buckets: Map<string, OrderedBucket<T>>, value: string): OrderedBucket<T> {
  let bucket = buckets.get(value);
  if (bucket === undefined) {
    bucket = newOrderedBucket();
    buckets.set(value, bucket);
  }
  return bucket;
}

function deleteIn<T>(buckets: Map<string, OrderedBucket<T>>, value: string, key: string): void {
  const bucket = buckets.get(value);
  if (bucket === undefined) return;
  bucket.delete(key);
  if (bucket.size === 0) buckets.delete(value);
}
