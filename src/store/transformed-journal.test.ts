import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeJournalContract, put } from './journal.contract.ts';
import type { JournalBatch } from './journal.ts';
import { MemoryJournal, newMemoryDisk } from './memory-journal.ts';
import { TransformedJournal, type ValueTransform } from './transformed-journal.ts';

/** Turns the bits of what is below `/a`. */
const turned: ValueTransform = {
  covers: (key) => key.startsWith('/a'),
  seal: (_, value) => value.map((byte) => byte ^ 0xff),
  open: (key, value) => (key.startsWith('/a') ? value.map((byte) => byte ^ 0xff) : value),
};

describeJournalContract('TransformedJournal', async () => {
  const disk = newMemoryDisk();
  return { open: () => new TransformedJournal(new MemoryJournal(disk), turned), dispose: async () => {} };
});

test('TransformedJournal hands on what it does not cover, without a copy', async () => {
  const inner = new MemoryJournal();
  const given: JournalBatch[] = [];
  const commit = inner.commit.bind(inner);
  inner.commit = (batch) => {
    given.push(batch);
    return commit(batch);
  };
  const journal = new TransformedJournal(inner, turned);
  await journal.load(new AbortController().signal);
  const plain = { records: [put('/b', 2, 0)] };
  const mixed = { records: [put('/b', 3, 2), put('/a', 4, 0, 'secret')] };
  await journal.commit(plain);
  await journal.commit(mixed);
  assert.equal(given[0], plain);
  assert.equal(given[1]!.records[0], mixed.records[0]);
  assert.notDeepEqual(given[1]!.records[1]!.value, mixed.records[1]!.value);
  assert.deepEqual(given[1]!.records[1]!.revision, 4);
});
