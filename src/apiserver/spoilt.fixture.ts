/** Values that went wrong on their way. */
import type { JsonValue } from '../api/json.ts';
import { pick, type Stream } from '../base/seeds.fixture.ts';

/** What stands where something else belongs. */
const STRANGE: readonly JsonValue[] = [
  null,
  '',
  [],
  {},
  0,
  -1,
  1e308,
  2 ** 53,
  0.5,
  true,
  'x'.repeat(300),
  '\0',
  '\ud800',
  '../..',
  'a/b/c',
  '__proto__',
  'constructor',
  '*',
  '%',
  '[',
  '1e999999',
  '9999-99-99T99:99:99Z',
  '-1',
  [null],
  [{}],
  { '': '' },
  { constructor: {} },
];

/** A copy of `value` in which, here and there, something is gone, doubled, or strange. */
export function spoilt(value: JsonValue, next: Stream, rate: number): JsonValue {
  if (next() < rate) return structuredClone(pick(next, STRANGE));
  if (Array.isArray(value)) return spoiltList(value, next, rate);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(() => next() >= rate * 2);
  return Object.fromEntries(fields.map(([name, item]) => [name, spoilt(item, next, rate)]));
}

function spoiltList(list: readonly JsonValue[], next: Stream, rate: number): JsonValue[] {
  const items = list.map((item) => spoilt(item, next, rate));
  return next() < rate && items[0] !== undefined ? [...items, structuredClone(items[0])] : items;
}
