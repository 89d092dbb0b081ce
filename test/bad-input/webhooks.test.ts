/** Webhooks that misbehave, over real sockets, at a real server: what they are about is refused in time, and the server lives on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { ConfigMap } from '../../src/api/generated/core-v1.ts';
import type { NewObject } from '../../src/api/meta.ts';
import { CONFIG_MAPS, VALIDATING_WEBHOOK_CONFIGURATIONS } from '../../src/api/resources.ts';
import { StatusError } from '../../src/base/status-error.ts';
import {
  type Answering,
  startWebhookListener,
  type WebhookListener,
} from '../../src/platform/webhook-listener.fixture.ts';
import { newServerClient, type ServerClient } from '../tools/server-client.ts';
import { newDataDir, type ServerProcess, startServer } from '../tools/server-process.ts';

const { signal } = new AbortController();
const MEGABYTE = 1024 * 1024;

let server: ServerProcess;
let admin: ServerClient;
let listener: WebhookListener;
let answer: Answering = () => {};

before(
  async () => {
    listener = await startWebhookListener((...about) => answer(...about));
    server = await startServer({ dataDir: await newDataDir() });
    admin = newServerClient(server);
    const { url, caBundle } = listener;
    const rules = [
      { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
    ];
    const common = { name: 'bad.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'], rules };
    const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'default' } };
    const webhook = { ...common, namespaceSelector, timeoutSeconds: 2, clientConfig: { url, caBundle } };
    await admin.client.create(
      VALIDATING_WEBHOOK_CONFIGURATIONS,
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'bad' },
        webhooks: [webhook],
      },
      signal,
    );
  },
  { timeout: 120_000 },
);
after(async () => {
  admin?.close();
  await server?.stop();
  await listener?.close();
  if (server !== undefined) await rm(server.dataDir, { recursive: true });
});

const configMap = (name: string): NewObject<ConfigMap> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});

async function refusal(name = 'refused'): Promise<StatusError> {
  const error = await admin.client.create(CONFIG_MAPS, configMap(name), signal).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StatusError, String(error));
  return error;
}

function residentBytes(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
}

const PREFIX = 'Internal error occurred: failed calling webhook "bad.example.com": ';

test('a webhook that hangs is given up after its timeout, for all who wait', async () => {
  answer = () => {};
  const began = performance.now();
  const refusals = await Promise.all(Array.from({ length: 50 }, (_, index) => refusal(`hung-${index}`)));
  assert.ok(performance.now() - began < 20_000, 'all within one timeout and some');
  const expected = `${PREFIX}failed to call webhook: Post "${listener.url}/?timeout=2s": context deadline exceeded`;
  assert.deepEqual([...new Set(refusals.map(({ message }) => message))], [expected]);
});

test('a webhook that never stops answering is cut off, and costs the server no memory', async () => {
  let sentBytes = 0;
  answer = (_body, response) => {
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    const fill = () => {
      while (!response.destroyed) {
        sentBytes += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', fill);
      }
    };
    fill();
  };
  const before = residentBytes();
  for (let round = 0; round < 20; round++) {
    const { message } = await refusal();
    assert.equal(
      message,
      `${PREFIX}failed to call webhook: Post "${listener.url}/?timeout=2s": the answer has more than 4194304 bytes`,
    );
  }
  assert.ok(sentBytes > 80 * MEGABYTE, `${sentBytes} bytes`);
  assert.ok(residentBytes() - before < 100 * MEGABYTE, `${(residentBytes() - before) / MEGABYTE} MB more`);
});

test('garbage, redirects, broken answers and lies are refused in upstream words', async () => {
  const cases: [Answering, string | RegExp][] = [
    [
      (_, response) => response.end('hello'),
      `${PREFIX}failed to call webhook: couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value`,
    ],
    [
      (_, response) => response.writeHead(302, { location: `${listener.url}/other` }).end(),
      `${PREFIX}failed to call webhook: the server responded with the status code 302 but did not return more information`,
    ],
    [
      (_, response) => response.writeHead(500).end('boom'),
      `${PREFIX}failed to call webhook: an error on the server ("boom") has prevented the request from succeeding`,
    ],
    [
      (_, response) => response.destroy(),
      `${PREFIX}failed to call webhook: Post "${listener.url}/?timeout=2s": EOF`,
    ],
    [
      (_, response) => response.end('{"response":{"uid":"another","allowed":true}}'),
      /received invalid webhook response: expected response\.uid="[^"]+", got "another"$/,
    ],
  ];
  for (const [misbehave, expected] of cases) {
    answer = misbehave;
    const { message, code } = await refusal();
    assert.equal(code, 500);
    if (typeof expected === 'string') assert.equal(message, expected);
    else assert.match(message, expected);
  }
});

test('a webhook that writes through the API what it is asked about comes to an end', async () => {
  let deepest = 0;
  answer = (body, response) => {
    const { apiVersion, kind, request } = JSON.parse(body) as {
      apiVersion: string;
      kind: string;
      request: { uid: string; name: string };
    };
    const depth = Number(request.name.split('-')[1]) + 1;
    deepest = Math.max(deepest, depth);
    const finish = (allowed: boolean) =>
      response.end(JSON.stringify({ apiVersion, kind, response: { uid: request.uid, allowed } }));
    admin.client.create(CONFIG_MAPS, configMap(`deep-${depth}`), signal).then(
      () => finish(true),
      () => finish(false),
    );
  };
  const error = await refusal('deep-0');
  assert.match(error.message, /denied the request without explanation|context deadline exceeded/);
  const { length } = await admin.client
    .list(CONFIG_MAPS, { namespace: 'default' }, signal)
    .then(({ items }) => items.filter(({ metadata }) => metadata.name.startsWith('deep-')));
  assert.equal(length, 0);
  assert.ok(deepest > 1 && deepest <= 1024, `${deepest} calls deep`);
  answer = (body, response) => {
    const { request, ...head } = JSON.parse(body) as { request: { uid: string } };
    response.end(JSON.stringify({ ...head, response: { uid: request.uid, allowed: true } }));
  };
  await admin.client.create(CONFIG_MAPS, configMap('fine'), signal);
});
