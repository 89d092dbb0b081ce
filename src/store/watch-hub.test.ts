import assert from 'node:assert/strict';
import { test } from 'node:test';
import { described, drain, encoded, newFixture, object, putObject, remove, take } from './store.fixture.ts';
import type { ObjectIndex, StoreEvent } from './store.ts';

const never = new AbortController().signal;

test('watch hands out events in revision order, with what they replaced', async () => {
  const { store } = await newFixture();
  const watch = store.watch('/p/', 1, never);
  await putObject(store, '/p/a', { n: 1 });
  await putObject(store, '/q/other');
  await putObject(store, '/p/a', { n: 2 });
  await remove(store, '/p/a');
  await putObject(store, '/p/a', { n: 3 });
  const events = await take(watch, 4);
  assert.deepEqual(described(events), ['put /p/a@2', 'put /p/a@4', 'delete /p/a@5', 'put /p/a@6']);
  assert.deepEqual(
    events.map(({ previous }) => previous?.revision),
    [undefined, 2, 4, undefined],
  );
  assert.deepEqual(encoded(events[2]?.object), object('a', { n: 2 }, '5'));
});

test('watch shows the final state that a deletion names', async () => {
  const { store } = await newFixture();
  await putObject(store, '/a');
  const watch = store.watch('/', 2, never);
  await store.transact('/a', () => ({ delete: true, final: object('a', { last: true }) }));
  const [event] = await take(watch, 1);
  assert.equal(event?.object.value['last'], true);
});

test('watch resumes after any revision that is still held, and goes on live', async () => {
  const { store } = await newFixture();
  for (let i = 0; i < 5; i++) await putObject(store, `/p/${i}`);
  for (let after = 1; after <= 6; after++) {
    const events = await drain(store.watch('/p/', after, never), store);
    assert.deepEqual(
      events.map(({ revision }) => revision),
      [2, 3, 4, 5, 6].filter((revision) => revision > after),
    );
  }
  const watch = store.watch('/p/', 4, never);
  await putObject(store, '/p/live');
  assert.deepEqual(described(await take(watch, 3)), ['put /p/3@5', 'put /p/4@6', 'put /p/live@7']);
});

test('watch expires when its revision is compacted, or comes from another store', async () => {
  const { store } = await newFixture();
  for (let i = 0; i < 4; i++) await putObject(store, '/a');
  await store.compact(4);
  await assert.rejects(take(store.watch('/', 3, never), 1), {
    reason: 'Expired',
    message: 'too old resource version: 3 (4)',
  });
  await assert.rejects(take(store.watch('/', 900, never), 1), { reason: 'Expired' });
  assert.deepEqual(described(await take(store.watch('/', 4, never), 1)), ['put /a@5']);
});

test('watch resumes after a restart from every revision that the journal holds', async () => {
  const fixture = await newFixture();
  for (let i = 0; i < 4; i++) await putObject(fixture.store, '/a');
  await fixture.store.compact(3);
  const { store } = await fixture.reopen();
  await assert.rejects(take(store.watch('/', 2, never), 1), { reason: 'Expired' });
  const events = await drain(store.watch('/', 3, never), store);
  assert.deepEqual(described(events), ['put /a@4', 'put /a@5']);
  assert.equal(events[0]?.previous?.revision, 3);
});

test('watch ends when its signal aborts, and when its reader leaves', async () => {
  const { store } = await newFixture();
  const abort = new AbortController();
  const waiting = take(store.watch('/', 1, abort.signal), 1);
  const buffered = store.watch('/', 1, abort.signal);
  await putObject(store, '/a');
  assert.equal((await waiting).length, 1);
  const idle = take(store.watch('/', 2, abort.signal), 1);
  abort.abort();
  assert.deepEqual(await idle, []);
  assert.deepEqual(await take(buffered, 1), []);
  assert.deepEqual(await take(store.watch('/', 1, abort.signal), 1), []);
  for await (const events of store.watch('/', 1, never)) {
    assert.equal(events.length, 1);
    break;
  }
});

test('watch closes a reader that is too slow with Expired; the others go on', async () => {
  const { store } = await newFixture({ limits: { watcherMaxBufferedEvents: 5 } });
  const slow = store.watch('/', 1, never);
  const awake = store.watch('/', 1, never);
  const seen: StoreEvent[] = [];
  for (let i = 0; i < 6; i++) {
    await putObject(store, `/${i}`);
    seen.push(...(await drain(awake, store)));
  }
  assert.equal(seen.length, 6);
  await assert.rejects(take(slow, 1), { reason: 'Expired' });
  assert.equal((await take(store.watch('/', 1, never), 6)).length, 6, 'it resumes where it was');
});

test('watch does not count what happened before it against its buffer', async () => {
  const { store } = await newFixture({ limits: { watcherMaxBufferedEvents: 5 } });
  for (let i = 0; i < 20; i++) await putObject(store, `/${i}`);
  const watch = store.watch('/', 1, never);
  for (let i = 0; i < 5; i++) await putObject(store, `/${i}`);
  assert.equal((await drain(watch, store)).length, 25);
});

test('watch says up to which revision it has handed out everything', async () => {
  const { store } = await newFixture();
  const watch = store.watch('/p/', 1, never);
  await putObject(store, '/q/unseen');
  assert.equal(watch.deliveredRevision, 2);
  await putObject(store, '/p/a');
  await putObject(store, '/q/unseen');
  assert.equal(watch.deliveredRevision, 2, 'the event of revision 3 still waits');
  await take(watch, 1);
  assert.equal(watch.deliveredRevision, 4);
});

test('watch serves prefixes of every shape', async () => {
  const { store } = await newFixture();
  const prefixes = ['', '/', '/pods/', '/pods/default/', '/pods/default/web-1', '/po', '/services/'];
  const watches = prefixes.map((prefix) => store.watch(prefix, 1, never));
  const keys = ['/pods/default/web-1', '/pods/default/web-10', '/pods/other/web-1', '/policies/x', 'bare'];
  await Promise.all(keys.map((key) => putObject(store, key)));
  for (const [i, watch] of watches.entries()) {
    const events = await drain(watch, store);
    assert.deepEqual(
      events.map(({ key }) => key),
      keys.filter((key) => key.startsWith(prefixes[i]!)),
    );
  }
});

test('watch shares one event and one batch between its readers', async () => {
  const { store } = await newFixture();
  const [one, two] = [store.watch('/p/', 1, never), store.watch('/p/', 1, never)];
  await putObject(store, '/p/a');
  const first = await one![Symbol.asyncIterator]().next();
  const second = await two![Symbol.asyncIterator]().next();
  assert.equal(first.value, second.value);
});

const BY_NODE: ObjectIndex = { prefix: '/pods/', valueOf: ({ node = '' }) => node as string };

test('watch of an indexed value hears of what has it, and once of what had it', async () => {
  const { store } = await newFixture();
  const scope = { prefix: '/pods/', indexed: { index: BY_NODE, value: 'n1' } };
  const [n1, all] = [store.watch(scope, 1, never), store.watch('/pods/', 1, never)];
  await putObject(store, '/pods/a');
  await putObject(store, '/pods/a', { node: 'n1' });
  await putObject(store, '/pods/b', { node: 'n2' });
  await putObject(store, '/pods/a', { node: 'n2' });
  await putObject(store, '/pods/a', { node: 'n2', n: 2 });
  await putObject(store, '/pods/b', { node: 'n1' });
  await remove(store, '/pods/b');
  const expected = ['put /pods/a@3', 'put /pods/a@5', 'put /pods/b@7', 'delete /pods/b@8'];
  assert.deepEqual(described(await drain(n1, store)), expected);
  assert.deepEqual(
    described(await drain(store.watch(scope, 1, never), store)),
    expected,
    'a resumed one too',
  );
  assert.equal((await drain(all, store)).length, 7);
});

test('watch of one key hears of that key alone', async () => {
  const { store } = await newFixture();
  const watch = store.watch({ prefix: '/nodes/n1', exact: true }, 1, never);
  for (const key of ['/nodes/n1', '/nodes/n10', '/nodes/n1/x']) await putObject(store, key);
  await remove(store, '/nodes/n1');
  assert.deepEqual(described(await drain(watch, store)), ['put /nodes/n1@2', 'delete /nodes/n1@5']);
});

test('watch resumes without looking at what does not concern it', async () => {
  const { store } = await newFixture();
  let asked = 0;
  const index: ObjectIndex = {
    prefix: '/all/pods/',
    valueOf: (value) => {
      asked++;
      return BY_NODE.valueOf(value);
    },
  };
  const resume = (node: string, after: number) => {
    const scope = { prefix: '/all/pods/', indexed: { index, value: node } };
    return drain(store.watch(scope, after, never), store);
  };
  for (let i = 0; i < 50; i++) await putObject(store, `/all/pods/x/${i}`, { node: `n${i % 10}` });
  assert.deepEqual(described(await resume('n3', 40)), ['put /all/pods/x/43@45'], 'made on first use');
  await putObject(store, '/all/pods/x/3', { node: 'n4' });
  await remove(store, '/all/pods/x/13');
  asked = 0;
  const seen = ['put /all/pods/x/43@45', 'put /all/pods/x/3@52', 'delete /all/pods/x/13@53'];
  assert.deepEqual(described(await resume('n3', 40)), seen);
  assert.ok(asked <= 6, `${asked} values read for three events`);
  await store.compact(52);
  assert.deepEqual(described(await resume('n3', 52)), ['delete /all/pods/x/13@53']);
  assert.deepEqual(described(await resume('n4', 52)), []);
});

test('WatchHub asks only the watchers that a version can concern', async () => {
  const { store } = await newFixture();
  let asked = 0;
  const index: ObjectIndex = {
    prefix: '/pods/',
    valueOf: (value) => {
      asked++;
      return BY_NODE.valueOf(value);
    },
  };
  const watches = Array.from({ length: 500 }, (_, i) =>
    store.watch({ prefix: '/pods/', indexed: { index, value: `n${i}` } }, 1, never),
  );
  await putObject(store, '/pods/a', { node: 'n7' });
  await putObject(store, '/pods/a', { node: 'n8' });
  assert.equal(asked, 3, 'each value is read once, however many watch');
  const seen = await Promise.all(watches.map((watch) => drain(watch, store)));
  assert.deepEqual(
    seen.flatMap((events, i) => events.map(({ revision }) => `n${i}@${revision}`)),
    ['n7@2', 'n7@3', 'n8@3'],
  );
});
