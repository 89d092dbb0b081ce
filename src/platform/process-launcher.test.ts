import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import type { ChildSpec } from '../keeper/child-spec.ts';
import type { ProcessIdentity, RunningProcess } from '../keeper/process-launcher.ts';
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

const unrecorded = () => {};

test('ProcessLauncher.start writes the output to the log file and tells the exit code', async () => {
  const { launcher, logDirectory } = newLauncher();
  const child = await launcher.start(
    nodeChild('console.log("out"); console.error("err"); process.exit(3)'),
    unrecorded,
  );
  assert.deepEqual(await child.exited, { code: 3 });
  assert.equal(readFileSync(join(logDirectory, 'child.log'), 'utf8'), 'out\nerr\n');
});

test('ProcessLauncher.start rejects for a program that does not exist', async () => {
  const { launcher } = newLauncher();
  await assert.rejects(launcher.start({ ...nodeChild(''), command: ['/no/such/program'] }, unrecorded), {
    code: 'ENOENT',
  });
});

test('ProcessLauncher.adopt watches and signals a living process, and no other with its pid', async () => {
  const { launcher } = newLauncher();
  const child = await launcher.start(nodeChild('setInterval(() => {}, 1000)'), unrecorded);
  processes.push(child);
  const adopted = launcher.adopt(child.identity);
  assert.ok(adopted);
  assert.equal(launcher.adopt({ ...child.identity, startId: 'another boot/1' }), undefined);
  adopted.signal('kill');
  await adopted.exited;
  assert.deepEqual(await child.exited, { signal: 'SIGKILL' });
  assert.equal(launcher.adopt(child.identity), undefined);
});

test('ProcessLauncher.start lets a child run that has been written down, and no other', async () => {
  const { launcher, logDirectory } = newLauncher();
  const script = 'console.log("it runs")';
  let recorded: number | undefined;
  const child = await launcher.start(nodeChild(script), ({ pid }) => {
    recorded = pid;
    assert.equal(readFileSync(join(logDirectory, 'child.log'), 'utf8'), '');
  });
  await child.exited;
  assert.equal(recorded, child.identity.pid);
  assert.equal(readFileSync(join(logDirectory, 'child.log'), 'utf8'), 'it runs\n');
  const dies = new URL('process-launcher-dies.fixture.ts', import.meta.url).pathname;
  const keeper = spawnSync(process.execPath, [dies, logDirectory, script], { encoding: 'utf8' });
  assert.equal(keeper.signal, 'SIGKILL');
  const orphan = JSON.parse(keeper.stdout) as ProcessIdentity;
  for (let i = 0; i < 100 && isAlive(orphan); i++) await systemClock.sleep(50, new AbortController().signal);
  assert.equal(isAlive(orphan), false);
  assert.equal(readFileSync(join(logDirectory, 'child.log'), 'utf8'), 'it runs\n');
});

test('ownIdentity names this process', () => {
  assert.equal(isAlive(ownIdentity()), true);
});
