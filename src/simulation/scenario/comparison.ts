/** A number that is expected: `3`, `>= 4`, `<= 7`, `> 0`, `< 2`. */
import type { JsonValue } from '../../api/json.ts';
import { type Read, wrongType } from './read.ts';

export interface Comparison {
  text: string;
  holds(actual: number): boolean;
}

const OPERATORS: Readonly<Record<string, (actual: number, expected: number) => boolean>> = {
  '>=': (actual, expected) => actual >= expected,
  '<=': (actual, expected) => actual <= expected,
  '>': (actual, expected) => actual > expected,
  '<': (actual, expected) => actual < expected,
};

export const comparison: Read<Comparison> = (value: JsonValue, place: string) => {
  if (typeof value === 'number') return { text: String(value), holds: (actual) => actual === value };
  const match = typeof value === 'string' ? /^(>=|<=|>|<) *(-?\d+(?:\.\d+)?)$/.exec(value) : null;
  if (match === null) throw wrongType(value, place, 'a number, or a bound such as ">= 4"');
  const [, operator, bound] = match;
  const compare = OPERATORS[operator!]!;
  return { text: `${operator} ${bound}`, holds: (actual) => compare(actual, Number(bound)) };
};
