/**
 * The types of expressions. Strings, lists and maps may carry how large they can be at most: what an expression may cost is
 * estimated from that; types are the same type whatever their sizes.
 */
export type CelType =
  | { kind: Simple }
  | { kind: 'string' | 'bytes'; max?: number }
  /** Of any type. A variable that is declared so is shown as `any`. */
  | { kind: 'dyn'; max?: number; name?: 'any' }
  | { kind: 'list'; item: CelType; max?: number }
  | { kind: 'map'; key: CelType; value: CelType; max?: number }
  | { kind: 'optional'; item: CelType }
  | ObjectType
  /** A library's own type: `net.IP`. */
  | { kind: 'opaque'; name: string }
  /** Stands for any one type within a signature. */
  | { kind: 'param'; name: string };

type Simple = 'null' | 'bool' | 'int' | 'uint' | 'double' | 'timestamp' | 'duration' | 'type';

/** Has the fields that it says and no others. */
export interface ObjectType {
  kind: 'object';
  name: string;
  field(name: string): CelType | undefined;
}

export const DYN: CelType = { kind: 'dyn' };
export const BOOL: CelType = { kind: 'bool' };
export const INT: CelType = { kind: 'int' };
export const STRING: CelType = { kind: 'string' };

/** Without a stated size, what fits into a request. @see apiserver/pkg/cel/limits.go */
export const SIZE_MAX = 3 * 1024 * 1024;

/** The most characters, items or entries that a value of `type` has; 1 for what has no size. */
export function maxSizeOf(type: CelType): number {
  if (type.kind === 'optional') return maxSizeOf(type.item);
  if (type.kind === 'dyn') return type.max ?? SIZE_MAX;
  return isSized(type) ? (type.max ?? SIZE_MAX) : 1;
}

type Sized = CelType & { kind: 'string' | 'bytes' | 'list' | 'map' };

function isSized(type: CelType): type is Sized {
  return type.kind === 'string' || type.kind === 'bytes' || type.kind === 'list' || type.kind === 'map';
}

export function withMaxSize(type: CelType, max: number): CelType {
  return isSized(type) ? { ...type, max: Math.min(max, SIZE_MAX) } : type;
}

const SHOWN: Readonly<Record<string, string>> = {
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
};

/** As cel-go writes it: `list(map(string, int))`. */
export function showType(type: CelType): string {
  if (type.kind === 'list') return `list(${showType(type.item)})`;
  if (type.kind === 'map') return `map(${showType(type.key)}, ${showType(type.value)})`;
  if (type.kind === 'optional') return `optional_type(${showType(type.item)})`;
  if (type.kind === 'object' || type.kind === 'opaque' || type.kind === 'param') return type.name;
  if (type.kind === 'dyn') return type.name ?? 'dyn';
  return SHOWN[type.kind] ?? type.kind;
}

/** Of the items of an empty literal: whatever they are next to. */
export const UNKNOWN: CelType = { kind: 'param', name: '_' };

/** What the parameters of one signature stand for. */
export type TypeBindings = Map<string, CelType>;

/** Whether a value of `actual` may be given where `wanted` is asked for; binds the parameters of `wanted`. */
export function fits(wanted: CelType, actual: CelType, bindings: TypeBindings): boolean {
  if (wanted.kind === 'param') {
    if (wanted === UNKNOWN) return true;
    const bound = bindings.get(wanted.name);
    if (bound === undefined || bound === UNKNOWN) {
      bindings.set(wanted.name, actual);
      return true;
    }
    if (bound.kind === 'dyn' || !fits(bound, actual, bindings)) return bound.kind === 'dyn';
    if (actual.kind === 'dyn') bindings.set(wanted.name, actual);
    return true;
  }
  if (wanted.kind === 'dyn' || actual.kind === 'dyn' || actual.kind === 'param') return true;
  if (isNullable(wanted) && actual.kind === 'null') return true;
  if (wanted.kind !== actual.kind) return false;
  return partsFit(wanted, actual, bindings);
}

function partsFit(wanted: CelType, actual: CelType, bindings: TypeBindings): boolean {
  if (wanted.kind === 'list' && actual.kind === 'list') return fits(wanted.item, actual.item, bindings);
  if (wanted.kind === 'optional' && actual.kind === 'optional')
    return fits(wanted.item, actual.item, bindings);
  if (wanted.kind === 'map' && actual.kind === 'map') {
    return fits(wanted.key, actual.key, bindings) && fits(wanted.value, actual.value, bindings);
  }
  const isNamed = wanted.kind === 'opaque' || wanted.kind === 'object';
  return isNamed ? wanted.name === (actual as { name: string }).name : true;
}

function isNullable({ kind }: CelType): boolean {
  return kind === 'object' || kind === 'timestamp' || kind === 'duration' || kind === 'opaque';
}

/** `type` with its parameters replaced; what is bound to nothing is dynamic. */
export function substitute(type: CelType, bindings: TypeBindings): CelType {
  if (type === UNKNOWN) return type;
  if (type.kind === 'param') return bindings.get(type.name) ?? DYN;
  if (type.kind === 'list' || type.kind === 'optional')
    return { ...type, item: substitute(type.item, bindings) };
  if (type.kind !== 'map') return type;
  return { ...type, key: substitute(type.key, bindings), value: substitute(type.value, bindings) };
}

/** The one type of both, or dynamic. */
export function joinTypes(a: CelType, b: CelType): CelType {
  if (a.kind === 'param') return b;
  if (b.kind === 'param') return a;
  if (a.kind === 'dyn' || b.kind === 'dyn') return DYN;
  const isSame = fits(a, b, new Map()) && fits(b, a, new Map());
  if (!isSame) return a.kind === 'null' ? b : b.kind === 'null' && isNullable(a) ? a : DYN;
  return withMaxSize(a, Math.max(maxSizeOf(a), maxSizeOf(b)));
}
