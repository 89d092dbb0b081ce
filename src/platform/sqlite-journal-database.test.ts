import assert from 'node:assert/strict';
import fs, { readlinkSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { put } from '../store/journal.contract.ts';
import { JournalDatabase } from './sqlite-journal-database.ts';

test('JournalDatabase flushes the log that a killed process left before it shows what is in it', {
  skip: process.platform !== 'linux' && 'needs /proc to tell which file was flushed',
}, async (t) => {
  const directory = await newDirectory(t);
  const killed = new JournalDatabase(join(directory, 'store.db'));
  killed.commit([put('/a', 2, 0)]);
  const left = await newDirectory(t);
  await cp(directory, left, { recursive: true });
  killed.close();
  const flushed = recordFlushes(t);
  const database = new JournalDatabase(join(left, 'store.db'));
  assert.deepEqual(flushed, [join(left, 'store.db-wal'), left]);
  assert.equal(database.load().revision, 2);
  database.close();
});

async function newDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-journal-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** The files that Node flushes from now on (SQLite's own flushes do not pass here). */
function recordFlushes(t: TestContext): string[] {
  const flushed: string[] = [];
  const { fsyncSync } = fs;
  fs.fsyncSync = (descriptor) => {
    flushed.push(readlinkSync(`/proc/self/fd/${descriptor}`));
    fsyncSync(descriptor);
  };
  syncBuiltinESMExports();
  t.after(() => {
    fs.fsyncSync = fsyncSync;
    syncBuiltinESMExports();
  });
  return flushed;
}
