/** Encryption at rest as a user meets it: no file of the data directory holds what is secret, whatever came before. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SECRETS } from '../../src/api/resources.ts';
import { newServerClient } from '../tools/server-client.ts';
import { launchServer, newDataDir, type ServerProcess, startServer } from '../tools/server-process.ts';
import { KINTSUGI } from '../tools/up-cluster.ts';

const { signal } = new AbortController();
/** As it stands in the JSON of a Secret, and as a careless copy would have it. */
const PASSWORD = 'correct-horse-battery-staple';
const TRACES = [PASSWORD, Buffer.from(PASSWORD).toString('base64')];

async function newUsedDir(t: TestContext): Promise<string> {
  const dataDir = await newDataDir();
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

async function writeSecret(server: ServerProcess, name: string): Promise<void> {
  const { client, close } = newServerClient(server);
  const metadata = { name, namespace: 'default' };
  const data = { password: TRACES[1]! };
  await client.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data }, signal);
  close();
}

async function passwordOf(server: ServerProcess, name: string): Promise<string | undefined> {
  const { client, close } = newServerClient(server);
  const { data } = await client.get(SECRETS, { namespace: 'default', name }, signal);
  close();
  return data?.['password'];
}

/** The files below `directory` that hold the password in any form. */
async function tracesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const content = await readFile(join(entry.parentPath, entry.name));
    if (TRACES.some((trace) => content.includes(trace))) found.push(entry.name);
  }
  return found;
}

function encrypt(dataDir: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(KINTSUGI, ['encrypt', '--data-dir', dataDir, ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('encrypt leaves no trace of what was plain, and what is written then never is', async (t) => {
  const dataDir = await newUsedDir(t);
  const first = await startServer({ dataDir });
  await writeSecret(first, 'before');
  await first.kill();
  assert.notDeepEqual(await tracesIn(dataDir), [], 'the search finds a plain Secret');
  const done = encrypt(dataDir, '--output', 'json');
  assert.equal(done.status, 0, done.stderr);
  const { configuration, rewritten } = JSON.parse(done.stdout) as {
    configuration: string;
    rewritten: number;
  };
  assert.equal(configuration, join(dataDir, 'encryption.yaml'));
  assert.equal((await stat(configuration)).mode & 0o777, 0o600);
  assert.equal(rewritten, 1);
  assert.deepEqual(await tracesIn(dataDir), []);
  const second = await startServer({ dataDir });
  await writeSecret(second, 'after');
  assert.deepEqual(await tracesIn(dataDir), [], 'while it runs');
  assert.equal(await passwordOf(second, 'before'), TRACES[1]);
  await second.kill();
  assert.deepEqual(await tracesIn(dataDir), [], 'after it was killed');
  const third = await startServer({ dataDir });
  assert.equal(await passwordOf(third, 'after'), TRACES[1]);
  const inUse = encrypt(dataDir);
  assert.equal(inUse.status, 1);
  assert.match(inUse.stderr, /store\.db is in use by another process/);
  await third.stop();

  const keyBefore = await readFile(configuration, 'utf8');
  assert.equal(encrypt(dataDir, '--rotate').status, 0);
  const keyAfter = await readFile(configuration, 'utf8');
  assert.ok(keyBefore.includes('key1') && keyAfter.includes('key2') && !keyAfter.includes('key1'));
  const fourth = await startServer({ dataDir });
  assert.equal(await passwordOf(fourth, 'before'), TRACES[1]);
  await fourth.stop();

  // The old key opens nothing any more, and a server with it says so.
  await writeFile(configuration, keyBefore);
  const wrong = await launchServer({ dataDir }).exited;
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.stderr,
    /^kintsugi: .*\/registry\/secrets\/default\/\S+ is encrypted with the key "key2", which the encryption configuration does not have/m,
  );
  await writeFile(configuration, keyBefore.replace('key1', 'key2'));
  const other = await launchServer({ dataDir }).exited;
  assert.match(other.stderr, /the secret of that name does not open it/);
  await rm(configuration);
  const none = await launchServer({ dataDir }).exited;
  assert.match(none.stderr, /and no encryption configuration covers it/);
  await writeFile(configuration, keyAfter, { mode: 0o600 });
  await chmod(configuration, 0o644);
  const open = await launchServer({ dataDir }).exited;
  assert.match(open.stderr, /encryption configuration .*: others may read it: chmod 600/);
});
