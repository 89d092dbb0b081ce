import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '../base/logger.ts';
import { AUDIT_WEBHOOK_DEFAULTS, AuditWebhook } from './audit-webhook.ts';
import { type Answering, startWebhookListener } from './webhook-listener.fixture.ts';
import { newHttpsWebhooks } from './webhook-transport.ts';

const GRACE_MS = 10_000;
const FAST = { ...AUDIT_WEBHOOK_DEFAULTS, batchWaitMs: 20, initialBackoffMs: 5, throttleQps: 1000 };

async function start(t: TestContext, answer: Answering, limits: Partial<typeof FAST> = {}) {
  const listener = await startWebhookListener(answer);
  t.after(() => listener.close());
  const webhook = new AuditWebhook(silentLogger, {
    transport: newHttpsWebhooks(),
    target: { url: `${listener.url}/audit`, caBundle: listener.ca, credentials: { token: 'secret' } },
    limits: { ...FAST, ...limits },
  });
  const write = (from: number, to: number) => {
    for (let id = from; id <= to; id++) webhook.write(JSON.stringify({ auditID: id }));
  };
  return { webhook, write };
}

/** Answers with the next of `statuses`, the last one for good; keeps the batches that it took. */
function taking(statuses: readonly number[] = [200]) {
  const batches: number[][] = [];
  const authorizations = new Set<string | undefined>();
  let asked = 0;
  const answer: Answering = (body, response, request) => {
    const status = statuses[Math.min(asked++, statuses.length - 1)]!;
    authorizations.add(request.headers.authorization);
    const { kind, apiVersion, items } = JSON.parse(body);
    assert.deepEqual([kind, apiVersion], ['EventList', 'audit.k8s.io/v1']);
    if (status === 200) batches.push(items.map(({ auditID }: { auditID: number }) => auditID));
    response.writeHead(status).end();
  };
  return { batches, authorizations, answer, asked: () => asked };
}

test('AuditWebhook sends full batches at once and others when they have waited, in order', async (t) => {
  const { batches, authorizations, answer } = taking();
  const { webhook, write } = await start(t, answer, { batchMax: 3, batchWaitMs: 60_000 });
  write(1, 7);
  for (let tries = 0; batches.length < 2 && tries < 500; tries++) await delay(10);
  assert.deepEqual(batches, [
    [1, 2, 3],
    [4, 5, 6],
  ]);
  await webhook.close(GRACE_MS);
  assert.deepEqual(batches[2], [7]);
  assert.deepEqual([...authorizations], ['Bearer secret']);
  assert.equal(webhook.dropped, 0);
});

test('AuditWebhook tries again whatever the answer was, and gives up after five attempts', async (t) => {
  const { batches, answer, asked } = taking([500, 403, 200, 500, 500, 500, 500, 500, 200]);
  const { webhook, write } = await start(t, answer, { batchMax: 2 });
  write(1, 6);
  for (let tries = 0; batches.length < 2 && tries < 500; tries++) await delay(10);
  assert.deepEqual(batches, [
    [1, 2],
    [5, 6],
  ]);
  await webhook.close(GRACE_MS);
  assert.deepEqual([asked(), webhook.dropped], [9, 2]);
});

test('AuditWebhook counts what does not fit while nobody answers, and ends in time', async (t) => {
  let asked = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const { webhook, write } = await start(t, () => asked(), { batchMax: 2, bufferMax: 4 });
  write(1, 2);
  await isAsked;
  write(3, 9);
  assert.equal(webhook.dropped, 3);
  await webhook.close(50);
  write(10, 10);
  assert.equal(webhook.dropped, 10);
});
