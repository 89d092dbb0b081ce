import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasReason } from '../base/status-error.ts';
import { formatYaml, parseLenientYaml, parseYaml, parseYamlDocuments } from './yaml.ts';

test('parseYaml reads YAML 1.1 scalars as Kubernetes does', () => {
  const text =
    'a: yes\nb: off\nc: 014\nd: 2001-01-01\ne: 0x1f\nf: 1_000\ng: ~\nh: 1e3\ni: 12:30\nj: "yes"\nk: 0o14\nl: -0.5\nm: 1.2.3\nq: 08\nr:\n';
  assert.deepEqual(parseYaml(text), {
    a: true,
    b: false,
    c: 12,
    d: '2001-01-01',
    e: 31,
    f: 1000,
    g: null,
    h: 1000,
    i: '12:30',
    j: 'yes',
    k: 12,
    l: -0.5,
    m: '1.2.3',
    q: 8,
    r: null,
  });
});

test('parseYaml makes strings of keys and merges anchors', () => {
  assert.deepEqual(parseYaml('base: &b {x: 1}\nuse:\n  <<: *b\n  5: y\n'), {
    base: { x: 1 },
    use: { x: 1, '5': true },
  });
});

const duplicates: [text: string, found: string[]][] = [
  ['a: 1\nb: {a: 1}\n', []],
  ['a: 1\nb: 2\na: 3\n', ['line 3: key "a" already set in map']],
  ['\nspec:\n  foo: a\n  foo: b\n', ['line 4: key "foo" already set in map']],
  ['l:\n- a: 1\n- a: 1\n  b: [a, a]\n  "a": 2\n', ['line 5: key "a" already set in map']],
  [
    'a: {x: 1}\nb: {x: 1, x: 2}\na: 1\n',
    ['line 2: key "x" already set in map', 'line 3: key "a" already set in map'],
  ],
  ['a: &x 1\nb: *x\nc: *x\n', []],
];

for (const [text, found] of duplicates)
  test(`parseLenientYaml names what comes twice in ${JSON.stringify(text)}`, () =>
    assert.deepEqual(parseLenientYaml(text).duplicates, found));

test('parseLenientYaml takes the last of keys that come twice, and names them', () => {
  assert.deepEqual(parseLenientYaml('a: 1\nb: 2\na: 3\n'), {
    value: { a: 3, b: 2 },
    duplicates: ['line 3: key "a" already set in map'],
  });
  assert.deepEqual(parseLenientYaml('a: 1\n'), { value: { a: 1 }, duplicates: [] });
  assert.throws(() => parseLenientYaml('a: [\n'), /error parsing yaml/);
});

test('parseYaml refuses duplicate keys, with the place', () => {
  assert.throws(
    () => parseYaml('a: 1\nb: 2\na: 3\n'),
    (error) => {
      assert.ok(hasReason(error, 'BadRequest'));
      assert.match(error.message, /line 3, column 1: .*duplicated mapping key/);
      return true;
    },
  );
});

test('parseYaml reads JSON as the YAML that it is: its values, and its duplicate keys', () => {
  const text = '{"a": [1, 2.5, "yes", true, null], "b": {"c": "1e3"}}';
  assert.deepEqual(parseYaml(text), JSON.parse(text));
  assert.throws(() => parseYaml('{"a": 1, "b": {"c": 1, "c": 2}}'), /duplicated mapping key/);
  assert.deepEqual(parseYaml('{a: 1} # not JSON'), { a: 1 });
});

test('parseYaml refuses a document that expands without bound', () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
  );
  assert.throws(() => parseYaml(`l0: &l0 [x]\n${levels.join('\n')}\n`), /excessive aliasing/);
});

test('parseYaml refuses deep nesting and infinity', () => {
  assert.throws(
    () => parseYaml('['.repeat(20_000)),
    (error) => hasReason(error, 'BadRequest'),
  );
  assert.throws(() => parseYaml('a: .inf\nb: 1e999\n'), /unsupported value/);
});

test('parseYamlDocuments leaves empty documents out', () => {
  assert.deepEqual(parseYamlDocuments('---\n# nothing\n---\na: 1\n---\n---\nb: 2\n'), [{ a: 1 }, { b: 2 }]);
});

test('formatYaml gives text that reads back the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value));
      if (json === null) return;
      assert.deepEqual(parseYaml(formatYaml(json)), json);
    }),
    { seed: 1 },
  );
});
