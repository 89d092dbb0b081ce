import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import type { ChildSpec } from '../keeper/child-spec.ts';
import type { RunningProcess } from '../keeper/process-launcher.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import { newProcessLauncher } from './process-launcher.ts';
import { systemClock } from './system-clock.ts';

const directories: string[] = [];
const processes: RunningProcess[] = [];
afterEach(async () => {
  for (const child of processes.splice(0)) {
    child.signal('kill');
    await child.exited;
  }
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function newLauncher() {
  const logDirectory = mkdtempSync(join(tmpdir(), 'kintsugi-launcher-'));
  directories.push(logDirectory);
  return { logDirectory, launcher: newProcessLauncher({ logDirectory, clock: systemClock }) };
}

function nodeChild(script: string): ChildSpec {
  const command = [process.execPath, '-e', script];
  return { name: 'child', command, env: {}, stopOrder: 0, stopTimeoutMs: 1_000 };
}

test('ProcessLauncher.start writes the output to the log file and tells the exit code', async () => {
  const { launcher, logDirectory } = newLauncher();
  const child = await launcher.start(nodeChild('console.log("out"); console.error("err"); process.exit(3)'));
  assert.deepEqual(await child.exited, { code: 3 });
  assert.equal(readFileSync(join(logDirectory, 'child.log'), 'utf8'), 'out\nerr\n');
});

test('ProcessLauncher.start rejects for a program that does not exist', async () => {
  const { launcher } = newLauncher();
  await assert.rejects(launcher.start({ ...nodeChild(''), command: ['/no/such/program'] }), {
    code: 'ENOENT',
  });
});

test('ProcessLauncher.adopt watches and signals a living process, and no other with its pid', async () => {
  const { launcher } = newLauncher();
  const child = await launcher.start(nodeChild('setInterval(() => {}, 1000)'));
  processes.push(child);
  const adopted = launcher.adopt(child.identity);
  assert.ok(adopted);
  assert.equal(launcher.adopt({ ...child.identity, startId: 'another boot/1' }), undefined);
  adopted.signal('kill');
  await adopted.exited;
  assert.deepEqual(await child.exited, { signal: 'SIGKILL' });
  assert.equal(launcher.adopt(child.identity), undefined);
});

test('ownIdentity names this process', () => {
  assert.equal(isAlive(ownIdentity()), true);
});
