import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimAddress } from './address-claim.ts';

const ADDRESS = `TCP/127.0.0.1:${process.pid}`;

test('claimAddress keeps another cluster out until the address is released', async () => {
  const first = await claimAddress(ADDRESS, 'a');
  await assert.rejects(claimAddress(ADDRESS, 'b'), { code: 'EADDRINUSE' });
  await assert.rejects(
    claimAddress(ADDRESS, 'b'),
    { code: 'EADDRINUSE' },
    'a refused claim leaves nothing behind',
  );
  const elsewhere = await claimAddress(`${ADDRESS}9`, 'b');
  first.release();
  await new Promise((resolve) => setImmediate(resolve));
  const second = await claimAddress(ADDRESS, 'b');
  second.release();
  elsewhere.release();
});
