import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { newExpectations } from './expectations.ts';
import { slowStart } from './slow-start.ts';

const pod = (name: string, revision: string, deletionTimestamp?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'd',
    uid: `u-${name}`,
    resourceVersion: revision,
    creationTimestamp: '',
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  },
});

/** A cache that shows what it is told to. */
function newCache() {
  const objects = new Map<string, KubeObject>();
  const cache = {
    revision: '100',
    get: (key: string) => objects.get(key),
    show(object: KubeObject) {
      objects.set(`d/${object.metadata.name}`, object);
      cache.revision = object.metadata.resourceVersion;
    },
    list: () => [...objects.values()],
  };
  return cache;
}

const names = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).sort();

test('newExpectations shows a created object until the cache does, once', () => {
  const cache = newCache();
  const expectations = newExpectations(cache);
  expectations.created('o', pod('a', '105'));
  deepEqual(names(expectations.observe('o', cache.list())), ['a']);
  cache.show(pod('a', '105'));
  deepEqual(names(expectations.observe('o', cache.list())), ['a']);
});

test('newExpectations drops a created object that the cache has passed: it was deleted since', () => {
  const cache = newCache();
  const expectations = newExpectations(cache);
  expectations.created('o', pod('a', '105'));
  cache.revision = '99';
  deepEqual(names(expectations.observe('o', [])), ['a']);
  cache.revision = '1000';
  deepEqual(expectations.observe('o', []), []);
});

test('newExpectations shows what was deleted as terminating until the cache does', () => {
  const cache = newCache();
  const expectations = newExpectations(cache);
  cache.show(pod('a', '101'));
  expectations.deleted('o', 'u-a', '2026-01-01T00:00:00Z');
  equal(expectations.observe('o', cache.list())[0]?.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
  cache.show(pod('a', '103', '2026-01-01T00:00:30Z'));
  equal(expectations.observe('o', cache.list())[0]?.metadata.deletionTimestamp, '2026-01-01T00:00:30Z');
});

test('newExpectations gives the name of a failed creation again, unless the cache shows that it happened', () => {
  const cache = newCache();
  const expectations = newExpectations(cache);
  expectations.creationUnknown('o', 'a');
  expectations.creationUnknown('o', 'b');
  cache.show(pod('a', '101'));
  expectations.observe('o', cache.list());
  equal(expectations.takeUnknownName('o'), 'b');
  equal(expectations.takeUnknownName('o'), undefined);
});

test('slowStart doubles its batches, and stops after the first with a failure', async () => {
  const batches: number[] = [];
  let running = 0;
  const action = async (index: number) => {
    if (running++ === 0) batches.push(0);
    batches[batches.length - 1]!++;
    await Promise.resolve();
    running--;
    if (index === 8) throw new Error('refused');
  };
  const outcome = await slowStart(100, action);
  deepEqual(batches, [1, 2, 4, 8]);
  deepEqual(
    { ...outcome, failure: String(outcome.failure) },
    {
      succeeded: 14,
      skipped: 85,
      failure: 'Error: refused',
    },
  );
  deepEqual(await slowStart(0, action), { succeeded: 0, skipped: 0 });
});
