/**
 * All objects of a cluster as its commits tell of them: at each commit exactly the state after it, whatever the store has
 * gone on to. Events are kept when they expire.
 */
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { parseStorageKey, storedUnder } from '../object-ref.ts';
import type { ObjectCommitted } from '../world/world-event.ts';
import type { ObjectPattern } from './object-pattern.ts';

type Objects = Map<string, KubeObject>;

export class ObjectMirror {
  /** By where the kind is stored, then by `namespace/name`. */
  readonly #objects = new Map<string, Objects>();

  /** @returns the kind of the object; `undefined` for a custom one, which is not mirrored */
  apply({ key, type, object }: ObjectCommitted): ResourceRow | undefined {
    const ref = parseStorageKey(key);
    if (ref === undefined) return undefined;
    const objects = this.#collection(ref.row);
    const name = `${ref.namespace}/${ref.name}`;
    if (type === 'put') objects.set(name, object as unknown as KubeObject);
    else if (ref.row.resource !== 'events') objects.delete(name);
    return ref.row;
  }

  list(row: ResourceRow): KubeObject[] {
    return [...this.#collection(row).values()];
  }

  /** In order of their names. */
  find({ row, namespace, name, exactName }: ObjectPattern): KubeObject[] {
    const objects = this.#collection(row);
    if (exactName !== undefined) {
      const object = objects.get(`${namespace}/${exactName}`);
      return object === undefined ? [] : [object];
    }
    return [...objects.values()]
      .filter(({ metadata }) => (metadata.namespace ?? '') === namespace && name.test(metadata.name))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  #collection(row: ResourceRow): Objects {
    const where = storedUnder(row);
    const known = this.#objects.get(where);
    if (known !== undefined) return known;
    const objects: Objects = new Map();
    this.#objects.set(where, objects);
    return objects;
  }
}
