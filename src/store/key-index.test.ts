import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { put } from './journal.contract.ts';
import { KeyIndex } from './key-index.ts';
import { Version } from './version.ts';

const version = (key: string, revision: number) => new Version(put(key, revision, 0), undefined);
const keysOf = (index: KeyIndex, prefix: string, afterKey?: string) =>
  Array.from(index.range(prefix, afterKey), ({ key }) => key);

test('KeyIndex gives the same ranges as a sorted list, whatever was put and deleted', () => {
  const key = fc.stringMatching(/^[ab/]{0,4}$/);
  const operation = fc.record({ deletes: fc.boolean(), key });
  fc.assert(
    fc.property(
      fc.array(key),
      fc.array(operation),
      key,
      fc.option(key),
      (initial, operations, prefix, after) => {
        const model = new Set(initial);
        const index = KeyIndex.from(new Map(initial.map((name) => [name, version(name, 1)])));
        operations.forEach((step, i) => {
          if (step.deletes) {
            model.delete(step.key);
            index.delete(step.key);
          } else {
            model.add(step.key);
            index.put(version(step.key, i + 2));
          }
        });
        const expected = [...model]
          .filter((name) => name.startsWith(prefix) && (after === null || name > after))
          .sort();
        assert.deepEqual(keysOf(index, prefix, after ?? undefined), expected);
        assert.equal(index.size, model.size);
      },
    ),
  );
});

test('KeyIndex splits and empties its chunks over thousands of keys', () => {
  const index = KeyIndex.from(new Map());
  const name = (i: number) => `/pods/${String((i * 7919) % 5000).padStart(4, '0')}`;
  for (let i = 0; i < 5000; i++) index.put(version(name(i), i + 1));
  assert.deepEqual(keysOf(index, '/pods/'), Array.from({ length: 5000 }, (_, i) => name(i)).sort());
  for (let i = 0; i < 5000; i++) index.delete(name(i));
  assert.deepEqual(keysOf(index, ''), []);
  index.put(version('/pods/x', 9000));
  assert.deepEqual(keysOf(index, ''), ['/pods/x']);
});

test('KeyIndex keeps the newest version of a key', () => {
  const index = KeyIndex.from(new Map([['/a', version('/a', 2)]]));
  index.put(version('/a', 5));
  assert.equal(index.get('/a')?.revision, 5);
  assert.equal(index.get('/b'), undefined);
  assert.throws(() => index.put(version('/a', 4)), /goes back/);
});
