/**
 * The API as a test uses it: kinds by the words that kubectl takes, `default` as the namespace, no signals to pass. The
 * types follow from the words.
 *
 * Objects that it returns are frozen and shared: `edit` changes a copy.
 */
import type { KubeObject, NewObject } from '../api/meta.ts';
import { type ResourceRef, resourcePath } from '../api/resources.ts';
import { hasReason } from '../base/status-error.ts';
import type { ApiClient, DeleteOptions, ListOptions, ObjectName, Patch } from '../client/api-client.ts';
import { callSite } from './call-site.ts';
import type { Kinds, ObjectOf, Resource } from './kinds.ts';
import type { KnownKinds } from './known-kinds.ts';
import type { OpenThing } from './open-things.ts';

/** `'web'`, `'shop/web'` (namespace and name), or both apart. Without a namespace it is `default`. */
export type Target = string | ObjectName;

export interface CallOptions {
  signal?: AbortSignal;
}

export interface PatchOptions extends CallOptions {
  /** Default `merge`. */
  type?: Patch['type'];
  subresource?: string;
}

export interface LogsOptions extends CallOptions {
  /** Default: the Pod's only one. */
  container?: string;
  /** Of the instance before. */
  previous?: boolean;
  tailLines?: number;
}

export interface WatchSelection extends CallOptions {
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** What changes after it; absent: everything that there is comes first, as `ADDED`. */
  resourceVersion?: string;
}

export interface ObjectChange<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: T;
}

export type Selection = Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'> & CallOptions;

/** All errors of the API are {@link StatusError}. */
export interface ClusterClient {
  get<const R extends Resource>(kind: R, target: Target, options?: CallOptions): Promise<ObjectOf<R>>;
  /** As `get`; `undefined` where there is none. */
  find<const R extends Resource>(
    kind: R,
    target: Target,
    options?: CallOptions,
  ): Promise<ObjectOf<R> | undefined>;
  /** Of all namespaces unless one is named. */
  list<const R extends Resource>(kind: R, selection?: Selection): Promise<ObjectOf<R>[]>;
  /** Ends when its loop is left, its signal aborts or the server ends it. */
  watch<const R extends Resource>(
    kind: R,
    selection?: WatchSelection,
  ): AsyncIterableIterator<ObjectChange<ObjectOf<R>>>;
  create<const K extends keyof Kinds>(
    object: NewObject<Kinds[K]> & { kind: K },
    options?: CallOptions,
  ): Promise<Kinds[K]>;
  /** Of a kind whose type the caller brings. */
  createAs<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: NewObject<T>,
    options?: CallOptions,
  ): Promise<T>;
  /** Replaces the object: `Conflict` unless it is the newest. */
  update<T extends KubeObject>(object: T, options?: CallOptions): Promise<T>;
  updateStatus<T extends KubeObject>(object: T, options?: CallOptions): Promise<T>;
  /** Changes a copy of the newest and replaces it; tries again when somebody else was faster. */
  edit<const R extends Resource>(
    kind: R,
    target: Target,
    change: (object: ObjectOf<R>) => void,
    options?: CallOptions,
  ): Promise<ObjectOf<R>>;
  patch<const R extends Resource>(
    kind: R,
    target: Target,
    body: unknown,
    options?: PatchOptions,
  ): Promise<ObjectOf<R>>;
  scale<const R extends Resource>(
    kind: R,
    target: Target,
    replicas: number,
    options?: CallOptions,
  ): Promise<ObjectOf<R>>;
  /** Resolves with the last state, or the present one while finalizers or a grace period hold it. */
  delete<const R extends Resource>(
    kind: R,
    target: Target,
    options?: DeleteOptions & CallOptions,
  ): Promise<ObjectOf<R>>;
  /** Deletes everything that is selected. */
  deleteAll<const R extends Resource>(
    kind: R,
    selection: Selection & { namespace: string },
    options?: DeleteOptions,
  ): Promise<void>;
  /** As `kubectl drain` does: refused with `TooManyRequests` where a budget would break. */
  evict(pod: Target, options?: CallOptions): Promise<void>;
  logs(pod: Target, options?: LogsOptions): Promise<string>;
  /** The project's own client, for what is not here. Every call of it takes a resource and a signal. */
  readonly api: ApiClient;
}

/** What a client belongs to. */
export interface ClientScope {
  client: ApiClient;
  kinds: KnownKinds;
  /** Ends every call. */
  signal: AbortSignal;
  /** A stream is read; the returned function ends that. */
  opened(thing: OpenThing): () => void;
  /** The reader of a stream waits. */
  waiting(thing: OpenThing): () => void;
}

export function newClusterClient(scope: ClientScope): ClusterClient {
  return new ScopedClient(scope);
}

/** Others may be faster that often. */
const EDIT_ATTEMPTS_MAX = 10;

class ScopedClient implements ClusterClient {
  readonly #scope: ClientScope;

  constructor(scope: ClientScope) {
    this.#scope = scope;
  }

  get api(): ApiClient {
    return this.#scope.client;
  }

  async get<const R extends Resource>(kind: R, target: Target, options?: CallOptions): Promise<ObjectOf<R>> {
    const ref = this.#kinds.resolve(kind);
    return this.api.get(ref, toName(ref, target), this.#signal(options));
  }

  async find<const R extends Resource>(
    kind: R,
    target: Target,
    options?: CallOptions,
  ): Promise<ObjectOf<R> | undefined> {
    try {
      return await this.get(kind, target, options);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async list<const R extends Resource>(
    kind: R,
    { signal, ...selection }: Selection = {},
  ): Promise<ObjectOf<R>[]> {
    const { items } = await this.api.list(this.#kinds.resolve(kind), selection, this.#signal({ signal }));
    return items;
  }

  watch<const R extends Resource>(
    kind: R,
    selection: WatchSelection = {},
  ): AsyncIterableIterator<ObjectChange<ObjectOf<R>>> {
    const ref = this.#kinds.resolve(kind);
    const within = selection.namespace === undefined ? '' : ` in ${selection.namespace}`;
    return this.#watch(ref, selection, {
      what: `a watch of ${ref.resource}${within}`,
      site: callSite(),
    });
  }

  async *#watch<T extends KubeObject>(
    ref: ResourceRef<T>,
    { signal, ...options }: WatchSelection,
    thing: OpenThing,
  ): AsyncGenerator<ObjectChange<T>> {
    const closed = this.#scope.opened(thing);
    const source = this.api.watch(ref, options, this.#signal({ signal }));
    const events = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const arrived = this.#scope.waiting(thing);
        const { done, value } = await events.next().finally(arrived);
        if (done) return;
        if (value.type !== 'BOOKMARK') yield value;
      }
    } finally {
      closed();
      await events.return?.();
    }
  }

  async create<const K extends keyof Kinds>(
    object: NewObject<Kinds[K]> & { kind: K },
    options?: CallOptions,
  ): Promise<Kinds[K]> {
    const { apiVersion, kind } = object as unknown as { apiVersion: string; kind: string };
    return this.createAs(this.#refOf<Kinds[K]>({ apiVersion, kind }), object, options);
  }

  async createAs<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: NewObject<T>,
    options?: CallOptions,
  ): Promise<T> {
    const { namespace = 'default' } = object.metadata;
    const placed = resource.namespaced ? { ...object, metadata: { ...object.metadata, namespace } } : object;
    return this.api.create(resource, placed, this.#signal(options));
  }

  async update<T extends KubeObject>(object: T, options?: CallOptions): Promise<T> {
    return this.api.update(this.#refOf<T>(object), object, this.#signal(options));
  }

  async updateStatus<T extends KubeObject>(object: T, options?: CallOptions): Promise<T> {
    return this.api.updateStatus(this.#refOf<T>(object), object, this.#signal(options));
  }

  async edit<const R extends Resource>(
    kind: R,
    target: Target,
    change: (object: ObjectOf<R>) => void,
    options?: CallOptions,
  ): Promise<ObjectOf<R>> {
    const ref = this.#kinds.resolve(kind);
    const signal = this.#signal(options);
    for (let attempt = 1; ; attempt++) {
      const object = structuredClone(await this.api.get(ref, toName(ref, target), signal));
      change(object);
      try {
        return await this.api.update(ref, object, signal);
      } catch (error) {
        if (!hasReason(error, 'Conflict') || attempt === EDIT_ATTEMPTS_MAX) throw error;
      }
    }
  }

  async patch<const R extends Resource>(
    kind: R,
    target: Target,
    body: unknown,
    { type = 'merge', subresource, ...options }: PatchOptions = {},
  ): Promise<ObjectOf<R>> {
    const ref = this.#kinds.resolve(kind);
    const patch: Patch = { type, body, ...(subresource === undefined ? {} : { subresource }) };
    return this.api.patch(ref, toName(ref, target), patch, this.#signal(options));
  }

  async scale<const R extends Resource>(
    kind: R,
    target: Target,
    replicas: number,
    options?: CallOptions,
  ): Promise<ObjectOf<R>> {
    return this.patch(kind, target, { spec: { replicas } }, options);
  }

  async delete<const R extends Resource>(
    kind: R,
    target: Target,
    { signal, ...options }: DeleteOptions & CallOptions = {},
  ): Promise<ObjectOf<R>> {
    const ref = this.#kinds.resolve(kind);
    return this.api.delete(ref, toName(ref, target), options, this.#signal({ signal }));
  }

  async deleteAll<const R extends Resource>(
    kind: R,
    { signal, ...selection }: Selection & { namespace: string },
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.api.deleteCollection(this.#kinds.resolve(kind), selection, options, this.#signal({ signal }));
  }

  async evict(pod: Target, options?: CallOptions): Promise<void> {
    const ref = this.#kinds.resolve('pods');
    const name = toName(ref, pod);
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: name };
    await this.api.createSubresource(ref, name, { name: 'eviction', body }, this.#signal(options));
  }

  async logs(pod: Target, { signal, ...options }: LogsOptions = {}): Promise<string> {
    const ref = this.#kinds.resolve('pods');
    const { namespace, name } = toName(ref, pod);
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(options)) query.set(key, String(value));
    const decoder = new TextDecoder();
    let text = '';
    const path = `${resourcePath(ref, namespace, name, 'log')}?${query.toString()}`;
    for await (const chunk of this.api.read(path, this.#signal({ signal }))) {
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  }

  get #kinds(): KnownKinds {
    return this.#scope.kinds;
  }

  #refOf<T extends KubeObject>(object: { apiVersion: string; kind: string }): ResourceRef<T> {
    return this.#kinds.rowOf(object) as ResourceRef<T>;
  }

  #signal({ signal }: { signal?: AbortSignal | undefined } = {}): AbortSignal {
    return signal === undefined ? this.#scope.signal : AbortSignal.any([this.#scope.signal, signal]);
  }
}

function toName(ref: ResourceRef<unknown>, target: Target): ObjectName {
  const { namespace, name } = typeof target === 'string' ? splitTarget(target) : target;
  return ref.namespaced ? { namespace: namespace ?? 'default', name } : { name };
}

function splitTarget(target: string): ObjectName {
  const slash = target.indexOf('/');
  return slash < 0 ? { name: target } : { namespace: target.slice(0, slash), name: target.slice(slash + 1) };
}
