/**
 * A small API server as a Transport: objects in memory, revisions, watches that lag, answers that get lost. For tests of
 * clients and controllers, where what matters is the order of events and their delay; it does not validate, authorise or
 * default.
 *
 * Invariant: every watcher sees every change once and in order, however late.
 */

import type { ObjectMeta } from '../api/generated/meta-v1.ts';
import type { JsonValue } from '../api/json.ts';
import type { ApiRequest, ApiResponse, Transport, WatchFrame } from '../api/message.ts';
import { type KubeObject, keyOf } from '../api/meta.ts';
import { applyMergePatch } from '../api/patch/merge-patch.ts';
import { allResources, type ResourceRow } from '../api/resources.ts';
import { parseLabelSelector, toLabelMatcher } from '../api/selectors.ts';
import { assert } from '../base/assert.ts';
import { type Clock, toTimestamp } from '../base/clock.ts';
import { newDeferred } from '../base/deferred.ts';
import { type Random, randomUid } from '../base/random.ts';
import { StatusError } from '../base/status-error.ts';

/** What becomes of a request: executed and answered, refused, or executed with the answer lost. */
export type RequestFate = 'answered' | 'lost' | StatusError;

export interface InMemoryApiOptions {
  clock: Clock;
  random: Random;
  /** Delay between a change and its arrival at one watcher. */
  watchLagMs?: () => number;
  fateOf?: (request: ApiRequest) => RequestFate;
}

interface StoredObject extends KubeObject {
  spec?: unknown;
  status?: unknown;
}

interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: string;
  object: StoredObject;
  revision: number;
  /** Monotonic. */
  atMs: number;
}

type NamespaceSpec = { finalizers?: string[] } | undefined;

const FINALIZER_OF_POLICY: Readonly<Record<string, string>> = {
  Foreground: 'foregroundDeletion',
  Orphan: 'orphan',
};

interface Route {
  row: ResourceRow;
  namespace: string;
  name: string;
  subresource: string;
}

export class InMemoryApi implements Transport {
  readonly #options: InMemoryApiOptions;
  readonly #objects = new Map<string, Map<string, StoredObject>>();
  readonly #changes: Change[] = [];
  #changed = newDeferred();
  #revision = 100;
  #compacted = 0;
  #watchesBroken = newDeferred();
  /** Every request that changed something, as `POST pods default/web-1`. */
  readonly writes: string[] = [];

  constructor(options: InMemoryApiOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The true state, in key order. */
  objects<T extends KubeObject>(resource: { resource: string; readonly __type?: T }): T[] {
    const all = [...(this.#objects.get(resource.resource) ?? new Map<string, StoredObject>()).entries()];
    return all.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object as unknown as T);
  }

  /** Ends all watches, as a server does that goes away. */
  breakWatches(): void {
    this.#watchesBroken.resolve();
    this.#watchesBroken = newDeferred();
  }

  /** Watches from before now answer Expired. */
  compact(): void {
    this.#compacted = this.#revision;
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    signal.throwIfAborted();
    const fate = this.#options.fateOf?.(request) ?? 'answered';
    if (fate instanceof StatusError) return failure(fate);
    const response = this.#answer(request, signal);
    if (fate === 'lost') throw new StatusError('ServiceUnavailable', 'the answer was lost');
    return response;
  }

  #answer(request: ApiRequest, signal: AbortSignal): ApiResponse {
    try {
      return this.#execute(request, signal);
    } catch (error) {
      if (error instanceof StatusError) return failure(error);
      throw error;
    }
  }

  #execute(request: ApiRequest, signal: AbortSignal): ApiResponse {
    const route = parseRoute(request.path);
    const body = request.body.kind === 'object' ? structuredClone(request.body.value) : undefined;
    if (request.method !== 'GET') {
      this.writes.push(`${request.method} ${route.row.resource} ${route.namespace}/${route.name}`);
    }
    switch (request.method) {
      case 'GET':
        if (request.query.get('watch') === 'true') return this.#watch(route, request.query, signal);
        return success(route.name === '' ? this.#list(route, request.query) : this.#get(route));
      case 'POST':
        return success(this.#create(route, body as StoredObject));
      case 'PUT':
        return success(this.#update(route, body as StoredObject));
      case 'PATCH':
        return success(this.#patch(route, body as JsonValue, request.headers['content-type'] ?? ''));
      case 'DELETE':
        return success(route.name === '' ? this.#deleteAll(route, request) : this.#delete(route, body));
      case 'HEAD':
      case 'OPTIONS':
        throw new StatusError('MethodNotAllowed', request.method);
    }
  }

  #collection(row: ResourceRow): Map<string, StoredObject> {
    let collection = this.#objects.get(row.resource);
    if (collection === undefined) {
      collection = new Map();
      this.#objects.set(row.resource, collection);
    }
    return collection;
  }

  #get({ row, namespace, name }: Route): StoredObject {
    const object = this.#collection(row).get(keyOf({ metadata: { name, namespace } }));
    if (object === undefined) throw new StatusError('NotFound', `${row.resource} "${name}" not found`);
    return object;
  }

  #list(route: Route, query: URLSearchParams): unknown {
    const items = this.#selected(route, query);
    const start = Number(query.get('continue') ?? 0);
    const end = start + Number(query.get('limit') ?? items.length);
    const metadata = {
      resourceVersion: String(this.#revision),
      ...(end < items.length ? { continue: String(end) } : {}),
    };
    return { apiVersion: 'v1', kind: `${route.row.kind}List`, metadata, items: items.slice(start, end) };
  }

  #selected(route: Route, query: URLSearchParams): StoredObject[] {
    const selects = newSelection(route, query);
    return this.objects(route.row).filter(selects);
  }

  #create(route: Route, body: StoredObject): StoredObject {
    const { clock, random } = this.#options;
    const metadata: ObjectMeta = { ...body.metadata };
    metadata.name ??= `${metadata.generateName}${Math.floor(random.next() * 1e6)}`;
    const collection = this.#collection(route.row);
    if (collection.has(keyOf({ metadata }))) {
      throw new StatusError('AlreadyExists', `${route.row.resource} "${metadata.name}" already exists`);
    }
    metadata.uid = randomUid(random);
    metadata.creationTimestamp = toTimestamp(clock.now());
    metadata.generation = 1;
    return this.#commit('ADDED', route.row, { ...body, metadata });
  }

  #update(route: Route, body: StoredObject): StoredObject {
    const current = this.#get(route);
    const { resourceVersion, uid } = body.metadata;
    if (resourceVersion !== '' && resourceVersion !== current.metadata.resourceVersion) {
      throw new StatusError('Conflict', 'the object has been modified');
    }
    if (uid !== current.metadata.uid) throw new StatusError('Conflict', 'the object is another one');
    return this.#replace(route, current, body);
  }

  #patch(route: Route, patch: JsonValue, contentType: string): StoredObject {
    const current = this.#get(route);
    const { metadata } = patch as {
      metadata?: { uid?: string; resourceVersion?: string; ownerReferences?: OwnerPatch[] };
    };
    if (metadata?.uid !== undefined && metadata.uid !== current.metadata.uid) {
      throw new StatusError('Conflict', 'the object is another one');
    }
    const { resourceVersion = current.metadata.resourceVersion } = metadata ?? {};
    if (resourceVersion !== current.metadata.resourceVersion) {
      throw new StatusError('Conflict', 'the object has been modified');
    }
    const owners = metadata?.ownerReferences;
    const patched = applyMergePatch(current as unknown as JsonValue, patch) as unknown as StoredObject;
    const isStrategic = contentType.includes('strategic');
    if (owners !== undefined && isStrategic) patched.metadata.ownerReferences = mergeOwners(current, owners);
    return this.#replace(route, current, patched);
  }

  #replace(route: Route, current: StoredObject, next: StoredObject): StoredObject {
    const object: StoredObject = { ...next };
    if (route.subresource === 'status') {
      object.spec = current.spec;
      object.metadata = current.metadata;
    } else {
      object.status = current.status;
    }
    if (object.status === undefined) delete object.status;
    const specChanged = JSON.stringify(object.spec) !== JSON.stringify(current.spec);
    const generation = (current.metadata.generation ?? 1) + (specChanged ? 1 : 0);
    object.metadata = { ...object.metadata, generation };
    const ends =
      object.metadata.deletionTimestamp !== undefined &&
      (object.metadata.finalizers ?? []).length === 0 &&
      ((object.spec as NamespaceSpec)?.finalizers ?? []).length === 0;
    const hasGrace = (object.metadata.deletionGracePeriodSeconds ?? 0) > 0;
    return this.#commit(ends && !hasGrace ? 'DELETED' : 'MODIFIED', route.row, object);
  }

  #deleteAll(route: Route, request: ApiRequest): unknown {
    for (const { metadata } of this.#selected(route, request.query)) {
      this.#delete({ ...route, namespace: metadata.namespace ?? '', name: metadata.name }, undefined);
    }
    return { apiVersion: 'v1', kind: 'Status', status: 'Success' };
  }

  /** Pods that have a node end when their kubelet says so: delete again with {@link finish}. */
  #delete(route: Route, body: unknown): StoredObject {
    const current = this.#get(route);
    const options = (body ?? {}) as {
      preconditions?: { uid?: string; resourceVersion?: string };
      propagationPolicy?: string;
      gracePeriodSeconds?: number;
    };
    const { uid, resourceVersion } = { ...current.metadata, ...options.preconditions };
    if (uid !== current.metadata.uid || resourceVersion !== current.metadata.resourceVersion) {
      throw new StatusError('Conflict', 'a precondition does not hold');
    }
    const added = FINALIZER_OF_POLICY[options.propagationPolicy ?? ''];
    const finalizers = [...new Set([...(current.metadata.finalizers ?? []), ...(added ? [added] : [])])];
    const isHeld = finalizers.length > 0 || ((current.spec as NamespaceSpec)?.finalizers ?? []).length > 0;
    const isGraceful =
      route.row.resource === 'pods' &&
      options.gracePeriodSeconds !== 0 &&
      Boolean((current.spec as { nodeName?: string }).nodeName);
    if (!isHeld && !isGraceful) return this.#commit('DELETED', route.row, current);
    if (current.metadata.deletionTimestamp !== undefined) return current;
    const deletionTimestamp = toTimestamp(this.#options.clock.now());
    const metadata = { ...current.metadata, deletionTimestamp, finalizers };
    if (isGraceful) metadata.deletionGracePeriodSeconds = 30;
    return this.#commit('MODIFIED', route.row, { ...current, metadata });
  }

  /** Removes an object at once, whatever holds it: the kubelet's last word, or a test's. */
  finish(object: KubeObject, row: ResourceRow): void {
    const current = this.#collection(row).get(keyOf(object));
    if (current !== undefined) this.#commit('DELETED', row, current);
  }

  /** Writes an object as it is, status included: what another component would have done in several requests. */
  put<T extends KubeObject>(row: ResourceRow & { readonly __type?: T }, object: T): void {
    const isNew = !this.#collection(row).has(keyOf(object));
    this.#commit(isNew ? 'ADDED' : 'MODIFIED', row, object);
  }

  #commit(type: Change['type'], row: ResourceRow, object: StoredObject): StoredObject {
    const revision = ++this.#revision;
    const committed = deepFreeze({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(revision) },
    });
    const collection = this.#collection(row);
    if (type === 'DELETED') collection.delete(keyOf(committed));
    else collection.set(keyOf(committed), committed);
    const atMs = this.#options.clock.monotonicMs();
    this.#changes.push({ type, resource: row.resource, object: committed, revision, atMs });
    this.#changed.resolve();
    this.#changed = newDeferred();
    return committed;
  }

  #watch(route: Route, query: URLSearchParams, signal: AbortSignal): ApiResponse {
    const wantsInitial = query.get('sendInitialEvents') === 'true';
    const after = wantsInitial ? this.#revision : Number(query.get('resourceVersion') ?? this.#revision);
    if (after < this.#compacted) throw new StatusError('Expired', 'too old resource version');
    const initial = wantsInitial ? this.#initialFrames(route, query) : [];
    const frames = this.#follow(route, query, { after, initial, signal });
    return { status: 200, headers: {}, body: { kind: 'watch', frames } };
  }

  #initialFrames(route: Route, query: URLSearchParams): WatchFrame[] {
    const frames = this.#selected(route, query).map((object) => newFrame('ADDED', object));
    const metadata = {
      resourceVersion: String(this.#revision),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    };
    return [...frames, newFrame('BOOKMARK', { metadata })];
  }

  async *#follow(
    route: Route,
    query: URLSearchParams,
    { after, initial, signal }: { after: number; initial: WatchFrame[]; signal: AbortSignal },
  ): AsyncGenerator<WatchFrame[]> {
    if (initial.length > 0) yield initial;
    const selects = newSelection(route, query);
    const broken = this.#watchesBroken.promise.then(() => 'broken' as const);
    let position = this.#changes.findIndex((change) => change.revision > after);
    if (position < 0) position = this.#changes.length;
    for (;;) {
      while (position < this.#changes.length) {
        const change = this.#changes[position++]!;
        if (change.resource !== route.row.resource || !selects(change.object)) continue;
        const dueMs = change.atMs + (this.#options.watchLagMs?.() ?? 0);
        const waitMs = dueMs - this.#options.clock.monotonicMs();
        if (waitMs > 0) await this.#options.clock.sleep(waitMs, signal);
        yield [newFrame(change.type, change.object)];
      }
      const next = await Promise.race([this.#changed.promise, broken, whenAborted(signal)]);
      if (next !== undefined) return;
    }
  }
}

function whenAborted(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

interface OwnerPatch {
  uid: string;
  $patch?: string;
}

function mergeOwners(current: KubeObject, patches: readonly OwnerPatch[]) {
  const owners = new Map((current.metadata.ownerReferences ?? []).map((owner) => [owner.uid, owner]));
  for (const patch of patches) {
    if (patch.$patch === 'delete') owners.delete(patch.uid);
    else owners.set(patch.uid, patch as never);
  }
  return [...owners.values()];
}

function newSelection(route: Route, query: URLSearchParams): (object: KubeObject) => boolean {
  const labels = toLabelMatcher(parseLabelSelector(query.get('labelSelector') ?? ''));
  const fieldSelector = query.get('fieldSelector');
  const name = /^metadata\.name=(.+)$/.exec(fieldSelector ?? '')?.[1];
  const type = /^type=(.+)$/.exec(fieldSelector ?? '')?.[1];
  assert(fieldSelector === null || (name ?? type) !== undefined, `no such field selector: ${fieldSelector}`);
  return (object) =>
    (route.namespace === '' || object.metadata.namespace === route.namespace) &&
    (name === undefined || object.metadata.name === name) &&
    (type === undefined || (object as { type?: string }).type === type) &&
    labels(object.metadata.labels);
}

const ROW_OF_PATH = new Map(
  allResources().map((row) => [`${row.group}/${row.version}/${row.resource}`, row]),
);

/** `/api/v1/namespaces/x/pods/y/status`; namespaces themselves have no namespace. */
function parseRoute(path: string): Route {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const [root, ...rest] = parts;
  const group = root === 'apis' ? rest.shift()! : '';
  const version = rest.shift()!;
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize') {
    namespace = rest[1]!;
    rest.splice(0, 2);
  }
  const [resource = '', name = '', subresource = ''] = rest;
  // Discovery: nobody else serves anything here.
  if (resource === '') throw new StatusError('NotFound', 'the server could not find the requested resource');
  const row = ROW_OF_PATH.get(`${group}/${version}/${resource}`);
  assert(row !== undefined, `no resource is served at ${path}`);
  return { row, namespace, name, subresource };
}

function newFrame(type: WatchFrame['type'], object: unknown): WatchFrame {
  return {
    type,
    object,
    bytes: () => new TextEncoder().encode(`${JSON.stringify({ type, object })}\n`),
  };
}

function success(value: unknown): ApiResponse {
  return toResponse(200, value);
}

function failure(error: StatusError): ApiResponse {
  return toResponse(error.code, error.toStatus());
}

function toResponse(status: number, value: unknown): ApiResponse {
  const bytes = () => new TextEncoder().encode(JSON.stringify(value));
  return { status, headers: { 'content-type': 'application/json' }, body: { kind: 'object', value, bytes } };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
