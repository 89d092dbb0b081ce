import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { newFixture, putObject, remove } from './store.fixture.ts';

const MINUTE_MS = 60_000;

async function newRunning(limits: object = {}) {
  const clock = newSimulatedClock();
  const fixture = await newFixture({ clock, limits });
  const abort = new AbortController();
  const running = fixture.store.run(abort.signal);
  const stop = async () => {
    abort.abort();
    await running;
    assert.equal(clock.pendingTimers, 0);
  };
  return { ...fixture, clock, stop };
}

test('runCompaction forgets what was replaced before the previous interval', async () => {
  const { store, disk, clock, stop } = await newRunning();
  for (let i = 0; i < 3; i++) await putObject(store, '/a');
  await clock.advance(5 * MINUTE_MS);
  assert.equal(store.compactedRevision, 1, 'what happened within one interval stays');
  await putObject(store, '/a');
  await clock.advance(5 * MINUTE_MS);
  assert.equal(store.compactedRevision, 4);
  assert.deepEqual(
    disk.records.map(({ revision }) => revision),
    [4, 5],
  );
  await clock.advance(5 * MINUTE_MS);
  assert.equal(store.compactedRevision, 5);
  await stop();
});

test('runCompaction halves a history that is too long, at once', async () => {
  const { store, clock, stop } = await newRunning({ historyMaxRecords: 10 });
  for (let i = 0; i < 11; i++) await putObject(store, '/a');
  await clock.settle();
  assert.equal(store.compactedRevision, 7);
  for (let i = 0; i < 3; i++) await putObject(store, '/a');
  await clock.settle();
  assert.equal(store.compactedRevision, 7);
  await stop();
});

test('runCompaction halves a history that is too large, at once', async () => {
  const { store, clock, stop } = await newRunning({ historyMaxBytes: 10_000 });
  for (let i = 0; i < 11; i++) await putObject(store, '/a', { padding: 'x'.repeat(1000) });
  await clock.settle();
  assert.ok(store.compactedRevision > 4);
  await stop();
});

test('runCompaction tries again when the journal cannot compact', async () => {
  const { store, journal, clock, stop } = await newRunning({ historyMaxRecords: 4 });
  for (let i = 0; i < 4; i++) await putObject(store, '/a');
  journal.hold();
  const last = putObject(store, '/a');
  journal.release();
  await last;
  journal.becomeUnavailable();
  await clock.settle();
  assert.equal(store.compactedRevision, 0);
  journal.recover();
  await clock.advance(10_000);
  assert.equal(store.compactedRevision, 4);
  await stop();
});

test('compact drops deleted keys and keeps the newest version of the others', async () => {
  const { store, disk } = await newFixture();
  await putObject(store, '/a');
  await putObject(store, '/a');
  await putObject(store, '/gone');
  await remove(store, '/gone');
  await putObject(store, '/back');
  await remove(store, '/back');
  await store.compact(store.revision);
  await putObject(store, '/back');
  assert.deepEqual(
    disk.records.map(({ key }) => key),
    ['/a', '/back'],
  );
  assert.equal(store.list({ prefix: '/', revision: 7 }).objects.length, 1);
  assert.equal(store.list({ prefix: '/' }).objects.length, 2);
});

test('compact at a revision in the middle keeps every list from there on', async () => {
  const { store } = await newFixture();
  const keysAt = (revision: number) => store.list({ prefix: '/', revision }).objects.map(({ key }) => key);
  await putObject(store, '/a');
  await remove(store, '/a');
  await putObject(store, '/b');
  await putObject(store, '/a');
  await remove(store, '/b');
  const before = [3, 4, 5, 6].map(keysAt);
  await store.compact(3);
  assert.deepEqual([3, 4, 5, 6].map(keysAt), before);
  assert.deepEqual(before, [[], ['/b'], ['/a', '/b'], ['/a']]);
});
