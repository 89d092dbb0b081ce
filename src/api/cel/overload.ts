/** Functions as data: a signature in a line, and what it does. Operators are functions: `_+_`. */
import type { CelType } from './cel-type.ts';
import type { CelValue } from './value.ts';

export interface Overload {
  readonly name: string;
  /** Called as `a.f(b)`: the first parameter stands in front. */
  readonly isMember: boolean;
  readonly params: readonly CelType[];
  readonly result: CelType;
  readonly call: (...args: never[]) => CelValue;
  /** How many characters, octets or items a call goes through or makes; counted before it runs. */
  readonly work: (...args: never[]) => number;
  /** The same for values of the largest size. Absent: the sum of the arguments. */
  readonly estimate: ((...sizes: number[]) => number) | undefined;
}

interface OverloadCosts {
  work?: (...args: never[]) => number;
  estimate?: (...sizes: number[]) => number;
}

const NO_WORK = () => 0;

/** Keeps no track of its own: what it goes through is counted by nobody. For functions of constant cost. */
export function fn(signature: string, call: (...args: never[]) => CelValue): Overload {
  return define(signature, call, { work: NO_WORK, estimate: NO_WORK });
}

/** Goes once through all of its arguments that have a size. */
export function scanning(signature: string, call: (...args: never[]) => CelValue): Overload {
  return define(signature, call, { work: sumOfSizes as never });
}

/** @param signature  `list<string>.join(string): string` for a member, `_+_(int, int): int` for an operator */
export function define(
  signature: string,
  call: (...args: never[]) => CelValue,
  costs: OverloadCosts,
): Overload {
  const open = signature.indexOf('(');
  const close = signature.lastIndexOf('): ');
  const head = signature.slice(0, open);
  const dot = NAMESPACES.some((namespace) => head.startsWith(namespace)) ? -1 : head.lastIndexOf('.');
  const receiver = dot < 0 ? undefined : parseType(head.slice(0, dot));
  const params = splitTypes(signature.slice(open + 1, close)).map(parseType);
  return {
    name: head.slice(dot + 1),
    isMember: receiver !== undefined,
    params: receiver === undefined ? params : [receiver, ...params],
    result: parseType(signature.slice(close + 3)),
    call,
    work: costs.work ?? NO_WORK,
    estimate: costs.estimate,
  };
}

export function sumOfSizes(...args: readonly CelValue[]): number {
  let sum = 0;
  for (const arg of args) sum += sizeOf(arg);
  return sum;
}

export function sizeOf(value: CelValue): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.length;
  return value instanceof Uint8Array ? value.length : 0;
}

/** What stands before the dot of a function that is no member: `sets.contains(list<T>, list<T>): bool`. */
const NAMESPACES = ['sets.', 'optional.', 'strings.', 'ip.', 'format.', 'jsonpatch.'];

const NAMED: Readonly<Record<string, CelType['kind']>> = {
  dyn: 'dyn',
  null: 'null',
  bool: 'bool',
  int: 'int',
  uint: 'uint',
  double: 'double',
  string: 'string',
  bytes: 'bytes',
  timestamp: 'timestamp',
  duration: 'duration',
  type: 'type',
};

export function parseType(text: string): CelType {
  const simple = NAMED[text];
  if (simple !== undefined) return { kind: simple } as CelType;
  if (/^[A-Z]$/.test(text)) return { kind: 'param', name: text };
  const generic = /^(list|map|optional)<(.+)>$/.exec(text);
  if (generic === null) return { kind: 'opaque', name: text };
  const [first, second] = splitTypes(generic[2]!).map(parseType);
  if (generic[1] === 'map') return { kind: 'map', key: first!, value: second! };
  return { kind: generic[1] as 'list' | 'optional', item: first! };
}

/** At the commas that no bracket encloses. */
function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '<') depth++;
    else if (text[at] === '>') depth--;
    else if (text[at] === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === '' ? parts : [...parts, last];
}
