/** The parser against what nobody would write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import { CelCompileError } from './cel-error.ts';
import { DYN } from './cel-type.ts';
import { CelEnvironment } from './environment.ts';
import { parseExpression } from './parser.ts';

const PIECES = [
  'self',
  'a',
  '.',
  '.?',
  '[',
  '[?',
  ']',
  '(',
  ')',
  '{',
  '}',
  ',',
  ':',
  '?',
  '!',
  '-',
  '+',
  '*',
  '/',
  '%',
  '==',
  '!=',
  '<',
  '>=',
  '&&',
  '||',
  ' in ',
  '1',
  '2u',
  '0x',
  '1.5',
  '1e',
  '"x"',
  "'",
  '"""',
  'b"',
  "r'\\",
  '\\',
  '`',
  '//',
  '\n',
  'true',
  'null',
  'has(',
  '.all(',
  'x, ',
  '.map(',
  '.optMap(',
  'type(',
  '"%s".format(',
  '.matches("',
  '\u0000',
  '😀',
  '\ud800',
  'é',
]; // prettier-ignore

test('parseExpression answers any text with an expression or a compile error', () => {
  const random = newSeededRandom(20_261_121);
  const integer = (low: number, high: number) => low + Math.floor(random.next() * (high - low + 1));
  const environment = new CelEnvironment({ self: DYN });
  for (let round = 0; round < 5000; round++) {
    const length = integer(1, 24);
    const text = Array.from({ length }, () => PIECES[integer(0, PIECES.length - 1)]).join('');
    try {
      environment.compile(text);
    } catch (error) {
      assert.ok(error instanceof CelCompileError, `${JSON.stringify(text)}: ${String(error)}`);
    }
  }
});

test('parseExpression bounds depth and length', () => {
  const many = 100_000;
  for (const text of [
    '('.repeat(many),
    '['.repeat(many),
    '!'.repeat(many),
    '-'.repeat(many),
    'a.'.repeat(many / 2),
    'a?'.repeat(many / 2),
  ]) {
    assert.throws(() => parseExpression(text), CelCompileError);
  }
  assert.throws(() => parseExpression(`a${'.b'.repeat(1000)}`), /recursion limit exceeded/);
  assert.throws(() => parseExpression(`1${' + 1'.repeat(1000)}`), /recursion limit exceeded/);
  assert.equal(parseExpression(`true${' || true'.repeat(1000)}`).kind, 'logic');
  assert.throws(() => parseExpression(`"${'a'.repeat(many)}"`), /expression code point size exceeds limit/);
});
