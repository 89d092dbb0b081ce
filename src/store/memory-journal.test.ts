import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeJournalContract, put } from './journal.contract.ts';
import { JournalUnavailableError } from './journal.ts';
import { MemoryJournal, newMemoryDisk } from './memory-journal.ts';

const never = new AbortController().signal;

for (const keepsRecords of [false, true]) {
  const name = keepsRecords ? 'MemoryJournal that keeps records' : 'MemoryJournal';
  describeJournalContract(name, async () => {
    const disk = newMemoryDisk({ keepsRecords });
    return { open: () => new MemoryJournal(disk), dispose: async () => {} };
  });
}

test('MemoryJournal loses a commit that a crash overtakes', async () => {
  const disk = newMemoryDisk();
  const journal = new MemoryJournal(disk);
  await journal.load(never);
  await journal.commit({ records: [put('/a', 2, 0)] });
  journal.hold();
  let settled = false;
  const settle = () => {
    settled = true;
  };
  journal.commit({ records: [put('/b', 3, 0)] }).then(settle, settle);
  journal.crash();
  const { revision } = await new MemoryJournal(disk).load(never);
  assert.equal(revision, 2);
  assert.equal(settled, false);
});

test('MemoryJournal writes nothing while it is unavailable, and writes again after', async () => {
  const disk = newMemoryDisk();
  const journal = new MemoryJournal(disk);
  await journal.load(never);
  journal.becomeUnavailable();
  await assert.rejects(journal.commit({ records: [put('/a', 2, 0)] }), JournalUnavailableError);
  assert.equal(disk.records.length, 0);
  journal.recover();
  await journal.commit({ records: [put('/a', 3, 0)] });
  assert.equal(disk.revision, 3);
});
