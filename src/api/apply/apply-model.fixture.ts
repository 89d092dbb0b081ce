/**
 * Server-side apply as its definition says it, slowly: an object is the set of its paths, each with a value, and each owner
 * a set of paths. What the code does with trees, types and field sets is done here one path at a time.
 *
 *     a path   `f:ports\nk:{"port":80}\nf:name`, elements as `fieldsV1` writes them
 *     a leaf   what owners do not share: a scalar, an item of a set, anything atomic
 *     a mark   an item of a keyed list, or of a map of structs: it is there, and so is what lies below it
 */
import { canonicalJson, type JsonObject, type JsonValue } from '../json.ts';
import { type ApplyType, type ListApplyType, SCALAR } from './apply-type.ts';
import type { FieldSet } from './field-set.ts';

export type Shape =
  | { sort: 'scalar' }
  | { sort: 'struct'; fields: Readonly<Record<string, Shape>>; atomic: boolean }
  | { sort: 'map'; of: Shape; atomic: boolean }
  | { sort: 'set' }
  | { sort: 'keyed'; keys: readonly string[]; item: Extract<Shape, { sort: 'struct' }> }
  | { sort: 'atomicList' };

/** What an absent second key of a keyed list stands for. */
export const KEY_DEFAULT = 'TCP';
const MARK = Symbol('mark');

type Paths = ReadonlyMap<string, JsonValue | typeof MARK>;

/** The shape as the code under test sees it. */
export function toApplyType(shape: Shape): ApplyType {
  if (shape.sort === 'scalar') return SCALAR;
  if (shape.sort === 'struct') {
    const types = new Map(Object.entries(shape.fields).map(([name, field]) => [name, toApplyType(field)]));
    return { kind: 'map', atomic: shape.atomic, named: (name) => types.get(name), other: SCALAR };
  }
  if (shape.sort === 'map') {
    return { kind: 'map', atomic: shape.atomic, named: () => undefined, other: toApplyType(shape.of) };
  }
  const list = (listType: ListApplyType['listType'], item: ApplyType, keys: readonly string[] = []) =>
    ({
      kind: 'list',
      listType,
      item,
      keys: keys.map((name, i) => ({ name, default: i === 0 ? undefined : KEY_DEFAULT })),
    }) satisfies ApplyType;
  if (shape.sort === 'set') return list('set', SCALAR);
  return shape.sort === 'keyed' ? list('map', toApplyType(shape.item), shape.keys) : list('atomic', SCALAR);
}

function isLeaf(shape: Shape): boolean {
  return shape.sort === 'scalar' || shape.sort === 'atomicList' || ('atomic' in shape && shape.atomic);
}

/** Every leaf and mark of `value`. */
export function pathsOf(value: JsonValue, shape: Shape): Map<string, JsonValue | typeof MARK> {
  const paths = new Map<string, JsonValue | typeof MARK>();
  const visit = (below: JsonValue, of: Shape, path: string, isMarked: boolean) => {
    if (isLeaf(of)) paths.set(path, below);
    else {
      if (isMarked) paths.set(path, MARK);
      collect(below, of, path);
    }
  };
  const collect = (below: JsonValue, of: Shape, path: string) => {
    const at = (element: string) => (path === '' ? element : `${path}\n${element}`);
    if (of.sort === 'struct') {
      for (const [name, item] of Object.entries(below as JsonObject))
        visit(item, of.fields[name]!, at(`f:${name}`), false);
    } else if (of.sort === 'map') {
      for (const [name, item] of Object.entries(below as JsonObject))
        visit(item, of.of, at(`f:${name}`), true);
    } else if (of.sort === 'set') {
      for (const item of below as JsonValue[]) paths.set(at(`v:${canonicalJson(item)}`), item);
    } else if (of.sort === 'keyed') {
      for (const item of below as JsonObject[]) visit(item, of.item, at(keyOf(item, of.keys)), true);
    }
  };
  collect(value, shape, '');
  return paths;
}

function keyOf(item: JsonObject, keys: readonly string[]): string {
  const values = keys.map((name, i) => [name, item[name] ?? (i === 0 ? null : KEY_DEFAULT)]);
  return `k:${canonicalJson(Object.fromEntries(values) as JsonObject)}`;
}

/** The paths of a set as the code under test holds it. */
export function membersOf(set: FieldSet, prefix = ''): string[] {
  return [
    ...[...set.members].map((element) => prefix + element),
    ...[...set.children].flatMap(([element, child]) => membersOf(child, `${prefix}${element}\n`)),
  ].sort();
}

/** Readable, and the same for the same paths. */
export function textOf(paths: Paths): Record<string, JsonValue> {
  const entries = [...paths].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([path, value]) => [path, value === MARK ? '(item)' : (value as JsonValue)]),
  );
}

const isSame = (a: JsonValue | typeof MARK, b: JsonValue | typeof MARK) =>
  a === b || (a !== MARK && b !== MARK && canonicalJson(a as JsonValue) === canonicalJson(b as JsonValue));

export class ApplyModel {
  paths: Paths = new Map();
  owners: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  /** @returns who is in the way of which paths: then nothing has changed */
  apply(manager: string, applied: Paths, force: boolean): string[] {
    const last = this.owners.get(manager) ?? new Set();
    const conflicts = [...this.owners].flatMap(([owner, owned]) =>
      [...owned]
        .filter((path) => owner !== manager && applied.has(path) && this.#differs(path, applied))
        .map((path) => `${owner}: ${path}`),
    );
    if (conflicts.length > 0 && !force) return conflicts.sort();
    const next = new Map([...this.paths, ...applied]);
    for (const path of last) {
      const isWanted = applied.has(path) || this.#isOwnedByOthers(path, manager);
      if (!isWanted) remove(next, path);
    }
    this.#moveTo(next, manager, new Set(applied.keys()));
    return [];
  }

  update(manager: string, after: Paths): void {
    const changed = [...after.keys()].filter((path) => !this.paths.has(path) || this.#differs(path, after));
    const own = [...(this.owners.get(manager) ?? [])].filter((path) => after.has(path));
    this.#moveTo(after, manager, new Set([...own, ...changed]));
  }

  /** Others lose what is not there any more, or not as it was. */
  #moveTo(after: Paths, manager: string, own: ReadonlySet<string>): void {
    const isKept = (path: string) => after.has(path) && this.paths.has(path) && !this.#differs(path, after);
    const owners = new Map<string, ReadonlySet<string>>();
    for (const [owner, owned] of this.owners) owners.set(owner, new Set([...owned].filter(isKept)));
    owners.set(manager, own);
    this.owners = owners;
    this.paths = after;
  }

  #differs(path: string, after: Paths): boolean {
    return this.paths.has(path) && !isSame(this.paths.get(path)!, after.get(path)!);
  }

  #isOwnedByOthers(path: string, manager: string): boolean {
    return [...this.owners].some(([owner, owned]) => owner !== manager && owned.has(path));
  }
}

/** With all below it, and with the marks around it that are left empty by that. */
function remove(paths: Map<string, unknown>, path: string): void {
  const size = paths.size;
  for (const other of paths.keys()) if (isWithin(other, path)) paths.delete(other);
  const end = path.lastIndexOf('\n');
  if (paths.size === size || end < 0) return;
  const outer = path.slice(0, end);
  const isLeft = [...paths.keys()].some((other) => other !== outer && isWithin(other, outer));
  if (!isLeft) remove(paths, outer);
}

/** `path` itself, or below it. */
function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}\n`);
}
