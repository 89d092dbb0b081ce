/**
 * A set of paths into an object: who owns what. A tree; a path is in the set when its last step is a member of its level.
 *
 *     { "f:spec": { "f:replicas": {}, "f:template": { ".": {}, … } } }     "." says that the level itself is a member, too
 *
 * Immutable to its users. @see sigs.k8s.io/structured-merge-diff/fieldpath, set.go
 */
import { StatusError } from '../../base/status-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { formatElement, isPathElement, type PathElement } from './path-element.ts';

export class FieldSet {
  /** Elements whose own path is in the set. */
  readonly members: ReadonlySet<PathElement>;
  /** Sets below elements; none of them is empty. */
  readonly children: ReadonlyMap<PathElement, FieldSet>;

  constructor(members: ReadonlySet<PathElement>, children: ReadonlyMap<PathElement, FieldSet>) {
    this.members = members;
    this.children = children;
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.children.size === 0;
  }

  has(path: readonly PathElement[]): boolean {
    const [first, ...rest] = path;
    if (first === undefined) return false;
    return rest.length === 0 ? this.members.has(first) : (this.children.get(first)?.has(rest) ?? false);
  }

  /** What the set holds below `element`. */
  below(element: PathElement): FieldSet {
    return this.children.get(element) ?? EMPTY_SET;
  }

  union(other: FieldSet): FieldSet {
    if (this === other || other.isEmpty) return this;
    if (this.isEmpty) return other;
    if (other.isWithin(this)) return this;
    const children = new Map(this.children);
    for (const [element, theirs] of other.children) children.set(element, this.below(element).union(theirs));
    return new FieldSet(new Set([...this.members, ...other.members]), children);
  }

  intersection(other: FieldSet): FieldSet {
    if (this === other || this.isEmpty) return this;
    if (other.isEmpty) return EMPTY_SET;
    return this.#filter(
      (element) => other.members.has(element),
      (child, element) => child.intersection(other.below(element)),
    );
  }

  /** Without the paths that are in `other`. */
  difference(other: FieldSet): FieldSet {
    if (this === other) return EMPTY_SET;
    if (other.isEmpty || this.isEmpty) return this;
    return this.#filter(
      (element) => !other.members.has(element),
      (child, element) => child.difference(other.below(element)),
    );
  }

  /** Without the paths that are in `other`, and without all that lies below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    if (other.isEmpty || this.isEmpty) return this;
    const isKept = (element: PathElement) => !other.members.has(element);
    return this.#filter(isKept, (child, element) =>
      isKept(element) ? child.recursiveDifference(other.below(element)) : EMPTY_SET,
    );
  }

  equals(other: FieldSet): boolean {
    if (this === other) return true;
    if (this.members.size !== other.members.size || this.children.size !== other.children.size) return false;
    for (const element of this.members) if (!other.members.has(element)) return false;
    for (const [element, child] of this.children) if (!child.equals(other.below(element))) return false;
    return true;
  }

  /** Whether `other` holds every path of this set. */
  isWithin(other: FieldSet): boolean {
    if (this === other) return true;
    for (const element of this.members) if (!other.members.has(element)) return false;
    for (const [element, child] of this.children) if (!child.isWithin(other.below(element))) return false;
    return true;
  }

  /** Every path of the set as conflicts name it, `.spec.replicas`, in order. */
  *paths(prefix = ''): Generator<string> {
    for (const element of [...new Set([...this.members, ...this.children.keys()])].sort()) {
      const path = prefix + formatElement(element);
      if (this.members.has(element)) yield path;
      yield* this.below(element).paths(path);
    }
  }

  /** Shares with this set whatever stays as it is. */
  #filter(
    isKept: (element: PathElement) => boolean,
    reduce: (child: FieldSet, element: PathElement) => FieldSet,
  ): FieldSet {
    const members = [...this.members].filter(isKept);
    const children: [PathElement, FieldSet][] = [];
    let isWhole = members.length === this.members.size;
    for (const [element, child] of this.children) {
      const rest = reduce(child, element);
      if (rest !== child) isWhole = false;
      if (!rest.isEmpty) children.push([element, rest]);
    }
    if (isWhole) return this;
    return members.length + children.length === 0
      ? EMPTY_SET
      : new FieldSet(new Set(members), new Map(children));
  }
}

export const EMPTY_SET = new FieldSet(new Set(), new Map());

/** Collects paths; {@link build} makes the set. */
export class FieldSetBuilder {
  readonly #members = new Set<PathElement>();
  readonly #children = new Map<PathElement, FieldSetBuilder>();

  add(element: PathElement): void {
    this.#members.add(element);
  }

  below(element: PathElement): FieldSetBuilder {
    const known = this.#children.get(element);
    if (known !== undefined) return known;
    const child = new FieldSetBuilder();
    this.#children.set(element, child);
    return child;
  }

  build(): FieldSet {
    const children = new Map<PathElement, FieldSet>();
    for (const [element, builder] of this.#children) {
      const child = builder.build();
      if (!child.isEmpty) children.set(element, child);
    }
    if (this.#members.size === 0 && children.size === 0) return EMPTY_SET;
    return new FieldSet(this.#members, children);
  }
}

/** The set of the given paths. */
export function fieldSetOf(...paths: readonly (readonly PathElement[])[]): FieldSet {
  const builder = new FieldSetBuilder();
  for (const path of paths) {
    let level = builder;
    for (const element of path.slice(0, -1)) level = level.below(element);
    const last = path.at(-1);
    if (last !== undefined) level.add(last);
  }
  return builder.build();
}

/** As `metadata.managedFields[].fieldsV1` holds it. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const fields: JsonObject = {};
  for (const element of [...new Set([...set.members, ...set.children.keys()])].sort()) {
    const child = set.children.get(element);
    if (child === undefined) fields[element] = {};
    else fields[element] = set.members.has(element) ? { '.': {}, ...toFieldsV1(child) } : toFieldsV1(child);
  }
  return fields;
}

/** @throws StatusError BadRequest when it is not a set of fields */
export function parseFieldsV1(fields: JsonValue): FieldSet {
  const members = new Set<PathElement>();
  const children = new Map<PathElement, FieldSet>();
  if (!isJsonObject(fields)) throw new StatusError('BadRequest', 'fieldsV1 must be an object');
  for (const [element, value] of Object.entries(fields)) {
    if (element === '.') continue;
    if (!isPathElement(element))
      throw new StatusError(
        'BadRequest',
        `fieldsV1 holds ${JSON.stringify(element)}, which is no path element`,
      );
    const child = parseFieldsV1(value);
    if (child.isEmpty || (isJsonObject(value) && '.' in value)) members.add(element);
    if (!child.isEmpty) children.set(element, child);
  }
  return new FieldSet(members, children);
}
