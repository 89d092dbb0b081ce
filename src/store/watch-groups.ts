/**
 * Which watchers hear of a version, found without asking each of them. Watchers of the same scope form a group:
 *
 *     exact     key -> group                             '/registry/nodes/n1'
 *     prefix    directory -> prefix -> group             '/registry/pods/' -> '/registry/pods/'       (every namespace)
 *                                                        '/registry/pods/default/' -> '/registry/pods/default/web-'
 *     indexed   … prefix -> index -> value -> group      '/registry/pods/' -> node name -> 'n1'
 *
 * A version of `/registry/pods/default/web-1` looks up its key, its four or five '/' positions, and there for each index the
 * value that it has and the one that it had. So watchers cost nothing for what they do not watch.
 * Invariant: a group, index, prefix or directory without watchers is not held.
 */
import type { ObjectIndex, Scope, StoreEvent } from './store.ts';
import type { Version } from './version.ts';
import type { Watcher } from './watcher.ts';

export interface WatchGroup {
  readonly watchers: Set<Watcher>;
  /** What the running `publish` has found for this group. */
  batch: StoreEvent[];
}

interface PrefixGroups {
  readonly prefix: string;
  /** Of those who watch the whole prefix. */
  whole: WatchGroup | undefined;
  readonly indexed: Map<ObjectIndex, Map<string, WatchGroup>>;
}

export class WatchGroups {
  readonly #exact = new Map<string, WatchGroup>();
  readonly #directories = new Map<string, Map<string, PrefixGroups>>();

  add(watcher: Watcher): void {
    const { scope } = watcher;
    const group = this.#groupOf(scope) ?? this.#addGroup(scope);
    group.watchers.add(watcher);
  }

  /** Whether it was there. */
  remove(watcher: Watcher): boolean {
    const { scope } = watcher;
    const group = this.#groupOf(scope);
    if (group === undefined || !group.watchers.delete(watcher)) return false;
    if (group.watchers.size === 0) this.#removeGroup(scope);
    return true;
  }

  /** Appends the groups that `version` concerns to `found`, each once. */
  collect(version: Version, found: WatchGroup[]): void {
    const { key } = version;
    const exact = this.#exact.get(key);
    if (exact !== undefined) found.push(exact);
    // The empty directory holds prefixes without any '/'.
    for (let end = 0; ; ) {
      const prefixes = this.#directories.get(key.slice(0, end));
      if (prefixes !== undefined) {
        for (const groups of prefixes.values())
          if (key.startsWith(groups.prefix)) collectOf(groups, version, found);
      }
      const slash = key.indexOf('/', end);
      if (slash === -1) return;
      end = slash + 1;
    }
  }

  #groupOf({ prefix, exact, indexed }: Scope): WatchGroup | undefined {
    if (exact === true) return this.#exact.get(prefix);
    const groups = this.#directories.get(directoryOf(prefix))?.get(prefix);
    return indexed === undefined ? groups?.whole : groups?.indexed.get(indexed.index)?.get(indexed.value);
  }

  #addGroup({ prefix, exact, indexed }: Scope): WatchGroup {
    const group: WatchGroup = { watchers: new Set(), batch: [] };
    if (exact === true) {
      this.#exact.set(prefix, group);
      return group;
    }
    const prefixes = getOrAdd(this.#directories, directoryOf(prefix), newMap<string, PrefixGroups>);
    const groups = getOrAdd(prefixes, prefix, () => ({ prefix, whole: undefined, indexed: new Map() }));
    if (indexed === undefined) groups.whole = group;
    else getOrAdd(groups.indexed, indexed.index, newMap<string, WatchGroup>).set(indexed.value, group);
    return group;
  }

  #removeGroup({ prefix, exact, indexed }: Scope): void {
    if (exact === true) {
      this.#exact.delete(prefix);
      return;
    }
    const directory = directoryOf(prefix);
    const prefixes = this.#directories.get(directory)!;
    const groups = prefixes.get(prefix)!;
    if (indexed === undefined) groups.whole = undefined;
    else removeIn(groups.indexed, indexed.index, indexed.value);
    if (groups.whole !== undefined || groups.indexed.size > 0) return;
    removeIn(this.#directories, directory, prefix);
  }
}

function collectOf({ whole, indexed }: PrefixGroups, version: Version, found: WatchGroup[]): void {
  if (whole !== undefined) found.push(whole);
  for (const [index, byValue] of indexed) {
    const value = index.valueOf(version.value);
    const group = byValue.get(value);
    if (group !== undefined) found.push(group);
    const { previous } = version;
    if (previous === undefined || previous.deleted) continue;
    const valueBefore = index.valueOf(previous.value);
    const groupBefore = valueBefore === value ? undefined : byValue.get(valueBefore);
    if (groupBefore !== undefined) found.push(groupBefore);
  }
}

function directoryOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf('/') + 1);
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}

/** Takes `inner` out of the map at `outer`, and that map when it is empty. */
function removeIn<K, L, V>(map: Map<K, Map<L, V>>, outer: K, inner: L): void {
  const inside = map.get(outer);
  inside?.delete(inner);
  if (inside?.size === 0) map.delete(outer);
}
