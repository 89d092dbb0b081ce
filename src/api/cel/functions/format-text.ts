/** `"%s has %d".format([a, b])`. @see cel-go ext/formatting_v2.go */
import { CelError } from '../cel-error.ts';
import {
  CelDuration,
  CelMap,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  type CelValue,
  isList,
  runtimeTypeName,
} from '../value.ts';
import { formatDouble } from './conversions.ts';
import { formatDuration, formatTimestamp } from './time-text.ts';

const CLAUSE = /%(?:(%)|(?:\.(\d{1,3}))?([a-zA-Z]))|%/g;
const DEFAULT_PRECISION = 6;
const PRECISION_MAX = 100;

/** @throws CelError */
export function formatText(text: string, args: readonly CelValue[]): string {
  let next = 0;
  const formatted = text.replaceAll(CLAUSE, (clause, percent?: string, precision?: string, verb?: string) => {
    if (percent !== undefined) return '%';
    if (verb === undefined)
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause`);
    const arg = args[next++];
    if (arg === undefined) throw new CelError(`index ${next - 1} out of range`);
    return formatClause(verb, arg, precision === undefined ? undefined : Number(precision)) ?? refuse(clause);
  });
  return formatted;
}

function refuse(clause: string): never {
  throw new CelError(
    `could not parse formatting clause: unrecognized formatting clause ${JSON.stringify(clause)}`,
  );
}

function formatClause(verb: string, arg: CelValue, precision = DEFAULT_PRECISION): string | undefined {
  if (precision > PRECISION_MAX) throw new CelError(`precision ${precision} is too large`);
  switch (verb) {
    case 's':
      return showValue(arg);
    case 'd':
      return formatInteger(arg, 10, 'decimal');
    case 'b':
      return typeof arg === 'boolean' ? String(Number(arg)) : formatInteger(arg, 2, 'binary');
    case 'o':
      return formatInteger(arg, 8, 'octal');
    case 'x':
      return formatHex(arg);
    case 'X':
      return formatHex(arg).toUpperCase();
    case 'f':
      return formatFraction(arg, (value) => value.toFixed(precision));
    case 'e':
      return formatFraction(arg, (value) => value.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2'));
    default:
      return undefined;
  }
}

function mismatch(arg: CelValue, what: string): CelError {
  return new CelError(
    `error during formatting: ${what} clause can only be used on numbers, was given ${runtimeTypeName(arg)}`,
  );
}

function formatInteger(arg: CelValue, radix: number, what: string): string {
  if (typeof arg === 'bigint') return arg.toString(radix);
  if (arg instanceof CelUint) return arg.value.toString(radix);
  if (typeof arg === 'number' && radix === 10) return formatDouble(arg);
  throw mismatch(arg, what);
}

function formatHex(arg: CelValue): string {
  if (typeof arg === 'string') return formatHex(new TextEncoder().encode(arg));
  if (arg instanceof Uint8Array)
    return Array.from(arg, (octet) => octet.toString(16).padStart(2, '0')).join('');
  return formatInteger(arg, 16, 'hex');
}

function formatFraction(arg: CelValue, format: (value: number) => string): string {
  const value = arg instanceof CelUint ? Number(arg.value) : typeof arg === 'bigint' ? Number(arg) : arg;
  if (typeof value !== 'number') throw mismatch(arg, 'fixed-point');
  if (Number.isFinite(value)) return format(value);
  return Number.isNaN(value) ? 'NaN' : value < 0 ? '-Infinity' : 'Infinity';
}

/** Maps in the order of their keys. */
function showValue(value: CelValue): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (typeof value === 'number') return formatDouble(value);
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(showValue).join(', ')}]`;
  if (value instanceof CelMap) {
    const entries = value.keys().map((key) => `${showValue(key)}: ${showValue(value.get(key)!)}`);
    return `{${entries.sort().join(', ')}}`;
  }
  return showObject(value);
}

function showObject(value: object): string {
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelDuration) return formatDuration(value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof CelTypeValue) return value.name;
  throw new CelError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${runtimeTypeName(value as CelValue)}`,
  );
}
