import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldAt, parseFieldPath } from './field-path.ts';

const object = {
  metadata: { annotations: { 'a.b/c': 'x' } },
  status: { conditions: [{ type: 'Ready', status: 'False' }], replicas: 0 },
  endpoints: [{ targetRef: { name: 'a' } }, { targetRef: { name: 'b' }, conditions: { ready: false } }],
};

function at(path: string): unknown {
  return fieldAt(object, parseFieldPath(path) ?? assert.fail(path));
}

test('fieldAt finds fields, items by index and by a field of theirs, and keys with dots', () => {
  assert.equal(at('status.conditions[type=Ready].status'), 'False');
  assert.equal(at('status.conditions[0].type'), 'Ready');
  assert.equal(at('endpoints[targetRef.name=b].conditions.ready'), false);
  assert.equal(at('metadata.annotations["a.b/c"]'), 'x');
  assert.equal(at('status.replicas'), 0);
});

test('fieldAt finds nothing where there is nothing', () => {
  for (const path of [
    'spec.x',
    'status.conditions[3].type',
    'status.conditions[type=X].status',
    'status.replicas.x',
  ]) {
    assert.equal(at(path), undefined, path);
  }
});

test('parseFieldPath takes no text that is no path', () => {
  for (const text of ['', '.spec', 'a..b', 'a[', 'a[]', 'a b', 'a.'])
    assert.equal(parseFieldPath(text), undefined, text);
});
