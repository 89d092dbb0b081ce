/**
 * Objects as people name them on a command line: `pod/web-1`, `deploy/shop/web` (namespace in the middle; none is
 * `default`), `node/node-1`, `deployments.apps/web`.
 */
import { allResources, type ResourceRow } from '../api/resources.ts';

export interface ObjectRef {
  row: ResourceRow;
  /** `''` for a cluster-scoped kind. */
  namespace: string;
  name: string;
}

export function formatObjectRef({ row, namespace, name }: ObjectRef): string {
  const within = namespace === '' || namespace === 'default' ? '' : `${namespace}/`;
  return `${row.singular}/${within}${name}`;
}

/** `undefined` when the text is none, or names a kind that does not exist. */
export function parseObjectRef(text: string): ObjectRef | undefined {
  const parts = text.split('/');
  const row = findRowByWord(parts[0] ?? '');
  if (row === undefined || parts.includes('') || parts.length > (row.namespaced ? 3 : 2)) return undefined;
  const name = parts.at(-1)!;
  if (parts.length === 1) return undefined;
  if (!row.namespaced) return { row, namespace: '', name };
  return { row, namespace: parts.length === 3 ? parts[1]! : 'default', name };
}

/** `pod`, `pods`, `po`, `Pod`, `deployments.apps`: the first in upstream's order of groups. */
export function findRowByWord(word: string): ResourceRow | undefined {
  const [plain = '', ...group] = word.toLowerCase().split('.');
  return allResources().find(
    (row) =>
      !row.virtual &&
      [row.resource, row.singular, ...row.shortNames].includes(plain) &&
      (group.length === 0 || row.group === group.join('.')),
  );
}

/** Where objects of a kind are stored: `apps/deployments`, `pods`. Kinds of several versions are stored once. */
export function storedUnder({ storageGroupVersion, storageResource }: ResourceRow): string {
  const slash = storageGroupVersion.indexOf('/');
  return slash < 0 ? storageResource : `${storageGroupVersion.slice(0, slash)}/${storageResource}`;
}

const ROW_BY_STORAGE = new Map<string, ResourceRow>();
for (const row of allResources()) {
  const root = storedUnder(row);
  if (!row.virtual && !ROW_BY_STORAGE.has(root)) ROW_BY_STORAGE.set(root, row);
}

const CORE_DEPTH_MAX = 3;

/** Takes a key of the store apart: `/registry/apps/deployments/default/web`. Custom resources have no row here. */
export function parseStorageKey(key: string): ObjectRef | undefined {
  const parts = key.split('/').slice(2);
  const core = parts.length <= CORE_DEPTH_MAX ? ROW_BY_STORAGE.get(parts[0] ?? '') : undefined;
  const row = core ?? ROW_BY_STORAGE.get(`${parts[0]}/${parts[1]}`);
  if (row === undefined) return undefined;
  const rest = parts.slice(row === core ? 1 : 2);
  return row.namespaced
    ? { row, namespace: rest[0] ?? '', name: rest[1] ?? '' }
    : { row, namespace: '', name: rest[0] ?? '' };
}
