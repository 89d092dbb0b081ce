/** What of an object's metadata the server says, and nobody who changes objects on their way in says otherwise. */
import type { ApiObject } from '../api-object.ts';

const SERVER_METADATA = [
  'generateName',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
] as const;

const IDENTITY = ['name', 'namespace'] as const;

/** `changed`, with the server's fields of `known`; with `identity` also its name and namespace. */
export function withServerMetadata(
  changed: ApiObject['metadata'],
  known: ApiObject['metadata'],
  { identity }: { identity: boolean },
): Record<string, unknown> {
  const metadata: Record<string, unknown> = { ...changed };
  for (const field of identity ? [...IDENTITY, ...SERVER_METADATA] : SERVER_METADATA) {
    if (known[field] === undefined) delete metadata[field];
    else metadata[field] = known[field];
  }
  return metadata;
}
