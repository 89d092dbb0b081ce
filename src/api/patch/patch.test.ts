import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasReason } from '../../base/status-error.ts';
import { equalJson, isJsonObject, type JsonValue } from '../json.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch, diffMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch, type PatchField, type PatchSchema } from './strategic-merge-patch.ts';

const jsonObject = () =>
  fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'constructor'), fc.jsonValue({ maxDepth: 2 }))
    .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, JsonValue>);

/** RFC 7386 cannot set a null: drop nulls from what is to be reached. */
function withoutNulls(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== null)
      .map(([k, v]) => [k, withoutNulls(v)]),
  );
}

test('applyMergePatch follows the examples of RFC 7386', () => {
  const cases: [JsonValue, JsonValue, JsonValue][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, expected] of cases) assert.deepEqual(applyMergePatch(target, patch), expected);
});

test('diffMergePatch gives the patch that leads from one object to the other', () => {
  fc.assert(
    fc.property(jsonObject(), jsonObject(), (from, to) => {
      const wanted = withoutNulls(to) as Record<string, JsonValue>;
      const start = withoutNulls(from) as Record<string, JsonValue>;
      assert.ok(equalJson(applyMergePatch(start, diffMergePatch(start, wanted)), wanted));
    }),
  );
});

test('applyJsonPatch applies each operation of RFC 6902', () => {
  const target = { foo: ['bar', 'baz'], 'a/b': 1, n: { x: 1 } };
  const patch = [
    { op: 'test', path: '/a~1b', value: 1 },
    { op: 'add', path: '/foo/1', value: 'qux' },
    { op: 'add', path: '/foo/-', value: 'end' },
    { op: 'replace', path: '/foo/0', value: 'first' },
    { op: 'move', from: '/n/x', path: '/moved' },
    { op: 'copy', from: '/foo', path: '/copied' },
    { op: 'remove', path: '/n' },
  ];
  assert.deepEqual(applyJsonPatch(target, patch), {
    foo: ['first', 'qux', 'baz', 'end'],
    'a/b': 1,
    moved: 1,
    copied: ['first', 'qux', 'baz', 'end'],
  });
  assert.deepEqual(target.foo, ['bar', 'baz']);
});

test('applyJsonPatch refuses what does not apply', () => {
  const invalid = (error: unknown) => hasReason(error, 'Invalid');
  assert.throws(() => applyJsonPatch({}, [{ op: 'remove', path: '/a' }]), invalid);
  assert.throws(() => applyJsonPatch({}, [{ op: 'replace', path: '/a', value: 1 }]), invalid);
  assert.throws(() => applyJsonPatch({ a: [1] }, [{ op: 'add', path: '/a/2', value: 1 }]), invalid);
  assert.throws(() => applyJsonPatch({}, [{ op: 'add', path: '/a/b', value: 1 }]), invalid);
  assert.throws(() => applyJsonPatch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }]), invalid);
  assert.throws(
    () => applyJsonPatch({}, {}),
    (error) => hasReason(error, 'BadRequest'),
  );
  assert.throws(
    () => applyJsonPatch({}, [{ op: 'jump', path: '/a' }]),
    (error) => hasReason(error, 'BadRequest'),
  );
});

test('applyJsonPatch bounds what copies may grow to', () => {
  const patch = Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '', path: `/c${i}` }));
  assert.throws(
    () => applyJsonPatch({ a: 1 }, patch),
    (error) => hasReason(error, 'RequestEntityTooLarge'),
  );
});

const field = (over: Partial<PatchField> = {}): PatchField => ({
  schema: undefined,
  strategies: [],
  mergeKey: undefined,
  ...over,
});
const schemaOf = (fields: Record<string, PatchField>): PatchSchema => ({ field: (name) => fields[name] });
const CONTAINER = schemaOf({
  env: field({ strategies: ['merge'], mergeKey: 'name', schema: schemaOf({}) }),
  args: field(),
});
const SPEC = schemaOf({
  containers: field({ strategies: ['merge'], mergeKey: 'name', schema: CONTAINER }),
  finalizers: field({ strategies: ['merge'] }),
  strategy: field({
    strategies: ['retainKeys'],
    schema: schemaOf({ rollingUpdate: field({ schema: schemaOf({}) }) }),
  }),
  selector: field({ strategies: ['replace'], schema: schemaOf({}) }),
});
const apply = (target: Record<string, JsonValue>, patch: Record<string, JsonValue>) =>
  applyStrategicMergePatch(target, patch, SPEC);

test('applyStrategicMergePatch merges lists by key and replaces the others', () => {
  const target = {
    containers: [{ name: 'a', image: '1', args: ['x'], env: [{ name: 'E', value: '1' }] }, { name: 'b' }],
  };
  const patch = {
    containers: [{ name: 'a', image: '2', args: ['y'], env: [{ name: 'F', value: '2' }] }, { name: 'c' }],
  };
  assert.deepEqual(apply(target, patch), {
    containers: [
      {
        name: 'a',
        image: '2',
        args: ['y'],
        env: [
          { name: 'E', value: '1' },
          { name: 'F', value: '2' },
        ],
      },
      { name: 'b' },
      { name: 'c' },
    ],
  });
});

test('applyStrategicMergePatch deletes an element by $patch: delete and replaces a list by $patch: replace', () => {
  const target = { containers: [{ name: 'a' }, { name: 'b' }] };
  assert.deepEqual(apply(target, { containers: [{ name: 'a', $patch: 'delete' }] }), {
    containers: [{ name: 'b' }],
  });
  assert.deepEqual(apply(target, { containers: [{ $patch: 'replace' }, { name: 'z' }] }), {
    containers: [{ name: 'z' }],
  });
});

test('applyStrategicMergePatch replaces and empties objects by $patch', () => {
  assert.deepEqual(apply({ strategy: { a: 1 } }, { strategy: { $patch: 'replace', b: 2 } }), {
    strategy: { b: 2 },
  });
  assert.deepEqual(apply({ strategy: { a: 1 } }, { strategy: { $patch: 'delete' } }), { strategy: {} });
  assert.deepEqual(apply({ selector: { a: 1 } }, { selector: { b: 2 } }), { selector: { b: 2 } });
});

test('applyStrategicMergePatch keeps only $retainKeys', () => {
  const target = { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } };
  assert.deepEqual(apply(target, { strategy: { $retainKeys: ['type'], type: 'Recreate' } }), {
    strategy: { type: 'Recreate' },
  });
  assert.throws(() => apply(target, { strategy: { $retainKeys: ['type'], other: 1 } }), /retainKeys/);
});

test('applyStrategicMergePatch unites lists of values and deletes from them', () => {
  const target = { finalizers: ['a', 'b'] };
  assert.deepEqual(apply(target, { finalizers: ['b', 'c'] }), { finalizers: ['a', 'b', 'c'] });
  assert.deepEqual(apply(target, { '$deleteFromPrimitiveList/finalizers': ['a'] }), { finalizers: ['b'] });
});

test('applyStrategicMergePatch orders a list as $setElementOrder says and keeps what only the server has in place', () => {
  const target = { containers: [{ name: 'a' }, { name: 'server' }, { name: 'b' }] };
  const patch = {
    '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }, { name: 'new' }],
    containers: [{ name: 'new' }],
  };
  assert.deepEqual(apply(target, patch), {
    containers: [{ name: 'server' }, { name: 'b' }, { name: 'a' }, { name: 'new' }],
  });
});

test('applyStrategicMergePatch takes time in proportion to its lists, not to their product', () => {
  const list = (image: string) => Array.from({ length: 30_000 }, (_, i) => ({ name: `c${i}`, image }));
  const names = list('').map(({ name }) => ({ name }));
  const deleted = names.slice(0, 10_000).map(({ name }) => ({ name, $patch: 'delete' }));
  const begin = performance.now();
  const merged = apply(
    { containers: list('a'), finalizers: names.map(({ name }) => name) },
    {
      containers: [...list('b').slice(10_000), ...deleted],
      '$setElementOrder/containers': names,
      '$deleteFromPrimitiveList/finalizers': names.map(({ name }) => name),
    },
  );
  assert.deepEqual(merged, { containers: list('b').slice(10_000), finalizers: [] });
  assert.ok(performance.now() - begin < 3000, `it took ${performance.now() - begin} ms`);
});

test('applyStrategicMergePatch needs the merge key', () => {
  assert.throws(
    () => apply({ containers: [{ name: 'a' }] }, { containers: [{ image: 'x' }] }),
    /does not contain declared merge key: name/,
  );
});

test('applyStrategicMergePatch never changes its inputs and is idempotent for plain patches', () => {
  const value = fc.dictionary(
    fc.constantFrom('containers', 'x', 'y'),
    fc.constantFrom<JsonValue>([{ name: 'a', image: 1 }], 1, { k: null }, { k: 2 }, [{ name: 'b' }]),
  );
  fc.assert(
    fc.property(value, value, (target, patch) => {
      const before = JSON.stringify([target, patch]);
      const once = apply(target, patch);
      assert.deepEqual(apply(once, patch), once);
      assert.equal(JSON.stringify([target, patch]), before);
    }),
  );
});
