import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldComplaints } from './structural-duplicates.ts';

const cases: [text: string, paths: string[]][] = [
  ['{"a":1,"b":2}', []],
  ['{"a":1,"a":2}', ['a']],
  ['{"a":1,"a":2,"a":3}', ['a']],
  ['{ "a" : {"x":1} , "b" : {"x":1, "x" :2} }', ['b.x']],
  ['{"spec":{"containers":[{"name":"a"},{"name":"a","image":"b","name":"c"}]}}', ['spec.containers[1].name']],
  ['{"l":[[{"a":1}],[{"a":1},{"a":1,"a":2}]]}', ['l[1][1].a']],
  ['[{"a":1,"a":2}]', ['[0].a']],
  ['{"a\\u0062":1,"ab":2}', ['ab']],
  ['{"a\\"":1,"a\\\\":2,"a\\"":3}', ['a"']],
  ['{"a":"a\\"\\\\","b":"a","c":["a","a","x:","x"]}', []],
  ['{"":1,"":2}', ['']],
  ['{"a":{"b":{}},"c":{"b":1},"a":{"b":1,"b":2}}', ['a', 'a.b']],
];

function duplicateFields(text: string, limit: number): string[] {
  return fieldComplaints(text, [], limit).map(
    (complaint) => /^duplicate field "(.*)"$/s.exec(complaint)![1]!,
  );
}

for (const [text, paths] of cases) {
  test(`fieldComplaints finds ${JSON.stringify(paths)} in ${text}`, () => {
    assert.deepEqual(duplicateFields(text, 10), paths);
  });
}

test('fieldComplaints stops at its limit', () => {
  assert.deepEqual(duplicateFields('{"a":1,"a":1,"b":1,"b":1}', 1), ['a']);
});

test('fieldComplaints finds nothing in what JSON.stringify wrote', () => {
  fc.assert(
    fc.property(fc.json(), fc.boolean(), (text, isPretty) => {
      const rewritten = JSON.stringify(JSON.parse(text), undefined, isPretty ? 2 : undefined);
      assert.deepEqual(duplicateFields(rewritten, 10), []);
    }),
  );
});

test('fieldComplaints names unknown and duplicate fields in the order of the document', () => {
  const text = '{"z":1,"a":{"q":1,"q":2,"b":1},"b":1,"b":2,"z":2,"c":[{"y":1,"x":1,"x":2}]}';
  assert.deepEqual(fieldComplaints(text, ['elsewhere', 'a', 'c[0].y', 'z'], 10), [
    'unknown field "z"',
    'unknown field "a"',
    'duplicate field "b"',
    'unknown field "c[0].y"',
    'duplicate field "c[0].x"',
    'unknown field "elsewhere"',
  ]);
});
