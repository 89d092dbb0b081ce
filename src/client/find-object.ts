/** A read of what may not be there. */
import type { KubeObject } from '../api/meta.ts';
import type { ResourceRef } from '../api/resources.ts';
import { hasReason } from '../base/status-error.ts';
import type { ApiClient, ObjectName } from './api-client.ts';

/** @returns `undefined` when it is not there. @throws StatusError of every other failure */
export function findObject<T extends KubeObject>(
  client: Pick<ApiClient, 'get'>,
  resource: ResourceRef<T>,
  target: ObjectName,
  signal: AbortSignal,
): Promise<T | undefined> {
  return client.get(resource, target, signal).catch((error: unknown) => {
    if (hasReason(error, 'NotFound')) return undefined;
    throw error;
  });
}
