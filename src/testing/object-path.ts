/** Objects as a test names them: `deployment/web`, `pod/shop/web-1`. */
import type { KubeObject } from '../api/meta.ts';
import type { ResourceRef } from '../api/resources.ts';
import { findRowByWord, parseObjectRef } from '../simulation/object-ref.ts';
import type { NamedObject, ObjectPath } from './cluster.ts';
import { resolveResource } from './kinds.ts';

export interface NamedTarget {
  row: ResourceRef<KubeObject>;
  namespace: string;
  name: string;
}

/** @throws TypeError that says what is wrong */
export function parseObjectPath(path: string, namespace?: string): NamedTarget {
  const ref = parseObjectRef(path);
  if (ref === undefined) throw newPathError(path);
  const isPlaced = path.split('/').length > 2;
  return { ...ref, namespace: ref.row.namespaced && !isPlaced ? (namespace ?? 'default') : ref.namespace };
}

/** What an Event says that it is about. `namespace` is empty for a cluster-scoped object. */
export function pathOf(object: ObjectPath | NamedObject): { kind: string; namespace: string; name: string } {
  if (typeof object === 'string') {
    const { row, namespace, name } = parseObjectPath(object);
    return { kind: row.kind, namespace, name };
  }
  const { kind, metadata } = object;
  return { kind, namespace: metadata.namespace ?? '', name: metadata.name };
}

function newPathError(path: string): TypeError {
  const [kind = ''] = path.split('/');
  if (findRowByWord(kind) === undefined) resolveResource(kind);
  return new TypeError(`"${path}" names no object; write KIND/NAME or KIND/NAMESPACE/NAME, as "pod/web-1"`);
}
