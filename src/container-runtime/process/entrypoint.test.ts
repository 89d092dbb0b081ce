import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkExecutable } from './entrypoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'kintsugi-entrypoint-'));
const inFolder = (name: string) => join(folder, name);
after(() => {
  for (const name of ['closed', 'private']) if (existsSync(inFolder(name))) chmodSync(inFolder(name), 0o700);
  rmSync(folder, { recursive: true });
});

const isRoot = process.getuid?.() === 0;
const check = (name: string, search: string) =>
  checkExecutable({ name, workingDir: folder, search, mounts: [] });
const refuses = (name: string, message: RegExp, search = '/usr/bin:/bin') =>
  assert.throws(() => check(name, search), { reason: 'StartError', message });

test('checkExecutable looks past what it cannot look into', () => {
  const tooLong = `/${'x'.repeat(5000)}`;
  check('sh', `${tooLong}:/no/such/directory:/usr/bin:/bin`);
  mkdirSync(inFolder('closed'), { mode: 0o000 });
  check('sh', `${inFolder('closed')}:/usr/bin:/bin`);
});

test('checkExecutable takes a program that may be executed and not read', () => {
  const path = join(folder, 'secret');
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o111);
  check(path, '');
});

test('checkExecutable refuses in the words of runc', () => {
  refuses('no-such-program', /^exec: "no-such-program": executable file not found in \$PATH$/);
  refuses('/no/such', /^exec: "\/no\/such": stat \/no\/such: no such file or directory$/);
  refuses(folder, /: is a directory$/);
  const plain = join(folder, 'plain');
  writeFileSync(plain, 'x');
  refuses(plain, /: permission denied$/);
  const orphan = join(folder, 'orphan');
  writeFileSync(orphan, '#!/no/such/interpreter\n', { mode: 0o755 });
  refuses(orphan, /^exec .*orphan: no such file or directory$/);
});

test('checkExecutable says where a user may not look', {
  skip: isRoot ? 'root may look everywhere' : false,
}, () => {
  mkdirSync(join(folder, 'private'));
  writeFileSync(join(folder, 'private', 'program'), '', { mode: 0o755 });
  chmodSync(join(folder, 'private'), 0o000);
  refuses(join(folder, 'private', 'program'), /^exec: ".*": stat .*program: permission denied$/);
});
