import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { findByJsonPath, isJsonPath } from './json-path.ts';

const OBJECT = {
  metadata: { annotations: { 'a/b': 'slash' } },
  spec: { size: 3, hosts: [{ name: 'x' }, { name: 'y' }] },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Old', status: 'False' },
    ],
  },
};

for (const [path, found] of [
  ['.spec.size', [3]],
  ['{.spec.size}', [3]],
  ['.spec.hosts[*].name', ['x', 'y']],
  ['.spec.hosts[0].name', ['x']],
  ['.spec.hosts[-1].name', ['y']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  ['.status.conditions[?(@.type=="None")].status', []],
  [".metadata.annotations['a/b']", ['slash']],
  ['.spec.absent.deeper', []],
] as const) {
  test(`findByJsonPath finds ${JSON.stringify(found)} at ${path}`, () => {
    deepEqual(findByJsonPath(OBJECT, path), found);
  });
}

test('isJsonPath tells what can be read', () => {
  equal(isJsonPath('.a.b[0]'), true);
  equal(isJsonPath('.a[?(@.b'), false);
});
