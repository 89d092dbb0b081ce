/** Objects as a test names them: `deployment/web`, `pod/shop/web-1`. */
import type { ResourceRow } from '../api/resources.ts';
import type { NamedObject, ObjectPath } from './cluster.ts';
import type { KnownKinds } from './known-kinds.ts';

export interface NamedTarget {
  row: ResourceRow;
  /** Empty for a cluster-scoped object. */
  namespace: string;
  name: string;
}

/** @throws TypeError that says what is wrong */
export function parseObjectPath(path: string, kinds: KnownKinds, namespace = 'default'): NamedTarget {
  const [word = '', ...rest] = path.split('/');
  const row = kinds.find(word) ?? (kinds.resolve(word) as ResourceRow);
  const name = rest.at(-1) ?? '';
  const isPlaced = rest.length === 2 && row.namespaced;
  if (rest.includes('') || name === '' || rest.length > (isPlaced ? 2 : 1)) {
    throw new TypeError(`"${path}" names no object; write KIND/NAME or KIND/NAMESPACE/NAME, as "pod/web-1"`);
  }
  if (!row.namespaced) return { row, namespace: '', name };
  return { row, namespace: isPlaced ? rest[0]! : namespace, name };
}

/** What an Event says that it is about. `namespace` is empty for a cluster-scoped object. */
export function pathOf(
  object: ObjectPath | NamedObject,
  kinds: KnownKinds,
): { kind: string; namespace: string; name: string } {
  if (typeof object === 'string') {
    const { row, namespace, name } = parseObjectPath(object, kinds);
    return { kind: row.kind, namespace, name };
  }
  const { kind, metadata } = object;
  return { kind, namespace: metadata.namespace ?? '', name: metadata.name };
}
