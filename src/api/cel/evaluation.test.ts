/** Expressions of every function and operator on values of every kind: a value, or an error of the language; never a crash. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import type { JsonValue } from '../json.ts';
import { CelBudget } from './budget.ts';
import { CelCompileError, CelCostError, CelError } from './cel-error.ts';
import { type CelType, DYN, INT, STRING } from './cel-type.ts';
import { CelEnvironment } from './environment.ts';
import { STANDARD_FUNCTIONS } from './functions/standard.ts';
import { toDynamicValue } from './json-value.ts';
import type { CelValue } from './value.ts';

const LITERALS = [
  'null',
  'true',
  '0',
  '-1',
  '9223372036854775807',
  '2u',
  '1.5',
  '-0.0',
  '""',
  '"a"',
  '"😀b"',
  '"2024-02-29T00:00:00Z"',
  '"1h"',
  '"(a+)+"',
  '"%s %d %x %f"',
  'b"\\xff"',
  '[]',
  '[1, 2]',
  '["a", "b"]',
  '[[1]]',
  '{}',
  '{"a": 1}',
  'x',
  'x.a',
  'x.l',
  'x.m',
  'x.s',
  'n',
  's',
  'l',
  'timestamp("2024-02-29T00:00:00Z")',
  'duration("1h")',
  'optional.of(1)',
  'optional.none()',
  'x.?a',
  'quantity("1Gi")',
  'ip("::1")',
  'cidr("10.0.0.0/8")',
  'semver("1.2.3")',
  'url("https://a/")',
  'int',
  'dyn(1)',
  'dyn("a")',
]; // prettier-ignore
const OPERATORS = ['+', '-', '*', '/', '%', '<', '<=', '==', '!=', ' in ', '&&', '||'];
const MACROS = ['all', 'exists', 'exists_one', 'map', 'filter'];

const JSON_VALUES: readonly JsonValue[] = [
  null,
  true,
  0,
  1.5,
  2 ** 53,
  1e308,
  '',
  'text',
  [],
  [1, 'a', null, 1.5],
  [null],
  ['a', 'b'],
  [{ a: null }],
  {},
  { a: { b: null } },
]; // prettier-ignore

test('CelProgram.evaluate yields a value or an error of the language, whatever it is given', () => {
  const random = newSeededRandom(11);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.next() * from.length)]!;
  const list: CelType = { kind: 'list', item: INT };
  // Values need not be of the declared types: a definition may have changed since they were stored.
  const environment = new CelEnvironment({ x: DYN, n: INT, s: STRING, l: list });
  const value = (): CelValue => toDynamicValue(pick(JSON_VALUES));
  const expression = (depth: number): string => {
    if (depth === 0 || random.next() < 0.2) return pick(LITERALS);
    const inner = () => expression(depth - 1);
    const kind = random.next();
    if (kind < 0.25) return `(${inner()}${pick(OPERATORS)}${inner()})`;
    if (kind < 0.35) return `${inner()}.${pick(MACROS)}(v, ${inner()})`;
    if (kind < 0.4) return `(${inner()} ? ${inner()} : ${inner()})`;
    if (kind < 0.45) return `${inner()}[${inner()}]`;
    const { name, isMember, params } = pick(STANDARD_FUNCTIONS);
    if (!/^[A-Za-z.]+$/.test(name)) return inner();
    const args = params.map(inner);
    return isMember ? `${args[0]}.${name}(${args.slice(1).join(', ')})` : `${name}(${args.join(', ')})`;
  };
  let evaluated = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = expression(3);
    try {
      const program = environment.compile(text);
      const x = toDynamicValue({
        a: pick(JSON_VALUES),
        l: pick(JSON_VALUES),
        m: pick(JSON_VALUES),
        s: pick(JSON_VALUES),
      });
      program.evaluate([x, value(), value(), value()], new CelBudget(100_000));
      evaluated++;
    } catch (error) {
      const isExpected =
        error instanceof CelError || error instanceof CelCompileError || error instanceof CelCostError;
      assert.ok(isExpected, `${text}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  assert.ok(evaluated > 1000, String(evaluated));
});
