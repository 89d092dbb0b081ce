import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLogger } from '../base/logger.ts';
import { startWebhookListener } from '../platform/webhook-listener.fixture.ts';
import { openAudit } from './audit.ts';

const LIMITS = { maxSizeMegabytes: 1, maxAgeDays: 0, maxBackups: 0 };

async function newDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'kintsugi-audit-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const policy = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n';
  await writeFile(path.join(directory, 'policy.yaml'), policy);
  return directory;
}

test('openAudit writes each line down and sends it where a kubeconfig says, at the end at the latest', async (t) => {
  const directory = await newDirectory(t);
  const received: string[] = [];
  const listener = await startWebhookListener((body, response, { url, headers }) => {
    received.push(`${url} ${headers.authorization} ${body}`);
    response.end();
  });
  t.after(() => listener.close());
  await writeFile(path.join(directory, 'ca.crt'), listener.ca);
  const kubeconfig = path.join(directory, 'webhook.yaml');
  await writeFile(
    kubeconfig,
    `
apiVersion: v1
kind: Config
clusters: [{ name: audit, cluster: { server: "${listener.url}/sink?a=b", certificate-authority: ca.crt } }]
users: [{ name: server, user: { token: secret } }]
contexts: [{ name: webhook, context: { cluster: audit, user: server } }]
current-context: webhook
`,
  );
  const policy = path.join(directory, 'policy.yaml');
  const audit = await openAudit(directory, { policy, webhook: kubeconfig, ...LIMITS }, silentLogger);
  audit.sink.write('{"auditID":"1"}');
  audit.sink.write('{"auditID":"2"}');
  await audit.close();
  const list =
    '{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[{"auditID":"1"},{"auditID":"2"}]}';
  assert.deepEqual(received, [`/sink?a=b Bearer secret ${list}`]);
  const lines = await readFile(path.join(directory, 'logs', 'audit.log'), 'utf8');
  assert.equal(lines, '{"auditID":"1"}\n{"auditID":"2"}\n');
  assert.deepEqual(audit.count(), { taken: 2, dropped: { log: 0, webhook: 0 } });
});

test('openAudit names the kubeconfig that it cannot use', async (t) => {
  const directory = await newDirectory(t);
  const policy = path.join(directory, 'policy.yaml');
  const opening = openAudit(directory, { policy, webhook: policy, ...LIMITS }, silentLogger);
  await assert.rejects(opening, /^ConfigurationError: audit webhook .*policy\.yaml: .* has no context ""$/);
});
