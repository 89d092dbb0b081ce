import assert from 'node:assert/strict';
import fs, { readlinkSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { put } from '../store/journal.contract.ts';
import { JournalDatabase } from './sqlite-journal-database.ts';
import { unpackRecords } from './sqlite-journal-frames.ts';

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

test('JournalDatabase.rewrite changes every value and leaves nothing of the old ones in its files', async (t) => {
  const directory = await newDirectory(t);
  const path = join(directory, 'store.db');
  const old = new JournalDatabase(path);
  const secret = 'old-and-plain '.repeat(100);
  old.commit(Array.from({ length: 500 }, (_, i) => put(`/a/${i}`, i + 2, 0, secret)));
  old.commit([put('/b', 502, 0, 'stays')]);
  old.close();
  const changed = (key: string) => (key.startsWith('/a') ? Buffer.from(`new ${key}`) : undefined);
  const cutShort = new JournalDatabase(path);
  const failing = (key: string) => {
    if (key === '/a/300') throw new Error('cut short');
    return changed(key);
  };
  assert.throws(() => cutShort.rewrite(failing), /cut short/);
  cutShort.close();
  const database = new JournalDatabase(path);
  assert.deepEqual(database.rewrite(changed), { rewritten: 500, total: 501 });
  database.close();
  for (const name of await readdir(directory))
    assert.ok(!(await readFile(join(directory, name))).includes('old-and-plain'), name);
  const reopened = new JournalDatabase(path);
  const { revision, chunks } = reopened.load();
  assert.equal(revision, 502);
  const records = chunks.flatMap((chunk) => [...unpackRecords(chunk)]);
  assert.deepEqual(
    [records[0]!, records[500]!].map(({ key, value }) => [key, Buffer.from(value).toString()]),
    [
      ['/a/0', 'new /a/0'],
      ['/b', Buffer.from(put('/b', 502, 0, 'stays').value).toString()],
    ],
  );
  reopened.close();
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
