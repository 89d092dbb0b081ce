import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf } from '../api/meta.ts';
import { recentKeyOf } from './recent-keys.ts';

test('recentKeyOf is keyOf, also of objects that it has forgotten', () => {
  const objects = Array.from({ length: 5000 }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: {
      name: `n${i}`,
      ...(i % 3 > 0 && { namespace: `s${i % 7}` }),
      uid: '',
      resourceVersion: '',
      creationTimestamp: '',
    },
  }));
  for (let round = 0; round < 2; round++) {
    for (const object of objects) equal(recentKeyOf(object), keyOf(object));
  }
});
