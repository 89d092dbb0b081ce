/**
 * The values that expressions work with. `int` is a bigint, `double` a number; lists are arrays; maps and objects answer by key,
 * so that a JSON object is read where it stands and only as far as the expression looks.
 */
import { CelError } from './cel-error.ts';

export type CelValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | Uint8Array
  | CelUint
  | CelTimestamp
  | CelDuration
  | CelOptional
  | CelTypeValue
  | CelMap
  | CelOpaque
  | readonly CelValue[];

export class CelUint {
  readonly value: bigint;

  constructor(value: bigint) {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new CelError('unsigned integer overflow');
    this.value = value;
  }
}

/** Since 1970, in nanoseconds. */
export class CelTimestamp {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    if (nanos < TIMESTAMP_MIN || nanos > TIMESTAMP_MAX) throw new CelError('timestamp overflow');
    this.nanos = nanos;
  }
}

/** From the year 1 to 9999. */
const TIMESTAMP_MIN = -62_135_596_800n * 1_000_000_000n;
const TIMESTAMP_MAX = 253_402_300_800n * 1_000_000_000n - 1n;

export class CelDuration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = checkInt(nanos, 'duration overflow');
  }
}

export class CelOptional {
  readonly value: CelValue | undefined;

  constructor(value: CelValue | undefined) {
    this.value = value;
  }
}

export class CelTypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Maps of literals, JSON objects, and objects of a declared type. */
export abstract class CelMap {
  abstract get(key: CelValue): CelValue | undefined;
  abstract keys(): readonly CelValue[];
  get size(): number {
    return this.keys().length;
  }
}

/** A value of a library's own type: a quantity, an address. */
export abstract class CelOpaque {
  abstract readonly typeName: string;
  abstract equals(other: CelOpaque): boolean;
}

export class LiteralMap extends CelMap {
  readonly #entries = new Map<string, { key: CelValue; value: CelValue }>();

  /** @throws CelError for a key that is there already */
  add(key: CelValue, value: CelValue): void {
    const id = keyId(key);
    if (id === undefined) throw new CelError(`unsupported key type: ${runtimeTypeName(key)}`);
    if (this.#entries.has(id)) throw new CelError(`insert failed: key ${showKey(key)} already exists`);
    this.#entries.set(id, { key, value });
  }

  override get(key: CelValue): CelValue | undefined {
    const id = keyId(key);
    return id === undefined ? undefined : this.#entries.get(id)?.value;
  }

  override keys(): readonly CelValue[] {
    return Array.from(this.#entries.values(), ({ key }) => key);
  }

  override get size(): number {
    return this.#entries.size;
  }
}

/** Numbers of one value are one key, whatever their types. */
function keyId(key: CelValue): string | undefined {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof CelUint) return `n${key.value}`;
  return typeof key === 'number' && Number.isInteger(key) ? `n${BigInt(key)}` : undefined;
}

export function showKey(key: CelValue): string {
  if (typeof key !== 'object' || key === null) return String(key);
  return key instanceof CelUint ? String(key.value) : runtimeTypeName(key);
}

const INT_MIN = -(1n << 63n);
const INT_MAX = (1n << 63n) - 1n;

export function checkInt(value: bigint, problem = 'integer overflow'): bigint {
  if (value < INT_MIN || value > INT_MAX) throw new CelError(problem);
  return value;
}

export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value);
}

/** @see cel-go common/types TypeName */
export function runtimeTypeName(value: CelValue): string {
  if (value === null) return 'null_type';
  return typeof value === 'object' ? objectTypeName(value) : PRIMITIVE_NAMES[typeof value]!;
}

const PRIMITIVE_NAMES: Readonly<Record<string, string>> = {
  boolean: 'bool',
  string: 'string',
  number: 'double',
  bigint: 'int',
};

function objectTypeName(value: object): string {
  if (Array.isArray(value)) return 'list';
  if (value instanceof CelMap) return 'map';
  if (value instanceof CelUint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof CelTimestamp) return 'google.protobuf.Timestamp';
  if (value instanceof CelDuration) return 'google.protobuf.Duration';
  if (value instanceof CelOptional) return 'optional_type';
  if (value instanceof CelTypeValue) return 'type';
  return (value as CelOpaque).typeName;
}
