/**
 * The shape of a row in the table of kinds, and how a row is made from the few facts in which kinds differ.
 * Custom resources become rows of the same shape at run time.
 */
import type { CustomKind } from './custom/custom-kind.ts';
import { splitApiVersion } from './meta.ts';

/** Names a resource and carries its object type for the compiler. */
export type ResourceRef<T> = {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in paths: `pods`. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
} & { readonly __type?: T };

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface SubresourceRow {
  /** As in paths: `status`, `log`. */
  name: string;
  verbs: readonly Verb[];
  /** What is sent or answered, where that is not the resource's own kind. */
  kind?: { group: string; version: string; kind: string };
  /** Takes over the connection or answers something other than one object: `connect` for upstream's authorizer. */
  connect?: boolean;
}

export interface ResourceRow {
  group: string;
  version: string;
  resource: string;
  kind: string;
  singular: string;
  namespaced: boolean;
  shortNames: readonly string[];
  categories: readonly string[];
  verbs: readonly Verb[];
  subresources: readonly SubresourceRow[];
  /** Whether a change outside metadata and status bumps `metadata.generation` (which then starts at 1). */
  generation: boolean;
  /** `group/version` in which objects are stored, when several versions serve one kind; else its own. */
  storageGroupVersion: string;
  /** The resource under which `storageGroupVersion` keeps it; objects of all its rows share keys and versions. */
  storageResource: string;
  /** Answered by the server, never stored: reviews, bindings, component statuses. */
  virtual: boolean;
  /** Paths that a field selector may name besides `metadata.name` and `metadata.namespace`. */
  selectableFields: readonly string[];
  /** Set for custom resources: what built-in kinds have in the schema data. */
  custom?: CustomKind;
}

/** In what a row may differ from a namespaced, stored kind with all verbs and no subresource. */
export interface ResourceTraits {
  clusterScoped?: boolean;
  shortNames?: readonly string[];
  categories?: readonly string[];
  verbs?: readonly Verb[];
  subresources?: readonly SubresourceRow[];
  generation?: boolean;
  storageGroupVersion?: string;
  virtual?: boolean;
  selectableFields?: readonly string[];
}

const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** A row that is also the typed token for its resource. `apiVersion` is `v1` or `group/version`. */
export function newResource<T>(
  apiVersion: string,
  kind: string,
  resource: string,
  traits: ResourceTraits = {},
): ResourceRow & ResourceRef<T> {
  return {
    ...splitApiVersion(apiVersion),
    resource,
    kind,
    singular: kind.toLowerCase(),
    namespaced: !traits.clusterScoped,
    shortNames: traits.shortNames ?? [],
    categories: traits.categories ?? [],
    verbs: traits.verbs ?? ALL_VERBS,
    subresources: traits.subresources ?? [],
    generation: traits.generation ?? false,
    storageGroupVersion: traits.storageGroupVersion ?? apiVersion,
    storageResource: resource,
    virtual: traits.virtual ?? false,
    selectableFields: traits.selectableFields ?? [],
  };
}

const AUTOSCALING_V1 = { group: 'autoscaling', version: 'v1' };
const CORE_V1 = { group: '', version: 'v1' };

export const STATUS: SubresourceRow = { name: 'status', verbs: ['get', 'patch', 'update'] };
export const SCALE: SubresourceRow = {
  name: 'scale',
  verbs: ['get', 'patch', 'update'],
  kind: { ...AUTOSCALING_V1, kind: 'Scale' },
};
export const APPROVAL: SubresourceRow = { name: 'approval', verbs: ['get', 'patch', 'update'] };
export const FINALIZE: SubresourceRow = { name: 'finalize', verbs: ['update'] };
export const TOKEN: SubresourceRow = {
  name: 'token',
  verbs: ['create'],
  kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
};

/** Forwards any request to what stands behind the object. */
export function proxySubresource(optionsKind: string): SubresourceRow {
  return {
    name: 'proxy',
    verbs: ['create', 'delete', 'get', 'patch', 'update'],
    kind: { ...CORE_V1, kind: optionsKind },
    connect: true,
  };
}

function stream(name: string, optionsKind: string): SubresourceRow {
  return { name, verbs: ['create', 'get'], kind: { ...CORE_V1, kind: optionsKind }, connect: true };
}

export const POD_SUBRESOURCES: readonly SubresourceRow[] = [
  stream('attach', 'PodAttachOptions'),
  { name: 'binding', verbs: ['create'], kind: { ...CORE_V1, kind: 'Binding' } },
  { name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'] },
  { name: 'eviction', verbs: ['create'], kind: { group: 'policy', version: 'v1', kind: 'Eviction' } },
  stream('exec', 'PodExecOptions'),
  { name: 'log', verbs: ['get'] },
  stream('portforward', 'PodPortForwardOptions'),
  proxySubresource('PodProxyOptions'),
  { name: 'resize', verbs: ['get', 'patch', 'update'] },
  STATUS,
];
