/** A server that cannot start says what, where and what to do, in one line, and ends with 1; what it found stays as it was. */
import assert from 'node:assert/strict';
import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, type TestContext, test } from 'node:test';
import { CONFIG_MAPS } from '../../src/api/resources.ts';
import { listenOn } from '../../src/platform/listen.ts';
import { newServerClient } from '../tools/server-client.ts';
import { launchServer, newDataDir, type ServerOptions, startServer } from '../tools/server-process.ts';
import { mountSmallDisk, smallDiskSkip } from '../tools/small-disk.ts';

const { signal } = new AbortController();
const DEADLINE_MS = 30_000;

/** A data directory that a server has used, with one ConfigMap in it. */
const used = await newDataDir();
after(() => rm(used, { recursive: true, force: true }));
{
  const server = await startServer({ dataDir: used });
  const { client, close } = newServerClient(server);
  const metadata = { name: 'kept', namespace: 'default' };
  await client.create(
    CONFIG_MAPS,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } },
    signal,
  );
  close();
  // Killed: what it leaves is what a crash leaves.
  await server.kill();
}

/** Sockets are no part of what is kept. */
function copyUsed(to: string): Promise<void> {
  return cp(used, to, { recursive: true, filter: (source) => !source.endsWith('.sock') });
}

async function copyOfUsed(t: TestContext): Promise<string> {
  const dataDir = await newDataDir();
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  await copyUsed(dataDir);
  return dataDir;
}

async function assertRefusesToStart(options: ServerOptions, says: RegExp): Promise<void> {
  const server = launchServer(options);
  const timer = setTimeout(() => void server.kill(), DEADLINE_MS);
  const { code, stderr, stdout } = await server.exited;
  clearTimeout(timer);
  assert.equal(code, 1, `${stderr}${stdout}`);
  assert.match(stderr, says);
  assert.equal(stderr.trimEnd().split('\n').length, 1, `one line: ${stderr}`);
  assert.match(stderr, /^kintsugi: /);
}

const assertHoldsWhatWasWritten = async (dataDir: string) => {
  const server = await startServer({ dataDir });
  const { client, close } = newServerClient(server);
  const kept = await client.get(CONFIG_MAPS, { namespace: 'default', name: 'kept' }, signal);
  assert.deepEqual(kept.data, { a: 'b' });
  close();
  await server.stop();
};

function editStore(dataDir: string, sql: string): void {
  const database = new DatabaseSync(join(dataDir, 'store', 'store.db'));
  database.exec(sql);
  database.close();
}

test('server refuses a data directory of a newer version, and leaves it to that one', async (t) => {
  const dataDir = await copyOfUsed(t);
  const file = join(dataDir, 'cluster.json');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/"format": ?\d+/, '"format": 9'));
  await assertRefusesToStart(
    { dataDir },
    /cluster\.json was written by a newer version of Kintsugi \(format 9, .*: use that version, or choose another --data-dir/,
  );
  await writeFile(file, text);
  await assertHoldsWhatWasWritten(dataDir);
});

test('server refuses a store of a newer version, and leaves it to that one', async (t) => {
  const dataDir = await copyOfUsed(t);
  editStore(dataDir, 'PRAGMA user_version = 7');
  await assertRefusesToStart(
    { dataDir },
    /store\.db has format 7, written by a newer Kintsugi; .*: use the newer program/,
  );
  editStore(dataDir, 'PRAGMA user_version = 1');
  await assertHoldsWhatWasWritten(dataDir);
});

test('server refuses a half-written cluster.json', async (t) => {
  const dataDir = await copyOfUsed(t);
  await writeFile(join(dataDir, 'cluster.json'), '{"format":1,');
  await assertRefusesToStart(
    { dataDir },
    /cluster\.json is damaged .*: restore it, or choose another --data-dir/,
  );
});

test('server refuses a half-written store', async (t) => {
  const dataDir = await copyOfUsed(t);
  // With everything in the main file, as after a clean stop.
  editStore(dataDir, 'PRAGMA wal_checkpoint(TRUNCATE)');
  await truncate(join(dataDir, 'store', 'store.db'), 40_000);
  await assertRefusesToStart(
    { dataDir },
    /store\.db is damaged: restore it from a copy, or move it away to start empty/,
  );
});

test('server refuses a half-written authority, and does not make another in its place', async (t) => {
  const dataDir = await copyOfUsed(t);
  const file = join(dataDir, 'pki', 'cluster-ca.pem');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.slice(0, 100));
  await assertRefusesToStart({ dataDir }, /cluster-ca\.pem: not a readable key and certificate/);
  assert.equal(await readFile(file, 'utf8'), text.slice(0, 100));
  await writeFile(file, text);
  await assertHoldsWhatWasWritten(dataDir);
});

test('server writes anew what it can: a half-written kubeconfig, address or leaf certificate', async (t) => {
  const dataDir = await copyOfUsed(t);
  for (const file of ['kubeconfig', 'server.json', 'pki/api-server.pem', 'pki/admin.pem']) {
    await truncate(join(dataDir, file), 20);
  }
  await rm(join(dataDir, 'kubeconfig'));
  await assertHoldsWhatWasWritten(dataDir);
});

test('server loses nothing to a log whose end was cut off', async (t) => {
  const dataDir = await copyOfUsed(t);
  const log = join(dataDir, 'store', 'store.db-wal');
  const bytes = await readFile(log);
  await writeFile(log, Buffer.concat([bytes, Buffer.from('half a frame that was never acknowledged')]));
  await assertHoldsWhatWasWritten(dataDir);
});

test('server refuses a data directory that is a file', async (t) => {
  const dataDir = join(await copyOfUsed(t), 'kubeconfig');
  await assertRefusesToStart({ dataDir }, /cannot make the data directory .*kubeconfig: /);
  await assertRefusesToStart({ dataDir: join(dataDir, 'below') }, /cannot make the data directory .*below: /);
  await assertRefusesToStart(
    { dataDir: '/proc/kintsugi' },
    /cannot make the data directory \/proc\/kintsugi: /,
  );
});

test('server refuses a data directory that another one uses', async (t) => {
  const dataDir = await copyOfUsed(t);
  const first = await startServer({ dataDir });
  t.after(async () => void (await first.kill()));
  await assertRefusesToStart({ dataDir, port: 0 }, /in use/);
});

test('server refuses a port that is taken', async (t) => {
  const dataDir = await newDataDir();
  const other = createServer();
  await listenOn(other, { host: '127.0.0.1', port: 0 });
  t.after(async () => {
    other.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const { port } = other.address() as { port: number };
  await assertRefusesToStart(
    { dataDir, port },
    new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: the port is already in use by another program`),
  );
});

test('server refuses a read-only data directory', { skip: smallDiskSkip }, async (t) => {
  const disk = await mountSmallDisk(t, 64 << 20);
  const dataDir = join(disk.path, 'data');
  await copyUsed(dataDir);
  disk.setReadOnly();
  await assertRefusesToStart({ dataDir }, /read-only/);
  await assertRefusesToStart({ dataDir: join(disk.path, 'new') }, /read-only file system/);
});

test('server refuses a disk without space', { skip: smallDiskSkip }, async (t) => {
  const disk = await mountSmallDisk(t, 8 << 20);
  await disk.fill(0);
  await assertRefusesToStart({ dataDir: join(disk.path, 'data') }, /no space left/i);
});

test('a server refuses an audit policy that it cannot follow, and names the field', async (t) => {
  const dataDir = await newDataDir();
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const policy = join(dataDir, 'policy.yaml');
  await writeFile(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Everything}]\n');
  const { code, stderr } = await launchServer({ dataDir, args: ['--audit-policy', policy] }).exited;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^kintsugi: audit policy .*policy\.yaml: rules\[0\]\.level: Unsupported value: "Everything"/m,
  );
  const missing = await launchServer({ dataDir, args: ['--audit-policy', join(dataDir, 'none')] }).exited;
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^kintsugi: audit policy .*none: ENOENT/m);
  const alone = await launchServer({ dataDir, args: ['--audit-log', join(dataDir, 'log')] }).exited;
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /--audit-log needs --audit-policy/);
});
