import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { testVolumeHost } from '../kubelet/volumes/volume-host.contract.ts';
import { newVolumeHost } from './kubelet-volume-host.ts';

const host = newVolumeHost();
const signal = new AbortController().signal;
let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'kintsugi-volumes-'));
});
after(() => rm(root, { recursive: true, force: true }));

testVolumeHost('newVolumeHost', async () => ({ host, root: await mkdtemp(join(root, 'contract-')) }));

const file = (path: string, text: string, mode = 0o644) => ({ path, content: Buffer.from(text), mode });

test('newVolumeHost writes a payload whose files go through one link, and swaps it whole', async () => {
  const path = join(root, 'config');
  await host.makeDirectory(path, 0o755, signal);
  assert.equal(await host.writePayload(path, [file('a', '1'), file('sub/b', '2', 0o600)], signal), true);
  assert.equal(await readFile(join(path, 'a'), 'utf8'), '1');
  assert.equal(await readFile(join(path, 'sub/b'), 'utf8'), '2');
  assert.equal((await stat(join(path, 'sub/b'))).mode & 0o777, 0o600);
  const first = await readlink(join(path, '..data'));
  assert.equal(await host.writePayload(path, [file('a', '1'), file('sub/b', '2', 0o600)], signal), false);
  assert.equal(await readlink(join(path, '..data')), first);
  assert.equal(await host.writePayload(path, [file('c', '3')], signal), true);
  const names = (await readdir(path)).filter((name) => !name.startsWith('..2'));
  assert.deepEqual(names.sort(), ['..data', 'c']);
  assert.equal((await readdir(path)).length, 3);
});

test('newVolumeHost refuses a subPath that leads outside, by dots or by a link', async () => {
  const path = join(root, 'volume');
  await host.makeDirectory(path, 0o777, signal);
  await symlink('/etc', join(path, 'evil'));
  assert.equal(await host.prepareSubPath(path, 'inner/deep', signal), join(path, 'inner/deep'));
  await assert.rejects(host.prepareSubPath(path, '../elsewhere', signal), /outside of the volume/);
  await assert.rejects(host.prepareSubPath(path, 'evil', signal), /outside of the volume/);
});

test('newVolumeHost checks the type of a host path with the words of upstream', async () => {
  await assert.rejects(host.prepareHostPath(join(root, 'absent'), 'Directory', signal), {
    message: `hostPath type check failed: ${join(root, 'absent')} is not a directory`,
  });
  await host.prepareHostPath(join(root, 'made/here'), 'DirectoryOrCreate', signal);
  assert.ok((await stat(join(root, 'made/here'))).isDirectory());
});

test('newVolumeHost reads a bounded part of a file and follows no link', async () => {
  const path = join(root, 'log');
  await host.makeWritableFile(path, signal);
  assert.equal((await stat(path)).mode & 0o777, 0o666);
  await symlink('/etc/passwd', join(root, 'link'));
  assert.equal((await host.readFile(join(root, 'link'), 10, signal)).length, 0);
  assert.equal((await host.readFile('/etc/passwd', 4, signal)).length, 4);
  await host.remove(join(root, 'log'), signal);
  assert.equal((await host.readFile(path, 10, signal)).length, 0);
});
