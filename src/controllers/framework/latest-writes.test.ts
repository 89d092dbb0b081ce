import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '../../api/generated/core-v1.ts';
import { newLatestWrites } from './latest-writes.ts';

function version(resourceVersion: string, uid = 'u'): ConfigMap {
  const metadata = { name: 'a', namespace: 'default', uid, resourceVersion, creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

test('LatestWrites gives the own write until the cache has caught up', () => {
  const writes = newLatestWrites<ConfigMap>();
  const [old, written, seen] = [version('9'), version('10'), version('10')];
  writes.note(written);
  equal(writes.latest(old), written);
  equal(writes.latest(seen), seen);
  equal(writes.latest(old), old);
});

test('LatestWrites does not take its own object for the cache’s', () => {
  const writes = newLatestWrites<ConfigMap>();
  const [old, written] = [version('9'), version('10')];
  writes.note(written);
  equal(writes.latest(written), written);
  equal(writes.latest(old), written);
});

test('LatestWrites forgets the write of an object that is another one now', () => {
  const writes = newLatestWrites<ConfigMap>();
  const other = version('9', 'v');
  writes.note(version('10'));
  equal(writes.latest(other), other);
});
