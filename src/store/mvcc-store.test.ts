import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '../base/status-error.ts';
import { newMemoryDisk } from './memory-journal.ts';
import { encoded, type Fixture, newFixture, object, putObject, reasonOf, remove } from './store.fixture.ts';
import type { ListRange, ObjectIndex } from './store.ts';

test('openStore is at revision 1 when empty, as etcd is', async () => {
  const { store } = await newFixture();
  assert.equal(store.revision, 1);
  assert.deepEqual(store.list({ prefix: '/' }), { objects: [], revision: 1 });
});

test('transact sets the resourceVersion, encodes once and freezes deeply', async () => {
  const { store } = await newFixture();
  const input = object('web', { labels: { app: 'web' } });
  const { object: stored, changed } = await store.transact('/web', () => ({ put: input }));
  assert.equal(changed, true);
  assert.equal(stored?.revision, 2);
  assert.equal(stored?.createRevision, 2);
  assert.equal(stored?.value.metadata.resourceVersion, '2');
  assert.deepEqual(encoded(stored), stored?.value);
  assert.equal(store.get('/web')?.bytes, stored?.bytes);
  assert.throws(() => Object.assign(stored!.value['labels'] as object, { app: 'x' }), TypeError);
  assert.equal(input.metadata.resourceVersion, undefined);
});

test('transact makes no bytes for a journal that keeps records, until somebody reads them', async () => {
  const fixture = await newFixture({ disk: newMemoryDisk({ keepsRecords: true }) });
  const stored = await putObject(fixture.store, '/a', { nested: { list: [1] } });
  const [record] = fixture.disk.records;
  assert.equal(record?.object, stored.value, 'the value itself is on the disk');
  const { store } = await fixture.reopen();
  assert.equal(store.get('/a')?.value, stored.value);
  assert.deepEqual(encoded(store.get('/a')), stored.value);
  assert.equal(store.get('/a')?.bytes, record?.value, 'encoded once');
});

test('transact keeps createRevision over updates and starts anew after a deletion', async () => {
  const { store } = await newFixture();
  await putObject(store, '/a');
  const updated = await putObject(store, '/a');
  assert.deepEqual([updated.createRevision, updated.revision], [2, 3]);
  const { object: last } = await store.transact('/a', () => ({ delete: true }));
  assert.deepEqual([last?.createRevision, last?.revision], [2, 4]);
  assert.equal(last?.value.metadata.resourceVersion, '4');
  assert.equal(store.get('/a'), undefined);
  const again = await putObject(store, '/a');
  assert.deepEqual([again.createRevision, again.revision], [5, 5]);
});

test('transact changes nothing for keep, or for the deletion of what is absent', async () => {
  const { store } = await newFixture();
  await putObject(store, '/a');
  const kept = await store.transact('/a', () => ({ keep: true }));
  assert.deepEqual([kept.changed, kept.object?.revision], [false, 2]);
  const absent = await store.transact('/b', () => ({ delete: true }));
  assert.deepEqual(absent, { object: undefined, changed: false });
  assert.equal(store.revision, 2);
});

test('transact rejects with what the decision throws, and writes nothing', async () => {
  const { store } = await newFixture();
  const refused = store.transact('/a', () => {
    throw new StatusError('Conflict', 'no');
  });
  assert.equal(await reasonOf(refused), 'Conflict');
  assert.equal(store.revision, 1);
});

test('transact decides on versions that are being committed; readers see only durable ones', async () => {
  const { store, journal } = await newFixture();
  journal.hold();
  const counters = Array.from({ length: 20 }, () => increment(store));
  assert.equal(store.get('/counter'), undefined);
  assert.equal(store.revision, 1);
  journal.release();
  await Promise.all(counters);
  assert.equal(store.get('/counter')?.value['count'], 20);
});

test('transact answers keep and refusals only once what they saw is durable', async () => {
  const { store, journal } = await newFixture();
  journal.hold();
  const written = putObject(store, '/a');
  let answered = 0;
  const answer = () => {
    answered++;
  };
  const kept = store.transact('/a', () => ({ keep: true })).then(answer);
  const refused = store
    .transact('/a', () => {
      throw new StatusError('AlreadyExists', 'there is one');
    })
    .catch(answer);
  await new Promise(setImmediate);
  assert.equal(answered, 0);
  journal.release();
  await Promise.all([written, kept, refused]);
  assert.equal(answered, 2);
});

test('transact batches what arrives while a commit is in flight', async () => {
  const { store, journal, batches } = await newFixture();
  journal.hold();
  const first = putObject(store, '/first');
  await Promise.resolve();
  const rest = Array.from({ length: 30 }, (_, i) => putObject(store, `/${i}`));
  journal.release();
  await Promise.all([first, ...rest]);
  assert.deepEqual(batches, [1, 30]);
});

test('transact writes companions in the same commit, with the revisions before', async () => {
  const fixture = await newFixture({ limits: { commitMaxRecords: 2, commitEagerRecords: 3 } });
  const { store, batches } = fixture;
  await putObject(store, '/quota', { used: 0 });
  batches.length = 0;
  const create = (key: string) =>
    store.transact(key, (_, others) => {
      const used = others.get('/quota')!.value['used'] as number;
      const companions = [{ key: '/quota', put: object('quota', { used: used + 1 }) }];
      return { put: object(key.slice(1)), companions };
    });
  const [a] = await Promise.all([create('/a'), putObject(store, '/x'), create('/b'), create('/c')]);
  assert.equal(store.get('/quota')?.value['used'], 3, 'each saw the charge before it, durable or not');
  assert.equal(a.object?.revision, 4);
  assert.deepEqual(batches, [2, 1, 2, 2], 'a group of two is never cut');
  const reopened = await fixture.reopen();
  assert.equal(reopened.store.get('/quota')?.value['used'], 3);
});

test('transact deletes companions too, and none without what they go with', async () => {
  const fixture = await newFixture();
  const { store } = fixture;
  await putObject(store, '/service');
  const { revision } = await putObject(store, '/address');
  const release = () =>
    store.transact('/service', () => ({
      delete: true,
      companions: [
        { key: '/address', delete: true, final: object('address', { released: true }) },
        { key: '/never', delete: true },
      ],
    }));
  const watch = store.watch('/', revision, new AbortController().signal);
  const { object: last } = await release();
  assert.equal(last?.revision, revision + 2);
  const batch = watch.take();
  assert.deepEqual(
    batch?.map(({ type, key }) => [type, key]),
    [
      ['delete', '/address'],
      ['delete', '/service'],
    ],
  );
  assert.equal(batch?.[0]?.object.value['released'], true);
  await putObject(store, '/address');
  assert.equal((await release()).changed, false, 'the service is gone: nothing happens to the address');
  assert.deepEqual(names(store.list({ prefix: '/' })), ['/address']);
  assert.equal((await putObject(store, '/next')).revision, store.revision);
  assert.equal((await fixture.reopen()).store.revision, revision + 4);
});

test('transact commits a group that is larger than a commit whole, and drops it whole', async () => {
  const { store, journal, batches } = await newFixture({ limits: { commitMaxRecords: 2 } });
  const keys = ['/q1', '/q2', '/q3'];
  const create = () =>
    store.transact('/a', () => ({
      put: object('a'),
      companions: keys.map((key) => ({ key, put: object(key.slice(1)) })),
    }));
  journal.becomeUnavailable();
  assert.equal(await reasonOf(create()), 'ServiceUnavailable');
  journal.recover();
  assert.deepEqual(store.list({ prefix: '/' }).objects, []);
  await create();
  assert.deepEqual(batches, [4, 4]);
  assert.equal(store.list({ prefix: '/' }).objects.length, 4);
});

test('transact refuses because of another key only once what it saw there is durable', async () => {
  const { store } = await newFixture();
  const order: string[] = [];
  const writing = putObject(store, '/quota').then(() => order.push('written'));
  const refused = store.transact('/a', (_, others) => {
    assert.notEqual(others.get('/quota'), undefined);
    throw new StatusError('Forbidden', 'exceeded');
  });
  assert.equal(await reasonOf(refused), 'Forbidden');
  order.push('refused');
  await writing;
  assert.deepEqual(order, ['written', 'refused']);
});

test('transact starts a commit in the middle of a turn once enough writes wait', async () => {
  const { store, batches } = await newFixture({ limits: { commitEagerRecords: 4 } });
  await Promise.all(Array.from({ length: 10 }, (_, i) => putObject(store, `/${i}`)));
  assert.deepEqual(batches, [4, 6]);
});

test('transact limits a batch by records and by bytes', async () => {
  const { store, batches } = await newFixture({ limits: { commitMaxRecords: 4, commitMaxBytes: 3000 } });
  await Promise.all(Array.from({ length: 10 }, (_, i) => putObject(store, `/${i}`)));
  const large = { padding: 'x'.repeat(2000) };
  await Promise.all(Array.from({ length: 3 }, (_, i) => putObject(store, `/large-${i}`, large)));
  assert.deepEqual(batches, [4, 4, 2, 1, 1, 1]);
});

test('transact tells writers to come back when too many wait', async () => {
  const { store, journal } = await newFixture({ limits: { queueMaxRecords: 2 } });
  journal.hold();
  const accepted = [putObject(store, '/a'), putObject(store, '/b')];
  assert.equal(await reasonOf(putObject(store, '/c')), 'TooManyRequests');
  journal.release();
  await Promise.all(accepted);
  await putObject(store, '/c');
});

test('a store whose disk is full refuses writers, keeps what is durable and recovers by itself', async () => {
  const { store, journal } = await newFixture();
  await putObject(store, '/a', { step: 'durable' });
  journal.becomeUnavailable();
  journal.hold();
  const first = putObject(store, '/a', { step: 'lost' });
  const built = increment(store);
  const reader = store.transact('/a', () => ({ keep: true }));
  journal.release();
  const reasons = await Promise.all([first, built, reader].map(reasonOf));
  assert.deepEqual(reasons, ['ServiceUnavailable', 'ServiceUnavailable', 'ServiceUnavailable']);
  assert.equal(store.get('/a')?.value['step'], 'durable');
  assert.equal(store.revision, 2);
  journal.recover();
  const after = await putObject(store, '/a', { step: 'after' });
  assert.ok(after.revision > 4, 'the dropped revisions are not given again');
  assert.equal(after.createRevision, 2);
});

test('a store whose commit failed accepts nothing more and says so through run', async () => {
  const { store, journal } = await newFixture();
  await putObject(store, '/a');
  const running = store.run(new AbortController().signal);
  journal.breakDown();
  assert.equal(await reasonOf(putObject(store, '/b')), 'InternalError');
  assert.equal(await reasonOf(putObject(store, '/c')), 'InternalError');
  await assert.rejects(running, /simulated disk is broken/);
  assert.equal(store.get('/b'), undefined);
  assert.equal(store.get('/a')?.revision, 2);
});

test('a closed store refuses writers, those whose commit was in flight too', async () => {
  const { store, journal } = await newFixture();
  journal.hold();
  const inFlight = reasonOf(putObject(store, '/b'));
  await Promise.resolve();
  const closed = store.close();
  journal.release();
  await closed;
  assert.equal(await inFlight, 'ServiceUnavailable');
  assert.equal(await reasonOf(putObject(store, '/a')), 'ServiceUnavailable');
});

test('list pages consistently at one revision while writes go on', async () => {
  const { store } = await newFixture();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await putObject(store, `/p/${name}`);
  await putObject(store, '/q/x');
  const first = store.list({ prefix: '/p/', limit: 2 });
  assert.deepEqual(names(first), ['/p/a', '/p/b']);
  assert.deepEqual([first.continueAfterKey, first.remaining], ['/p/b', 3]);
  await remove(store, '/p/c');
  await putObject(store, '/p/bb');
  await putObject(store, '/p/d', { late: true });
  const rest = store.list({ prefix: '/p/', afterKey: '/p/b', revision: first.revision });
  assert.deepEqual(names(rest), ['/p/c', '/p/d', '/p/e']);
  assert.equal(rest.objects[1]?.value['late'], undefined);
  assert.equal(rest.continueAfterKey, undefined);
  assert.deepEqual(names(store.list({ prefix: '/p/' })), ['/p/a', '/p/b', '/p/bb', '/p/d', '/p/e']);
});

test('list refuses a revision that is compacted, and one that is not reached', async () => {
  const { store } = await newFixture();
  for (let i = 0; i < 4; i++) await putObject(store, '/a');
  await store.compact(4);
  assert.throws(() => store.list({ prefix: '/', revision: 3 }), { reason: 'Expired' });
  assert.equal(store.list({ prefix: '/', revision: 4 }).objects[0]?.revision, 4);
  assert.throws(() => store.list({ prefix: '/', revision: 6 }), {
    reason: 'Timeout',
    message: 'Too large resource version: 6, current: 5',
  });
});

test('list of an indexed value looks only at what has it', async () => {
  const { store } = await newFixture();
  let asked = 0;
  const index: ObjectIndex = {
    prefix: '/p/',
    valueOf: ({ group }) => {
      asked++;
      return group as string;
    },
  };
  const red: ListRange = { prefix: '/p/', indexed: { index, value: 'red' } };
  for (const key of ['/p/c', '/p/a', '/p/b']) await putObject(store, key, { group: 'red' });
  for (let i = 0; i < 50; i++) await putObject(store, `/p/blue-${i}`, { group: 'blue' });
  assert.deepEqual(names(store.list(red)), ['/p/a', '/p/b', '/p/c']);
  const readAndAsked = (range: ListRange) => {
    asked = 0;
    return [names(store.list(range)), asked];
  };
  await putObject(store, '/p/a', { group: 'blue' });
  assert.deepEqual(readAndAsked(red), [['/p/b', '/p/c'], 2]);
  await remove(store, '/p/b');
  assert.deepEqual(readAndAsked(red), [['/p/c'], 1]);
  await store.compact(store.revision);
  await putObject(store, '/p/b', { group: 'red' });
  assert.deepEqual(readAndAsked({ ...red, afterKey: '/p/b' }), [['/p/c'], 1]);
});

test('a reopened store has the same objects and history, and goes on counting', async () => {
  const fixture = await newFixture();
  await putObject(fixture.store, '/a', { n: 1 });
  await putObject(fixture.store, '/a', { n: 2 });
  await putObject(fixture.store, '/b');
  await remove(fixture.store, '/b');
  const { store } = await fixture.reopen();
  assert.equal(store.revision, 5);
  assert.deepEqual(store.get('/a')?.value, object('a', { n: 2 }, '3'));
  assert.equal(store.list({ prefix: '/', revision: 4 }).objects.length, 2);
  assert.equal((await putObject(store, '/c')).revision, 6);
});

test('a reopened store leaves out what an unfinished compaction left in the journal', async () => {
  const fixture = await newFixture();
  await putObject(fixture.store, '/a');
  await putObject(fixture.store, '/a');
  await remove(fixture.store, '/a');
  await putObject(fixture.store, '/b');
  fixture.disk.compactedRevision = 4;
  const { store } = await fixture.reopen();
  assert.equal(store.compactedRevision, 4);
  assert.deepEqual(names(store.list({ prefix: '/', revision: 4 })), []);
  assert.deepEqual(names(store.list({ prefix: '/' })), ['/b']);
});

test('MvccStore.transact refuses a value that is too large, and gives its revision to the next', async () => {
  const fixture = await newFixture({ limits: { valueMaxBytes: 1000 } });
  const { store } = fixture;
  const { revision } = await putObject(store, '/a');
  const large = { put: object('b', { text: 'x'.repeat(1000) }) };
  const refused = { code: 413, message: 'Request entity too large: limit is 1000' };
  await assert.rejects(
    store.transact('/b', () => large),
    refused,
  );
  const beside = { put: object('a', { n: 2 }), companions: [{ key: '/b', ...large }] };
  await assert.rejects(
    store.transact('/a', () => beside),
    refused,
  );
  assert.equal((await putObject(store, '/c')).revision, revision + 1);
  assert.deepEqual(names(store.list({ prefix: '/' })), ['/a', '/c']);
  assert.equal((await fixture.reopen()).store.revision, revision + 1);
});

function increment(store: Fixture['store']) {
  return store.transact('/counter', (current) => ({
    put: object('counter', { count: ((current?.value['count'] as number) ?? 0) + 1 }),
  }));
}

function names({ objects }: { objects: readonly { key: string }[] }): string[] {
  return objects.map(({ key }) => key);
}
