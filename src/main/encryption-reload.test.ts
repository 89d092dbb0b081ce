import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ReloadedEncryption } from '../apiserver/encryption/reloaded-encryption.ts';
import { newEncryption, readEncryption } from './encryption.ts';
import { runEncryptionReload } from './encryption-reload.ts';

const KEY = '/registry/secrets/default/db';

function configuration(...names: string[]): string {
  const secret = (name: string) => Buffer.alloc(32, name).toString('base64');
  const keys = names.map((name) => `{ name: ${name}, secret: "${secret(name)}" }`);
  return `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: [{ resources: [secrets], providers: [{ aesgcm: { keys: [${keys.join(', ')}] } }, { identity: {} }] }]
`;
}

test('runEncryptionReload takes what the file says a minute later, and says what it does not take', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'kintsugi-encryption-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'encryption.yaml');
  const write = (text: string) => writeFile(file, text, { mode: 0o600 });
  await write(configuration('key1'));
  const encryption = new ReloadedEncryption(newEncryption((await readEncryption(file, true))!));
  const writer = () =>
    /:v1:(\w+):/.exec(Buffer.from(encryption.seal(KEY, Buffer.from('{}'))).toString())?.[1];
  const said: string[] = [];
  const note = (message: string) => void said.push(message);
  const log = { debug: note, info: note, warn: note, error: note } as never;
  const ending = new AbortController();
  const states = [
    configuration('key2', 'key1'),
    configuration('key2', 'key1'),
    configuration('key3'),
    'garbage',
  ];
  const seenWriters: (string | undefined)[] = [];
  const clock = {
    async sleep() {
      seenWriters.push(writer());
      const state = states.shift();
      if (state === undefined) ending.abort();
      else await write(state);
    },
  };
  await runEncryptionReload({ file, encryption, clock, log }, ending.signal);
  assert.deepEqual(seenWriters, ['key1', 'key2', 'key2', 'key2', 'key2']);
  const refused = 'the new encryption configuration is not taken';
  assert.deepEqual(said, ['the encryption configuration was read again', refused, refused]);
});
