/**
 * The one client: controllers, scheduler, kubelet, proxy and command line all speak to the API through this, whether the
 * server is in the same process, on the same machine, elsewhere, or upstream Kubernetes.
 *
 * Objects that it returns may be frozen and shared: never change them, copy first. All errors are StatusError.
 */
import type { KubeObject, NewObject, ObjectList } from '../api/meta.ts';
import type { ResourceRef } from '../api/resources.ts';

export interface ApiClient {
  get<T extends KubeObject>(resource: ResourceRef<T>, target: ObjectName, signal: AbortSignal): Promise<T>;
  list<T extends KubeObject>(
    resource: ResourceRef<T>,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<ObjectList<T>>;
  /** Ends when the server ends it; throws StatusError `Expired` when the revision is too old. */
  watch<T extends KubeObject>(
    resource: ResourceRef<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: NewObject<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /** Replaces the object; `Conflict` unless its resourceVersion is the current one (an empty one skips the check). */
  update<T extends KubeObject>(resource: ResourceRef<T>, object: T, signal: AbortSignal): Promise<T>;
  updateStatus<T extends KubeObject>(resource: ResourceRef<T>, object: T, signal: AbortSignal): Promise<T>;
  /** PUT to any other subresource that takes the object itself: a namespace's `finalize`. */
  updateSubresource<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: T,
    subresource: string,
    signal: AbortSignal,
  ): Promise<T>;
  patch<T extends KubeObject>(
    resource: ResourceRef<T>,
    target: ObjectName,
    patch: Patch,
    signal: AbortSignal,
  ): Promise<T>;
  /** Resolves with the object's last state, or its state while finalizers or a grace period hold it. */
  delete<T extends KubeObject>(
    resource: ResourceRef<T>,
    target: ObjectName,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<T>;
  /** Deletes everything that matches, each as {@link delete} would. Resolves when the server has gone through all of it. */
  deleteCollection<T extends KubeObject>(
    resource: ResourceRef<T>,
    selection: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<void>;
  /** POST to a subresource: `binding`, `eviction`, `token`. Resolves with the server's answer. */
  createSubresource<T extends KubeObject>(
    resource: ResourceRef<T>,
    target: ObjectName,
    subresource: { name: string; body: unknown },
    signal: AbortSignal,
  ): Promise<unknown>;
  /** GET of any path (`/version`, `…/pods/x/log?follow=true`) as a stream of bytes. */
  read(path: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface ObjectName {
  /** Absent for cluster-scoped kinds. */
  namespace?: string;
  name: string;
}

export interface ListOptions {
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
}

export interface WatchOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Events after this revision; absent or `0` with `sendInitialEvents`: everything first, then a bookmark. */
  resourceVersion?: string;
  sendInitialEvents?: boolean;
  timeoutSeconds?: number;
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  /** Nothing changed up to this revision. `initialEventsEnd` closes the initial events. */
  | { type: 'BOOKMARK'; resourceVersion: string; initialEventsEnd: boolean };

export interface Patch {
  type: 'json' | 'merge' | 'strategic';
  body: unknown;
  subresource?: string;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  preconditions?: { uid?: string; resourceVersion?: string };
}
