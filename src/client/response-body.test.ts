import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasReason } from '../base/status-error.ts';
import { expectSuccess, readValue, readWatchEvents } from './response-body.ts';

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (let i = 0; offset < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

const encode = (text: string) => new TextEncoder().encode(text);

test('readWatchEvents reads the same events however the bytes are cut, within characters too', async () => {
  const names = fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 });
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(names, sizes, async (all, cuts) => {
      const lines = all.map((name) => `${JSON.stringify({ type: 'ADDED', object: { name } })}\n`);
      const seen: unknown[] = [];
      const chunks = cut(encode(lines.join('')), cuts);
      for await (const events of readWatchEvents({ kind: 'stream', chunks })) seen.push(...events);
      deepEqual(
        seen,
        all.map((name) => ({ type: 'ADDED', object: { name } })),
      );
    }),
  );
});

test('readWatchEvents drops a line that the connection cut off, and throws what an ERROR event says', async () => {
  const bookmark = {
    type: 'BOOKMARK',
    object: { metadata: { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'true' } } },
  };
  const seen: unknown[] = [];
  const chunks = cut(encode(`${JSON.stringify(bookmark)}\n{"type":"ADDED","obj`), [1000]);
  for await (const events of readWatchEvents({ kind: 'stream', chunks })) seen.push(...events);
  deepEqual(seen, [{ type: 'BOOKMARK', resourceVersion: '7', initialEventsEnd: true }]);

  const error = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'old' } };
  const failing = readWatchEvents({ kind: 'bytes', bytes: encode(`${JSON.stringify(error)}\n`) });
  await rejects(failing.next(), (thrown) => hasReason(thrown, 'Expired'));
});

test('expectSuccess tells the error of a Status, and the code of anything else', async () => {
  const status = { kind: 'Status', reason: 'Conflict', message: 'changed', code: 409 };
  const json = { 'content-type': 'application/json' };
  await rejects(
    expectSuccess({
      status: 409,
      headers: json,
      body: { kind: 'bytes', bytes: encode(JSON.stringify(status)) },
    }),
    (error) => hasReason(error, 'Conflict') && error.message === 'changed',
  );
  await rejects(
    expectSuccess({ status: 503, headers: {}, body: { kind: 'bytes', bytes: encode('starting\n') } }),
    (error) => hasReason(error, 'ServiceUnavailable') && error.message === 'starting',
  );
});

test('readValue refuses what is not JSON', async () => {
  await rejects(readValue({ kind: 'bytes', bytes: encode('<html>') }), (error) =>
    hasReason(error, 'InternalError'),
  );
});
