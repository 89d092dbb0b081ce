/** Conversions between types, `size` and `type`. @see cel-spec, doc/langdef.md; cel-go common/stdlib */
import { CelError } from '../cel-error.ts';
import { define, fn, type Overload, scanning } from '../overload.ts';
import {
  type CelDuration,
  type CelMap,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  type CelValue,
  checkInt,
  runtimeTypeName,
} from '../value.ts';
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from './time-text.ts';

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];
const SECOND = 1_000_000_000n;
const INT_BOUND = 2 ** 63;

/** In code points. */
export function textLength(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) length--;
  }
  return length;
}

const SIZES: readonly Overload[] = [
  ['string', textLength],
  ['bytes', (value: Uint8Array) => value.length],
  ['list<T>', (value: readonly CelValue[]) => value.length],
  ['map<K, V>', (value: CelMap) => value.size],
].flatMap(([type, measure]) => {
  const call = (value: CelValue) => BigInt((measure as (value: CelValue) => number)(value));
  const make = (signature: string, size: (value: never) => CelValue) =>
    type === 'string'
      ? define(signature, size, { work: textLength, estimate: () => 0 })
      : fn(signature, size);
  return [
    make(`size(${type as string}): int`, call as never),
    make(`${type as string}.size(): int`, call as never),
  ];
});

function parseInteger(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw conversionError(text, 'int');
  return checkInt(BigInt(text.replace('+', '')), conversionError(text, 'int').message);
}

function conversionError(text: string, type: string): CelError {
  return new CelError(`type conversion error from 'string' to '${type}': ${JSON.stringify(text)}`);
}

function fromDouble(value: number): bigint {
  if (!(value > -INT_BOUND && value < INT_BOUND)) {
    throw new CelError('integer overflow');
  }
  return BigInt(Math.trunc(value));
}

function parseDouble(text: string): number {
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) throw conversionError(text, 'double');
  return Number(text);
}

/** As Go's `%g` with the shortest digits: an exponent below 1e-4 and from 1e21 on. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Inf' : '+Inf';
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e21)) return String(value);
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

const NUMBERS: readonly Overload[] = [
  fn('int(int): int', (value: bigint) => value),
  fn('int(uint): int', ({ value }: CelUint) => checkInt(value)),
  fn('int(double): int', fromDouble),
  fn('int(string): int', parseInteger),
  fn('int(timestamp): int', ({ nanos }: CelTimestamp) => floorDivide(nanos, SECOND)),
  fn('int(duration): int', ({ nanos }: CelDuration) => nanos),
  fn('uint(uint): uint', (value: CelUint) => value),
  fn('uint(int): uint', (value: bigint) => new CelUint(value)),
  fn('uint(double): uint', (value: number) => {
    if (!(value >= 0 && value < 2 * INT_BOUND)) throw new CelError('unsigned integer overflow');
    return new CelUint(BigInt(Math.trunc(value)));
  }),
  fn('uint(string): uint', (text: string) => {
    if (!/^\d+$/.test(text)) throw conversionError(text, 'uint');
    return new CelUint(BigInt(text));
  }),
  fn('double(double): double', (value: number) => value),
  fn('double(int): double', (value: bigint) => Number(value)),
  fn('double(uint): double', ({ value }: CelUint) => Number(value)),
  fn('double(string): double', parseDouble),
];

export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by !== 0n && value < 0n ? quotient - 1n : quotient;
}

const OTHERS: readonly Overload[] = [
  fn('bool(bool): bool', (value: boolean) => value),
  fn('bool(string): bool', (text: string) => {
    if (TRUE.includes(text)) return true;
    if (FALSE.includes(text)) return false;
    throw conversionError(text, 'bool');
  }),
  scanning('bytes(string): bytes', (text: string) => new TextEncoder().encode(text)),
  fn('bytes(bytes): bytes', (value: Uint8Array) => value),
  fn('string(string): string', (text: string) => text),
  fn('string(bool): string', (value: boolean) => String(value)),
  fn('string(int): string', (value: bigint) => String(value)),
  fn('string(uint): string', ({ value }: CelUint) => String(value)),
  fn('string(double): string', formatDouble),
  scanning('string(bytes): string', decodeText),
  fn('string(timestamp): string', formatTimestamp),
  fn('string(duration): string', formatDuration),
  fn('timestamp(string): timestamp', parseTimestamp),
  fn('timestamp(int): timestamp', (seconds: bigint) => new CelTimestamp(seconds * SECOND)),
  fn('timestamp(timestamp): timestamp', (value: CelTimestamp) => value),
  fn('duration(string): duration', parseDuration),
  fn('duration(duration): duration', (value: CelDuration) => value),
  fn('dyn(T): dyn', (value: CelValue) => value),
  fn('type(T): type', (value: CelValue) => new CelTypeValue(runtimeTypeName(value))),
];

function decodeText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  if (text.includes('\ufffd')) throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  return text;
}

export const CONVERSIONS: readonly Overload[] = [...SIZES, ...NUMBERS, ...OTHERS];
