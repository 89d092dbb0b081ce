/** Strings, counted in code points. @see cel-go ext/strings.go */
import { CelError } from '../cel-error.ts';
import { define, type Overload, scanning, sizeOf, sumOfSizes } from '../overload.ts';
import type { CelValue } from '../value.ts';
import { textLength } from './conversions.ts';
import { formatText } from './format-text.ts';

/** The text as code points; a plain string where every unit is one. */
function toPoints(text: string): string | string[] {
  return textLength(text) === text.length ? text : Array.from(text);
}

function cut(points: string | string[], start: number, end?: number): string {
  return typeof points === 'string' ? points.slice(start, end) : points.slice(start, end).join('');
}

function checkIndex(index: bigint, length: number): number {
  const at = Number(index);
  if (at < 0 || at > length) throw new CelError(`index out of range: ${at}`);
  return at;
}

function charAt(text: string, index: bigint): string {
  const points = toPoints(text);
  const at = checkIndex(index, points.length);
  return points[at] ?? '';
}

function substring(text: string, start: bigint, end?: bigint): string {
  const points = toPoints(text);
  const from = checkIndex(start, points.length);
  const to = end === undefined ? points.length : checkIndex(end, points.length);
  if (from > to) throw new CelError(`invalid substring range. start: ${from}, end: ${to}`);
  return cut(points, from, to);
}

/** In code points, of a place in units. */
function toPointIndex(text: string, unit: number): bigint {
  return BigInt(unit < 0 ? -1 : textLength(text.slice(0, unit)));
}

function indexOf(text: string, part: string, from = 0n): bigint {
  const points = toPoints(text);
  const start = checkIndex(from, points.length);
  if (part === '') return from;
  return toPointIndex(text, text.indexOf(part, cut(points, 0, start).length));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const points = toPoints(text);
  const start = from === undefined ? points.length : checkIndex(from, points.length);
  if (part === '') return BigInt(start);
  return toPointIndex(text, text.lastIndexOf(part, cut(points, 0, start).length));
}

function replace(text: string, old: string, by: string, limit = -1n): string {
  if (limit < 0n) return text.replaceAll(old, () => by);
  let left = Number(limit);
  return text.replaceAll(old, (found) => (left-- > 0 ? by : found));
}

function split(text: string, separator: string, limit = -1n): string[] {
  if (limit === 0n) return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  const count = Number(limit);
  if (limit < 0n || parts.length <= count) return parts;
  return [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}

/** What a replacement makes, at most. */
const replacing = {
  work(text: string, old: string, by: string): number {
    const found = old === '' ? text.length + 1 : (text.length - text.replaceAll(old, '').length) / old.length;
    return text.length + found * by.length;
  },
  estimate: (text: number, _old: number, by: number) =>
    Math.min(text * Math.max(1, by), Number.MAX_SAFE_INTEGER),
};

const joining = {
  work: (list: readonly CelValue[], separator: CelValue = '') =>
    list.reduce<number>((sum, item) => sum + sizeOf(item) + sizeOf(separator), 0),
};

function join(list: readonly CelValue[], separator = ''): string {
  const texts = list.filter((item) => typeof item === 'string');
  if (texts.length < list.length) throw new CelError('no such overload');
  return texts.join(separator);
}

const lowerAscii = (text: string) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase());
const upperAscii = (text: string) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase());

export function quote(text: string): string {
  const escaped: Readonly<Record<string, string>> = {
    '\x07': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
    '\\': '\\\\',
    '"': '\\"',
  };
  return `"${Array.from(text, (character) => escaped[character] ?? character).join('')}"`;
}

export const STRINGS: readonly Overload[] = [
  scanning('string.contains(string): bool', (text: string, part: string) => text.includes(part)),
  define('string.startsWith(string): bool', (text: string, part: string) => text.startsWith(part), {
    work: (_text: string, part: string) => part.length,
    estimate: (_text, part) => part,
  }),
  define('string.endsWith(string): bool', (text: string, part: string) => text.endsWith(part), {
    work: (_text: string, part: string) => part.length,
    estimate: (_text, part) => part,
  }),
  scanning('string.charAt(int): string', charAt),
  scanning('string.indexOf(string): int', (text: string, part: string) => indexOf(text, part)),
  scanning('string.indexOf(string, int): int', indexOf),
  scanning('string.lastIndexOf(string): int', (text: string, part: string) => lastIndexOf(text, part)),
  scanning('string.lastIndexOf(string, int): int', lastIndexOf),
  scanning('string.lowerAscii(): string', lowerAscii),
  scanning('string.upperAscii(): string', upperAscii),
  scanning('string.trim(): string', (text: string) => text.trim()),
  scanning('string.substring(int): string', (text: string, start: bigint) => substring(text, start)),
  scanning('string.substring(int, int): string', substring),
  define(
    'string.replace(string, string): string',
    ((text: string, old: string, by: string) => replace(text, old, by)) as never,
    replacing,
  ),
  define('string.replace(string, string, int): string', replace as never, replacing),
  scanning('string.split(string): list<string>', (text: string, separator: string) => split(text, separator)),
  scanning('string.split(string, int): list<string>', split),
  define('list<string>.join(): string', (list: readonly CelValue[]) => join(list), joining),
  define('list<string>.join(string): string', join as never, joining),
  define('string.format(list<dyn>): string', formatText as never, {
    work: (text: string, args: readonly CelValue[]) => text.length * (1 + args.length) + sumOfSizes(...args),
  }),
  scanning('strings.quote(string): string', quote),
];
