import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aesGcm } from './aes-gcm.ts';

const secret = Buffer.alloc(32, 7);
const value = Buffer.from('{"kind":"Secret"}');

test('aesGcm opens what it sealed, and seals nothing twice in one way', () => {
  const [first, second] = [aesGcm.seal(secret, value, '/a'), aesGcm.seal(secret, value, '/a')];
  assert.notDeepEqual(first, second);
  assert.equal(first.length, 12 + value.length + 16);
  assert.ok(!Buffer.from(first).includes('Secret'));
  for (const sealed of [first, second]) assert.deepEqual(aesGcm.open(secret, sealed, '/a'), value);
  assert.equal(aesGcm.open(secret, aesGcm.seal(secret, Buffer.alloc(0), '/a'), '/a')?.length, 0);
});

test('aesGcm opens nothing with another secret, in another place, or that was changed or cut', () => {
  const sealed = aesGcm.seal(secret, value, '/a');
  assert.equal(aesGcm.open(Buffer.alloc(32, 8), sealed, '/a'), undefined);
  assert.equal(aesGcm.open(secret, sealed, '/b'), undefined);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed);
    changed[at]! ^= 1;
    assert.equal(aesGcm.open(secret, changed, '/a'), undefined);
    assert.equal(aesGcm.open(secret, sealed.subarray(0, at), '/a'), undefined);
  }
});
