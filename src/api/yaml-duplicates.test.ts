import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duplicateYamlKeys } from './yaml-duplicates.ts';

const cases: [text: string, found: string[]][] = [
  ['a: 1\nb: {a: 1}\n', []],
  ['a: 1\nb: 2\na: 3\n', ['line 3: key "a" already set in map']],
  ['\nspec:\n  foo: a\n  foo: b\n', ['line 4: key "foo" already set in map']],
  ['l:\n- a: 1\n- a: 1\n  b: [a, a]\n  "a": 2\n', ['line 5: key "a" already set in map']],
  [
    'a: {x: 1}\nb: {x: 1, x: 2}\na: 1\n',
    ['line 2: key "x" already set in map', 'line 3: key "a" already set in map'],
  ],
  ['a: &x 1\nb: *x\nc: *x\n', []],
  ['? [a, a]\n: 1\nb: 1\n', []],
];

for (const [text, found] of cases)
  test(`duplicateYamlKeys of ${JSON.stringify(text)}`, () =>
    assert.deepEqual(duplicateYamlKeys(text), found));
