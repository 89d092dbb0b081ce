/** What every object has, whatever its kind: identity, version, and the key that caches and queues use. */
import type { ListMeta, ObjectMeta } from './generated/meta-v1.ts';

/** Any stored object. Narrow it with a generated interface such as `Pod`. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** Fields of `ObjectMeta` that the server fills in. */
type ServerMeta = 'name' | 'uid' | 'resourceVersion' | 'creationTimestamp';

/** Metadata as a client sends it to create: `name` may be missing when `generateName` is given. */
export type NewObjectMeta = Omit<ObjectMeta, ServerMeta> & Partial<Pick<ObjectMeta, ServerMeta>>;

/** What one sends to create a `T`: the server fills in metadata and, later, `status`. */
export type NewObject<T extends KubeObject> = Omit<T, 'metadata' | 'status'> & {
  metadata: NewObjectMeta;
} & (T extends { status?: infer S } ? { status?: S } : unknown);

/** A `T` inside another object (`volumeClaimTemplates`): never stored by itself, so nothing of it is filled in. */
export type EmbeddedObject<T extends KubeObject> = Omit<T, keyof KubeObject | 'status'> & {
  apiVersion?: T['apiVersion'];
  kind?: T['kind'];
  metadata?: NewObjectMeta;
} & (T extends { status?: infer S } ? { status?: S } : unknown);

/** One page of a list, as the API returns it. */
export interface ObjectList<T> {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  items: T[];
}

export interface GroupVersionKind {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
}

interface Named {
  metadata: { name?: string; namespace?: string };
}

/** `namespace/name`, or `name` for a cluster-scoped object: unique within one kind. */
export function keyOf(object: Named): string {
  const { name = '', namespace } = object.metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** The object's namespace, `''` when it has none. */
export function namespaceOf(object: Named): string {
  return object.metadata.namespace ?? '';
}

/** Takes a key of {@link keyOf} apart; `namespace` is `''` for a cluster-scoped object. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** `v1` or `apps/v1`. */
export function toApiVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Takes `v1` or `apps/v1` apart. */
export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** As upstream writes a kind in messages: `/v1, Kind=Pod`, `apps/v1, Kind=Deployment`. */
export function gvkText({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`;
}

/** {@link gvkText} of the kind that `object`, which is JSON of somebody's, claims to be; what is no text is as good as absent. */
export function claimedGvkText({ apiVersion, kind }: { apiVersion?: unknown; kind?: unknown }): string {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return gvkText(gvkOf({ apiVersion: text(apiVersion), kind: text(kind) }));
}

/** The kind that `object` claims to be. */
export function gvkOf(object: { apiVersion: string; kind: string }): GroupVersionKind {
  return { ...splitApiVersion(object.apiVersion), kind: object.kind };
}
