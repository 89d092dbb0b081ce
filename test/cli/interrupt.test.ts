// Ctrl-C in a terminal reaches every process of the foreground group, and npm and `npm start` pass it on as well.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../..');
const DEADLINE_MS = 120_000;

test('npm start ends in order on Ctrl-C, and leaves no process', { timeout: DEADLINE_MS }, async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'kintsugi-interrupt-'));
  const args = [path.join(ROOT, 'tools/start.ts'), '--data-dir', dataDir, '--api-port', '0'];
  const start = spawn(process.execPath, args, {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const guard = startGuard(dataDir);
  let said = '';
  start.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  try {
    await new Promise<void>((resolve) => {
      start.stdout.on('data', (chunk: Buffer) => chunk.includes('created') && resolve());
    });
    process.kill(-start.pid!, 'SIGINT');
    const [code] = (await once(start, 'exit')) as [number];
    assert.equal(code, 0, said);
    assert.match(said, /kintsugi: stopped; everything is kept/);
    assert.deepEqual(processesOn(dataDir), []);
  } finally {
    guard.stdin.end();
    await once(guard, 'exit');
  }
});

/** Takes the cluster down when its standard input ends: with the test, or with the process of the test. */
function startGuard(dataDir: string) {
  const script = 'cat >/dev/null; "$0" down --data-dir "$1" >/dev/null 2>&1; rm -rf "$1"';
  const args = ['-c', script, path.join(ROOT, 'bin/kintsugi'), dataDir];
  return spawn('sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
}

function processesOn(dataDir: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const programs = pids.map(Number).filter((pid) => commandLineOf(pid).includes(dataDir));
  return programs.filter((pid) => !commandLineOf(pid).startsWith('sh\0'));
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
}
