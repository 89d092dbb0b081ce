/** The journal on a disk that is really full: a small file system of its own, which takes root and Linux. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { put } from '../store/journal.contract.ts';
import { type Journal, JournalUnavailableError } from '../store/journal.ts';
import { openSqliteJournal } from './sqlite-journal.ts';

const never = new AbortController().signal;
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
const skip = mayMount ? false : 'mounting a small file system takes root on Linux';

test('SqliteJournal refuses writes while its disk is full and writes again when there is room', {
  skip,
}, async (t) => {
  const directory = await newSmallDisk(t);
  const ballast = join(directory, 'ballast');
  await writeFile(ballast, Buffer.alloc(3 * 1024 * 1024));
  const journal = openSqliteJournal({ directory });
  await journal.load(never);
  const written = await writeUntilFull(journal);
  await assert.rejects(journal.commit({ records: [large(1000)] }), JournalUnavailableError);
  await unlink(ballast);
  await journal.commit({ records: [large(1001)] });
  await journal.close();
  const next = openSqliteJournal({ directory });
  const { records } = await next.load(never);
  assert.deepEqual(
    Array.from(records, ({ revision }) => revision),
    [...written, 1001],
  );
  await next.close();
});

test('openSqliteJournal says that its disk is full', { skip }, async (t) => {
  const directory = await newSmallDisk(t);
  await writeFile(join(directory, 'ballast'), Buffer.alloc(16 * 1024 * 1024)).catch(() => {});
  const journal = openSqliteJournal({ directory: join(directory, 'data') });
  await assert.rejects(journal.load(never), {
    name: 'JournalRefusedError',
    message: /no space is left on its disk/,
  });
  await journal.close();
});

test('openSqliteJournal says that its file system is read-only', { skip }, async (t) => {
  const directory = await newSmallDisk(t);
  const journal = openSqliteJournal({ directory });
  await journal.load(never);
  await journal.close();
  mount(['-o', 'remount,ro', directory]);
  const reader = openSqliteJournal({ directory });
  await assert.rejects(reader.load(never), {
    name: 'JournalRefusedError',
    message: /file system is read-only/,
  });
  await reader.close();
});

async function newSmallDisk(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-small-disk-'));
  mount(['-t', 'tmpfs', '-o', 'size=6m', 'none', directory]);
  t.after(async () => {
    spawnSync('umount', ['--lazy', directory]);
    await rm(directory, { recursive: true, force: true });
  });
  return directory;
}

function mount(parameters: string[]): void {
  const { status, stderr } = spawnSync('mount', parameters, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** The revisions that were acknowledged before the disk was full. */
async function writeUntilFull(journal: Journal): Promise<number[]> {
  const written: number[] = [];
  for (let revision = 2; revision < 1000; revision++) {
    const full = await journal.commit({ records: [large(revision)] }).then(
      () => false,
      (error: unknown) => error instanceof JournalUnavailableError,
    );
    if (full) return written;
    written.push(revision);
  }
  return assert.fail('the disk never became full');
}

function large(revision: number) {
  return put(`/k${revision}`, revision, 0, 'x'.repeat(50_000));
}
