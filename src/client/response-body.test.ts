import { rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { hasReason } from '../base/status-error.ts';
import { expectSuccess, readValue } from './response-body.ts';

const encode = (text: string) => new TextEncoder().encode(text);

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
