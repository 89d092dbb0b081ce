import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { askLiveness, openLivenessSocket } from './liveness-socket.ts';

const never = new AbortController().signal;

async function newDirectory(t: TestContext, ...below: string[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'kintsugi-liveness-'));
  t.after(() => rm(root, { recursive: true }));
  const directory = join(root, ...below);
  await mkdir(directory, { recursive: true });
  return directory;
}

test('askLiveness hears what the process says at that moment', async (t) => {
  const directory = await newDirectory(t);
  const socket = await openLivenessSocket(directory, 'server.sock');
  assert.equal(await askLiveness(directory, 'server.sock', never), 'starting');
  socket.becomeReady();
  assert.equal(await askLiveness(directory, 'server.sock', never), 'ready');
  socket.close();
  await assert.rejects(askLiveness(directory, 'server.sock', never), { code: 'ENOENT' });
});

test('openLivenessSocket works in a directory whose path is longer than a socket may have', async (t) => {
  const directory = await newDirectory(t, 'd'.repeat(100), 'e'.repeat(100));
  const socket = await openLivenessSocket(directory, 'server.sock');
  assert.equal(await askLiveness(directory, 'server.sock', never), 'starting');
  socket.close();
});

test('openLivenessSocket takes the place of what a killed process left', async (t) => {
  const directory = await newDirectory(t);
  await writeFile(join(directory, 'server.sock'), '');
  const socket = await openLivenessSocket(directory, 'server.sock');
  assert.equal(await askLiveness(directory, 'server.sock', never), 'starting');
  socket.close();
  assert.equal(existsSync(join(directory, 'server.sock')), false);
});

test('askLiveness rejects with the reason of its signal when nothing answers in time', async (t) => {
  const directory = await newDirectory(t);
  // Accepts and says nothing, as a hung process does.
  const hung = createServer(() => {}).listen(join(directory, 'server.sock'));
  t.after(() => hung.close());
  const deadline = new AbortController();
  const asked = askLiveness(directory, 'server.sock', deadline.signal);
  deadline.abort(new Error('too late'));
  await assert.rejects(asked, /too late/);
});
