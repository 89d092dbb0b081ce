import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataDirInUseError, lockDataDir } from './data-dir-lock.ts';

async function startHolder(dataDir: string): Promise<ChildProcess> {
  const script = `
    const { lockDataDir } = await import(${JSON.stringify(join(import.meta.dirname, 'data-dir-lock.ts'))});
    lockDataDir(${JSON.stringify(dataDir)});
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('lockDataDir refuses a directory in use, naming the process, and takes over when that is killed', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kintsugi-lock-'));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const holder = await startHolder(dataDir);
  t.after(() => holder.kill('SIGKILL'));
  assert.throws(
    () => lockDataDir(dataDir),
    (error) =>
      error instanceof DataDirInUseError && error.message.includes(`in use by process ${holder.pid}:`),
  );
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = lockDataDir(dataDir);
  assert.throws(() => lockDataDir(dataDir), DataDirInUseError);
  lock.release();
  lockDataDir(dataDir).release();
});
