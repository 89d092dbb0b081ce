/** Paths and queries of the Kubernetes API: `/api/v1/namespaces/x/pods/y/status?…`. */

import { type ResourceRef, resourcePath } from '../api/resources.ts';
import { assert } from '../base/assert.ts';
import type { ListOptions, ObjectName, WatchOptions } from './api-client.ts';

/** Of all objects, or of those in one namespace. */
export function collectionPath(resource: ResourceRef<unknown>, namespace: string | undefined): string {
  return resourcePath(resource, namespace);
}

/** Of one object, or of a subresource of it. */
export function objectPath(resource: ResourceRef<unknown>, target: ObjectName, subresource?: string): string {
  const { name, namespace } = target;
  assert(name !== '', `the path of one of ${resource.resource} needs a name`);
  assert(!resource.namespaced || namespace, `the path of ${resource.resource} "${name}" needs a namespace`);
  return resourcePath(resource, namespace, name, subresource);
}

export function listQuery(options: ListOptions): URLSearchParams {
  const query = new URLSearchParams();
  setSelectors(query, options);
  if (options.limit !== undefined) query.set('limit', String(options.limit));
  if (options.continue !== undefined) query.set('continue', options.continue);
  if (options.resourceVersion !== undefined) query.set('resourceVersion', options.resourceVersion);
  return query;
}

export function watchQuery(options: WatchOptions): URLSearchParams {
  const query = new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true' });
  setSelectors(query, options);
  if (options.resourceVersion !== undefined) query.set('resourceVersion', options.resourceVersion);
  if (options.timeoutSeconds !== undefined) query.set('timeoutSeconds', String(options.timeoutSeconds));
  if (options.sendInitialEvents === true) {
    query.set('sendInitialEvents', 'true');
    query.set('resourceVersionMatch', 'NotOlderThan');
  }
  return query;
}

function setSelectors(
  query: URLSearchParams,
  { labelSelector, fieldSelector }: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>,
): void {
  if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
  if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector);
}
