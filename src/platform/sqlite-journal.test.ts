import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { deletion, describeJournalContract, put } from '../store/journal.contract.ts';
import type { Journal } from '../store/journal.ts';
import { JournalRefusedError } from './sqlite-errors.ts';
import { openSqliteJournal } from './sqlite-journal.ts';

const never = new AbortController().signal;

describeJournalContract('SqliteJournal', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-journal-'));
  return {
    open: () => openSqliteJournal({ directory }),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});

test('openSqliteJournal keeps its directory and its file from other users', async (t) => {
  const directory = join(await newDirectory(t), 'data', 'store');
  await filled(directory);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  assert.equal((await stat(join(directory, 'store.db'))).mode & 0o777, 0o600);
});

test('openSqliteJournal refuses a directory that is in use, and leaves its owner alone', async (t) => {
  const directory = await newDirectory(t);
  const owner = openSqliteJournal({ directory });
  await owner.load(never);
  await refusal(directory, /store\.db is in use by another process: stop that one/);
  await owner.commit({ records: [put('/a', 2, 0)] });
  await owner.close();
  const next = openSqliteJournal({ directory });
  assert.equal((await next.load(never)).revision, 2);
  await next.close();
});

test('openSqliteJournal refuses a newer format and names both', async (t) => {
  const directory = await newDirectory(t);
  await filled(directory);
  edit(directory, 'PRAGMA user_version = 7');
  await refusal(directory, /has format 7, written by a newer Kintsugi; this one reads up to format 1/);
});

test('openSqliteJournal refuses what is not its own file', async (t) => {
  const directory = await newDirectory(t);
  await writeFile(join(directory, 'store.db'), 'apiVersion: v1\nkind: List\n'.repeat(500));
  await refusal(directory, /store\.db is not a Kintsugi store, or is damaged/);
  await rm(join(directory, 'store.db'));
  edit(directory, 'CREATE TABLE other (a)');
  await refusal(directory, /store\.db is not a Kintsugi store/);
});

test('openSqliteJournal refuses a file that was cut off', async (t) => {
  const directory = await newDirectory(t);
  const file = join(directory, 'store.db');
  await filled(directory);
  await truncate(file, Math.floor((await stat(file)).size / 2));
  await refusal(directory, /store\.db is damaged: restore it from a copy/);
});

test('openSqliteJournal refuses a record whose bytes have changed', async (t) => {
  const directory = await newDirectory(t);
  const file = join(directory, 'store.db');
  await filled(directory);
  const content = await readFile(file);
  const at = content.indexOf('/pods/web-50');
  assert.ok(at > 0);
  content.write('/pods/web-51', at);
  await writeFile(file, content);
  await refusal(directory, /is damaged: revision \d+ does not match its checksum/);
});

test('openSqliteJournal opens a file whose creation was cut off before anything was in it', async (t) => {
  const directory = await newDirectory(t);
  await writeFile(join(directory, 'store.db'), '');
  const journal = openSqliteJournal({ directory });
  assert.equal((await journal.load(never)).revision, 0);
  await journal.close();
});

test('openSqliteJournal ignores a log whose end was cut off: what was before it stays', async (t) => {
  const directory = await newDirectory(t);
  const journal = openSqliteJournal({ directory });
  await journal.load(never);
  for (let revision = 2; revision < 12; revision++)
    await journal.commit({ records: [put('/a', revision, 0)] });
  // A copy of the files at this moment is what a killed process leaves.
  const copy = await newDirectory(t);
  const log = await readFile(join(directory, 'store.db-wal'));
  await writeFile(join(copy, 'store.db'), await readFile(join(directory, 'store.db')));
  await writeFile(join(copy, 'store.db-wal'), log.subarray(0, log.length - 1000));
  await journal.close();
  const survivor = openSqliteJournal({ directory: copy });
  assert.equal((await survivor.load(never)).revision, 10);
  await survivor.close();
});

test('openSqliteJournal says why it cannot make its directory', async (t) => {
  const directory = await newDirectory(t);
  await writeFile(join(directory, 'file'), '');
  await refusal(join(directory, 'file', 'data'), /a part of its path is not a directory/);
});

test('openSqliteJournal says when it may not write', {
  skip: process.getuid?.() === 0 && 'root may',
}, async (t) => {
  const directory = await newDirectory(t);
  await chmod(directory, 0o500);
  await refusal(directory, /this user/);
  await chmod(directory, 0o700);
});

test('SqliteJournal finishes after a restart what a compaction left undone', async (t) => {
  const directory = await newDirectory(t);
  await filled(directory);
  edit(directory, 'UPDATE horizon SET compacted_revision = 50');
  const journal = openSqliteJournal({ directory });
  const before = await journal.load(never);
  assert.equal(before.compactedRevision, 50);
  const newest = before.revision;
  await journal.commit({ records: [deletion('/pods/web-3', newest + 1, 4)] });
  await journal.compact(newest + 1);
  await journal.close();
  const next = openSqliteJournal({ directory });
  const { records } = await next.load(never);
  assert.equal([...records].length, 98);
  await next.close();
});

test('SqliteJournal reuses the space of what was compacted', async (t) => {
  const directory = await newDirectory(t);
  const journal = openSqliteJournal({ directory });
  await journal.load(never);
  const sizes: number[] = [];
  let revision = 1;
  for (let round = 0; round < 6; round++) {
    for (let batch = 0; batch < 10; batch++) {
      const records = Array.from({ length: 100 }, () => {
        revision++;
        const value = new Uint8Array(3300);
        return { ...put('/a', revision, revision === 2 ? 0 : revision - 1), value };
      });
      await journal.commit({ records });
    }
    await journal.compact(revision);
    sizes.push((await stat(join(directory, 'store.db'))).size);
  }
  await journal.close();
  assert.ok(sizes[5]! < 3 * sizes[1]!, `the file grows: ${sizes.join(', ')}`);
});

async function newDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-journal-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A closed journal with 99 Pods of 3 KB in `directory`. */
async function filled(directory: string): Promise<void> {
  const journal: Journal = openSqliteJournal({ directory });
  await journal.load(never);
  const records = Array.from({ length: 99 }, (_, i) => put(`/pods/web-${i + 1}`, i + 2, 0, 'x'.repeat(3000)));
  await journal.commit({ records });
  await journal.close();
}

function edit(directory: string, sql: string): void {
  const database = new DatabaseSync(join(directory, 'store.db'));
  database.exec(sql);
  database.close();
}

async function refusal(directory: string, message: RegExp): Promise<void> {
  const journal = openSqliteJournal({ directory });
  await assert.rejects(journal.load(never), (error) => {
    assert.ok(error instanceof JournalRefusedError);
    assert.match(error.message, message);
    return true;
  });
  await journal.close();
}
