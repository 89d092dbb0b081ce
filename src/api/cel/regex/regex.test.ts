/** The engine against JavaScript's own where both mean the same, and where that would never end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSeededRandom } from '../../../simulation/sim-random.ts';
import { CelError } from '../cel-error.ts';
import { compileRegex } from './regex.ts';

const SAMPLES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['^a+b*$', ['a', 'aab'], ['', 'b', 'ba']],
  ['(?i)hello', ['HeLLo', 'say hello'], ['helo']],
  ['^\\d{3}-\\d{4}$', ['555-1234'], ['5555-1234', '٣٣٣-٤٤٤٤']],
  ['\\bword\\b', ['a word.'], ['swords']],
  ['(?m)^b$', ['a\nb\nc'], ['abc']],
  ['(?s)a.b', ['a\nb'], ['ab']],
  ['a.b', ['axb'], ['a\nb']],
  ['^[[:alpha:]_][\\w-]*$', ['_a-1', 'x'], ['1a', '']],
  ['[^a-c]', ['d'], ['abc', '']],
  ['^(?:a|ab)(?:c|bcd)$', ['abcd', 'ac', 'abc'], ['abd']],
  ['^\\p{Greek}+$', ['αβγ'], ['abc']],
  ['^\\Qa.b\\E$', ['a.b'], ['axb']],
  ['^x{2,3}$', ['xx', 'xxx'], ['x', 'xxxx']],
  ['^(?P<name>a)\\z', ['a'], ['ab']],
  ['^😀?.$', ['😀', '😀a'], ['ab']],
  ['[]a]', [']', 'a'], ['b']],
  ['^\\x{1F600}\\x41$', ['😀A'], ['A']],
];

test('Regex matches as RE2 does', () => {
  for (const [pattern, matching, others] of SAMPLES) {
    for (const text of matching) assert.ok(compileRegex(pattern).test(text), `${pattern} on ${text}`);
    for (const text of others) assert.ok(!compileRegex(pattern).test(text), `${pattern} not on ${text}`);
  }
});

test('Regex refuses what RE2 refuses', () => {
  for (const pattern of [
    '(',
    ')',
    '[a',
    'a**',
    '*',
    '(?=a)',
    '(?<!a)',
    '\\1',
    'a{1001}',
    '\\',
    '[z-a]',
    '\\8',
    '(?P<a',
    '(a{1000}){1000}',
    '('.repeat(5000),
  ]) {
    assert.throws(
      () => compileRegex(pattern),
      (error) => error instanceof CelError && error.message.startsWith('error parsing regexp: '),
      pattern,
    );
  }
});

test('Regex is not slow where backtracking is', () => {
  const text = `${'a'.repeat(5000)}!`;
  for (const pattern of ['^(a+)+$', '^(a|a)*$', '^(a*)*b', '(.*)(.*)(.*)(.*)(.*)c']) {
    const start = performance.now();
    assert.equal(compileRegex(pattern).test(text), false);
    assert.ok(performance.now() - start < 1000, pattern);
  }
});

test('Regex agrees with the engine of the language on random patterns', () => {
  const random = newSeededRandom(7);
  const integer = (low: number, high: number) => low + Math.floor(random.next() * (high - low + 1));
  const pick = (from: readonly string[]) => from[integer(0, from.length - 1)]!;
  const atom = (depth: number): string =>
    depth > 2 || integer(0, 2) > 0
      ? pick(['a', 'b', 'c', '.', '[ab]', '[^a]', '\\w', '^', '$', '\\b'])
      : `(?:${alternatives(depth + 1)})`;
  const part = (depth: number) => {
    const one = atom(depth);
    return /^[\^$]|^\\b$/.test(one) ? one : one + pick(['', '', '*', '+', '?', '{1,2}', '*?', '+?']);
  };
  const alternatives = (depth: number): string =>
    Array.from({ length: integer(1, 2) }, () =>
      Array.from({ length: integer(1, 3) }, () => part(depth)).join(''),
    ).join('|');
  for (let round = 0; round < 1500; round++) {
    const pattern = alternatives(0);
    const text = Array.from({ length: integer(0, 8) }, () => pick(['a', 'b', 'c', ' ', '\n'])).join('');
    const expected = new RegExp(pattern, 'u').exec(text)?.index;
    // Where it ends may differ: for JavaScript an empty round of a loop is none.
    assert.equal(compileRegex(pattern).find(text)?.start, expected, `${pattern} on ${JSON.stringify(text)}`);
  }
});
