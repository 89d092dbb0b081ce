import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '../base/logger.ts';
import { type AuditLogFileOptions, openAuditLogFile } from './audit-log-file.ts';

const GRACE_MS = 10_000;

async function newDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-audit-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function options(directory: string, extra: Partial<AuditLogFileOptions> = {}): AuditLogFileOptions {
  return {
    path: join(directory, 'audit.log'),
    maxSizeBytes: 1_000_000,
    maxAgeDays: 0,
    maxBackups: 0,
    ...extra,
  };
}

/** All lines of all files, the oldest first. */
async function linesIn(directory: string): Promise<string[]> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.log')).sort();
  const ordered = [...files.filter((name) => name !== 'audit.log'), 'audit.log'];
  const texts = await Promise.all(ordered.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.join('').split('\n').slice(0, -1);
}

test('openAuditLogFile appends lines in order to a file of its owner only', async (t) => {
  const directory = await newDirectory(t);
  const written = Array.from({ length: 2_000 }, (_, index) => `{"line":${index}}`);
  for (const half of [written.slice(0, 1_000), written.slice(1_000)]) {
    const file = await openAuditLogFile(silentLogger, options(directory));
    for (const line of half) file.write(line);
    await file.close(GRACE_MS);
  }
  assert.deepEqual(await linesIn(directory), written);
  assert.equal((await stat(join(directory, 'audit.log'))).mode & 0o777, 0o600);
});

test('openAuditLogFile gives a full file up for a new one and loses no line', async (t) => {
  const directory = await newDirectory(t);
  const file = await openAuditLogFile(silentLogger, options(directory, { maxSizeBytes: 1_000 }));
  const written = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(90)}`);
  for (const line of written) file.write(line);
  await file.close(GRACE_MS);
  assert.deepEqual(await linesIn(directory), written);
  const names = await readdir(directory);
  assert.equal(names.length, 10);
  for (const name of names) assert.ok((await stat(join(directory, name))).size <= 1_000, name);
  assert.match(names[0]!, /^audit-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.log$/);
});

test('openAuditLogFile writes a line that is longer than a file may be', async (t) => {
  const directory = await newDirectory(t);
  const file = await openAuditLogFile(silentLogger, options(directory, { maxSizeBytes: 100 }));
  const written = ['a', 'b'.repeat(5_000), 'c'];
  for (const line of written) file.write(line);
  await file.close(GRACE_MS);
  assert.deepEqual(await linesIn(directory), written);
});

test('openAuditLogFile deletes old files by number and by age, and nothing else', async (t) => {
  const directory = await newDirectory(t);
  const old = 'audit-2020-01-02T03-04-05.006.log';
  for (const name of [old, 'audit-mine.log', 'other-2020-01-02T03-04-05.006.log'])
    await writeFile(join(directory, name), 'x\n');
  const limits = { maxSizeBytes: 100, maxAgeDays: 7, maxBackups: 2 };
  const file = await openAuditLogFile(silentLogger, options(directory, limits));
  assert.ok(!(await readdir(directory)).includes(old));
  for (let index = 0; index < 10; index++) file.write(`${index} ${'x'.repeat(90)}`);
  await file.close(GRACE_MS);
  const names = await readdir(directory);
  assert.equal(names.filter((name) => /^audit-20\d\d/.test(name)).length, 2);
  assert.ok(names.includes('audit-mine.log') && names.includes('other-2020-01-02T03-04-05.006.log'));
  assert.equal((await readFile(join(directory, 'audit.log'), 'utf8')).slice(0, 2), '9 ');
});

test('openAuditLogFile rejects where it cannot write', async (t) => {
  const directory = await newDirectory(t);
  await writeFile(join(directory, 'file'), '');
  const nowhere = options(join(directory, 'file', 'deeper'));
  await assert.rejects(openAuditLogFile(silentLogger, nowhere), /ENOTDIR|EEXIST/);
});

const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

test('AuditLogFile outlives a full disk, with whole lines only, and goes on when there is room', {
  skip: mayMount ? false : 'mounting a small file system takes root on Linux',
}, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-audit-'));
  t.after(() => spawnSync('umount', ['-l', directory]));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', directory]);
  if (mounted.status !== 0) return t.skip('mounting is not allowed here');
  await writeFile(join(directory, 'ballast'), Buffer.alloc(128 * 1024));
  const failures: string[] = [];
  const log = { ...silentLogger, error: (message: string) => void failures.push(message) };
  const file = await openAuditLogFile(log, options(directory));
  const written = Array.from({ length: 200 }, (_, index) => `${index} ${'x'.repeat(1_000)}`);
  for (const line of written) file.write(line);
  const deadlineMs = performance.now() + GRACE_MS;
  while (failures.length === 0 && performance.now() < deadlineMs) await delay(10);
  assert.deepEqual(failures, ['the audit log cannot be written']);
  const before = await readFile(join(directory, 'audit.log'), 'utf8');
  assert.ok(before === '' || before.endsWith('\n'), 'no line is cut off');
  await unlink(join(directory, 'ballast'));
  while ((await linesIn(directory)).length < 200 && performance.now() < deadlineMs) await delay(10);
  await file.close(GRACE_MS);
  assert.deepEqual(await linesIn(directory), written);
  assert.equal(file.dropped, 0);
});

test('AuditLogFile counts what its queue does not hold, and holds what it does', async (t) => {
  const directory = await newDirectory(t);
  const file = await openAuditLogFile(silentLogger, options(directory, { maxSizeBytes: 1 << 30 }));
  const line = 'x'.repeat(1024 * 1024 - 1);
  for (let index = 0; index < 40; index++) file.write(line);
  assert.equal(file.dropped, 8);
  await file.close(GRACE_MS);
  assert.equal((await stat(join(directory, 'audit.log'))).size, 32 * 1024 * 1024);
});
