import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { sha256 } from './sha256.ts';

test('sha256 is what the platform computes, for every length around the ends of blocks', () => {
  for (let length = 0; length <= 200; length++) {
    const message = Uint8Array.from({ length }, (_, index) => (index * 131 + length) & 0xff);
    const expected = createHash('sha256').update(message).digest('hex');
    assert.equal(Buffer.from(sha256(message)).toString('hex'), expected, `${length} bytes`);
  }
});
