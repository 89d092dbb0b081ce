import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encryptionRules,
  formatEncryptionConfiguration,
  parseEncryptionConfiguration,
} from './encryption-configuration.ts';
import { ReloadedEncryption } from './reloaded-encryption.ts';
import { type AuthenticatedCipher, ValueEncryption } from './value-encryption.ts';

const HEADER = 'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n';
const secretOf = (byte: number) => btoa(String.fromCharCode(byte).repeat(32));
const keyOf = (name: string, byte: number) => `{name: ${name}, secret: "${secretOf(byte)}"}`;

/** Writes secret and context in front: cryptography is tested where it is. */
const cipher: AuthenticatedCipher = {
  seal: (secret, value, context) =>
    Uint8Array.from([...secret.slice(0, 1), ...new TextEncoder().encode(context), 0, ...value]),
  open: (secret, sealed, context) => {
    const head = cipher.seal(secret, new Uint8Array(), context);
    return head.every((byte, index) => sealed[index] === byte) ? sealed.slice(head.length) : undefined;
  },
};

function newEncryption(resources: string, providers: string): ValueEncryption {
  const text = `${HEADER}resources: [{resources: [${resources}], providers: [${providers}]}]`;
  return new ValueEncryption(encryptionRules(parseEncryptionConfiguration(text)), cipher);
}

const aesgcm = (...keys: string[]) => `{aesgcm: {keys: [${keys.join(', ')}]}}`;
const KEY = '/registry/secrets/default/db';
const plain = new TextEncoder().encode('{"kind":"Secret"}');
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test('ValueEncryption seals with the first key and opens with any, by the name in front', () => {
  const old = newEncryption('secrets', aesgcm(keyOf('key1', 1)));
  const both = newEncryption('secrets', aesgcm(keyOf('key2', 2), keyOf('key1', 1)));
  const sealed = old.seal(KEY, plain);
  assert.ok(textOf(sealed).startsWith('k8s:enc:aesgcm:v1:key1:'));
  assert.deepEqual(both.open(KEY, sealed), plain);
  assert.ok(textOf(both.seal(KEY, plain)).startsWith('k8s:enc:aesgcm:v1:key2:'));
  assert.deepEqual([old.isCurrent(KEY, sealed), both.isCurrent(KEY, sealed)], [true, false]);
});

test('ValueEncryption reads plain values only where identity permits, and writes them where it is first', () => {
  assert.deepEqual(
    newEncryption('secrets', `${aesgcm(keyOf('key1', 1))}, {identity: {}}`).open(KEY, plain),
    plain,
  );
  assert.throws(() => newEncryption('secrets', aesgcm(keyOf('key1', 1))).open(KEY, plain), {
    name: 'EncryptionError',
    message: /^\/registry\/secrets\/default\/db is not encrypted, and .* add the provider identity/,
  });
  const decrypting = newEncryption('secrets', `{identity: {}}, ${aesgcm(keyOf('key1', 1))}`);
  assert.equal(decrypting.seal(KEY, plain), plain);
  assert.equal(decrypting.isCurrent(KEY, plain), true);
});

test('ValueEncryption covers what is listed and leaves the rest as it is', () => {
  const encryption = newEncryption('secrets', aesgcm(keyOf('key1', 1)));
  const other = '/registry/configmaps/default/db';
  assert.deepEqual([encryption.covers(KEY), encryption.covers(other)], [true, false]);
  assert.equal(encryption.open(other, plain), plain);
});

test('ValueEncryption says why it cannot open a value', () => {
  const sealed = newEncryption('secrets', aesgcm(keyOf('key1', 1))).seal(KEY, plain);
  const refusal = (resources: string, providers: string, value = sealed, key = KEY) => {
    try {
      newEncryption(resources, providers).open(key, value);
    } catch (error) {
      return (error as Error).message;
    }
    return 'opened';
  };
  assert.match(
    refusal('secrets', aesgcm(keyOf('key1', 9))),
    /with the key "key1", and the secret of that name does not open it/,
  );
  assert.match(
    refusal('secrets', aesgcm(keyOf('key2', 1))),
    /with the key "key1", which the encryption configuration does not have/,
  );
  assert.match(refusal('configmaps', aesgcm(keyOf('key1', 1))), /and no encryption configuration covers it/);
  const moved = refusal('secrets', aesgcm(keyOf('key1', 1)), sealed, '/registry/secrets/default/other');
  assert.match(moved, /does not open it/);
  for (const foreign of ['k8s:enc:kms:v2:key1:x', 'k8s:enc:', 'k8s:enc:aesgcm:v1:']) {
    const value = new TextEncoder().encode(foreign);
    assert.match(
      refusal('secrets', aesgcm(keyOf('key1', 1)), value),
      /encrypted in a way that is not supported/,
      foreign,
    );
  }
});

test('encryptionRules knows where resources are stored', () => {
  const prefixes = (name: string) => {
    const text = `${HEADER}resources: [{resources: ["${name}"], providers: [{identity: {}}]}]`;
    return encryptionRules(parseEncryptionConfiguration(text))[0]!.prefixes;
  };
  assert.deepEqual(prefixes('secrets'), ['/registry/secrets/']);
  assert.ok(prefixes('deployments.apps').includes('/registry/apps/deployments/'));
  assert.deepEqual(prefixes('widgets.example.com'), ['/registry/example.com/widgets/']);
  assert.ok(prefixes('*.apps').includes('/registry/apps/'));
  assert.deepEqual(prefixes('*.*'), ['/registry/']);
  assert.ok(prefixes('*.').includes('/registry/secrets/') && !prefixes('*.').includes('/registry/'));
});

test('parseEncryptionConfiguration names every field that is wrong, and no secret', () => {
  const entry = (resources: string, providers: string) =>
    `${HEADER}resources: [{resources: [${resources}], providers: [${providers}]}]`;
  const short = btoa('sixteen bytes 16');
  const wrong: [string, RegExp][] = [
    [`${HEADER}resources: []`, /^resources: Required value$/],
    [entry('', '{identity: {}}'), /^resources\[0\]\.resources: Required value$/],
    [entry('secrets', ''), /^resources\[0\]\.providers: Required value$/],
    [
      entry('secret', '{identity: {}}'),
      /^resources\[0\]\.resources\[0\]: .*"secret": there is no such resource in the group ""$/,
    ],
    [entry('"*"', '{identity: {}}'), /must be RESOURCE, RESOURCE\.GROUP/],
    [
      entry('secrets', '{aescbc: {}}'),
      /providers\[0\]\.aescbc: Unknown field.*providers\[0\]: Invalid value: must have exactly one of aesgcm, identity/,
    ],
    [entry('secrets', '{aesgcm: {keys: []}}'), /providers\[0\]\.aesgcm\.keys: Required value/],
    [
      entry('secrets', `{aesgcm: {keys: [{name: "a:b", secret: "${secretOf(1)}"}]}}`),
      /keys\[0\]\.name: Invalid value: "a:b"/,
    ],
    [
      entry('secrets', `{aesgcm: {keys: [{name: a, secret: "${short}"}]}}`),
      /keys\[0\]\.secret: Invalid value: has 16 bytes; must be 32 bytes in base64$/,
    ],
    [
      entry('secrets', '{aesgcm: {keys: [{name: a, secret: "?"}]}}'),
      /keys\[0\]\.secret: Invalid value: is not base64/,
    ],
    [entry('secrets', aesgcm(keyOf('a', 1), keyOf('a', 2))), /keys\[1\]\.name: Duplicate value: "a"$/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => parseEncryptionConfiguration(text), { name: 'ConfigurationError', message }, text);
    assert.throws(
      () => parseEncryptionConfiguration(text),
      (error: Error) => !error.message.includes(short),
    );
  }
});

test('formatEncryptionConfiguration writes what parseEncryptionConfiguration reads', () => {
  const text = `${HEADER}resources: [{resources: [secrets, "*.apps"], providers: [${aesgcm(keyOf('k', 7))}, {identity: {}}]}]`;
  const parsed = parseEncryptionConfiguration(text);
  assert.deepEqual(parseEncryptionConfiguration(formatEncryptionConfiguration(parsed)), parsed);
});

test('ReloadedEncryption takes a configuration only if it opens all that may be on disk', () => {
  const key1 = keyOf('key1', 1);
  const key2 = keyOf('key2', 2);
  const identity = '{identity: {}}';
  const CASES: [before: [string, string], next: [string, string], isTaken: boolean][] = [
    [['secrets', aesgcm(key1)], ['secrets', aesgcm(key2, key1)], true],
    [['secrets', aesgcm(key1)], ['secrets', `${identity}, ${aesgcm(key1)}`], true],
    [['secrets', aesgcm(key1)], ['"*.*"', `${aesgcm(key1)}, ${identity}`], true],
    [['secrets', aesgcm(key1)], ['"*.*"', aesgcm(key1)], false],
    [['secrets', aesgcm(key1)], ['secrets', aesgcm(key2)], false],
    [['secrets', aesgcm(key1)], ['secrets', aesgcm(keyOf('key1', 2))], false],
    [['secrets', `${aesgcm(key1)}, ${identity}`], ['secrets', aesgcm(key1)], false],
    [['"*.*"', `${aesgcm(key1)}, ${identity}`], ['secrets', `${aesgcm(key1)}, ${identity}`], false],
    [['secrets', aesgcm(key1)], ['secrets, configmaps', aesgcm(key1)], false],
  ];
  for (const [before, next, isTaken] of CASES) {
    const encryption = new ReloadedEncryption(newEncryption(...before));
    assert.equal(encryption.adopt(newEncryption(...next)), isTaken, `${before.join()} -> ${next.join()}`);
  }
  const encryption = new ReloadedEncryption(newEncryption('secrets', aesgcm(key1)));
  const old = encryption.seal(KEY, plain);
  assert.equal(encryption.adopt(newEncryption('secrets', aesgcm(key2, key1))), true);
  assert.ok(textOf(encryption.seal(KEY, plain)).startsWith('k8s:enc:aesgcm:v1:key2:'));
  assert.deepEqual([encryption.open(KEY, old), encryption.covers(KEY)], [plain, true]);
});
