/** Kinds that are served in several versions are kept in one: which, and how a request in another version is understood. */
import { splitApiVersion, toApiVersion } from '../api/meta.ts';
import { findResource, type ResourceRow } from '../api/resources.ts';
import { assert } from '../base/assert.ts';

/** Whether objects of `row` are stored in the version in which it serves them. */
export function isStoredVersion({ group, version, storageGroupVersion, custom }: ResourceRow): boolean {
  if (custom?.isSoleVersion === false) return false;
  return group === ''
    ? storageGroupVersion === version
    : storageGroupVersion.length === group.length + version.length + 1 &&
        storageGroupVersion.startsWith(group) &&
        storageGroupVersion.endsWith(version);
}

/** The row under which objects of `row` are kept. */
export function storageRow(row: ResourceRow): ResourceRow {
  if (row.custom !== undefined) return row.custom.storage();
  if (isStoredVersion(row)) return row;
  const { group, version } = splitApiVersion(row.storageGroupVersion);
  const storage = findResource(group, version, row.storageResource);
  assert(
    storage !== undefined,
    `${row.storageGroupVersion} ${row.storageResource} is not in the table of kinds`,
  );
  return storage;
}

/** Field labels that have another name in the stored version, by the version that is served. */
const FIELD_LABELS: Readonly<Record<string, readonly (readonly [served: string, stored: string])[]>> = {
  'events.k8s.io/v1': [
    ['regarding.', 'involvedObject.'],
    ['reportingController', 'reportingComponent'],
  ],
};

/** `selector` in the words of the stored version. */
export function toStoredSelector(row: ResourceRow, selector: string): string {
  const labels = FIELD_LABELS[toApiVersion(row.group, row.version)] ?? [];
  return labels.reduce((text, [served, stored]) => text.replaceAll(served, stored), selector);
}
