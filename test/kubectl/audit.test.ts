/** The audit log of a whole cluster, by the real kubectl: what a user does is found in it. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { AuditEvent } from '../../src/apiserver/audit/audit-event.ts';
import { eventually } from '../tools/eventually.ts';
import { hasKubectl } from '../tools/kubectl.ts';
import { SHELL, startUpCluster, type UpCluster } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';

const POLICY = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - { level: None, userGroups: ["system:nodes", "system:serviceaccounts"] }
  - { level: Metadata, resources: [{ group: "", resources: [secrets] }] }
  - { level: RequestResponse, resources: [{ group: "", resources: [configmaps] }] }
  - { level: Metadata, resources: [{ group: "", resources: ["pods/*"] }] }
`;

let directory: string;
let cluster: UpCluster;
before(async () => {
  if (skip !== false) return;
  directory = await mkdtemp(path.join(tmpdir(), 'kintsugi-audit-'));
  const policy = path.join(directory, 'policy.yaml');
  await writeFile(policy, POLICY);
  const args = [`--audit-policy=${policy}`, '--audit-log-max-size=1'];
  cluster = await startUpCluster({ args });
});
after(async () => {
  if (skip !== false) return;
  await cluster?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function loggedEvents(): Promise<AuditEvent[]> {
  const text = await readFile(path.join(cluster.dataDir, 'logs', 'audit.log'), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditEvent);
}

function eventOf(matches: (event: AuditEvent) => boolean): Promise<AuditEvent> {
  return eventually(async () => {
    const found = (await loggedEvents()).find(matches);
    assert.ok(found, 'no such event yet');
    return found;
  });
}

test('the log tells who created what, and keeps the content of Secrets out', { skip }, async () => {
  const { kubectl } = cluster;
  await kubectl('create', 'secret', 'generic', 'safe', '--from-literal=password=correct-horse');
  await kubectl('create', 'configmap', 'open', '--from-literal=colour=gold');
  const created = await eventOf(({ verb, objectRef }) => verb === 'create' && objectRef?.name === 'open');
  assert.equal(created.user.username, 'kubernetes-admin');
  assert.match(created.userAgent!, /^kubectl/);
  assert.deepEqual(created.sourceIPs, ['127.0.0.1']);
  assert.deepEqual((created.requestObject as { data: object }).data, { colour: 'gold' });
  assert.equal((created.responseObject as { metadata: { name: string } }).metadata.name, 'open');
  const secret = await eventOf(({ objectRef }) => objectRef?.name === 'safe');
  assert.equal(secret.responseStatus?.code, 201);
  const text = await readFile(path.join(cluster.dataDir, 'logs', 'audit.log'), 'utf8');
  assert.ok(!text.includes('correct-horse') && !text.includes('Y29ycmVjdC1ob3JzZQ'));
});

test('the log tells what somebody was refused, and as whom he acted', { skip }, async () => {
  const { code } = await cluster.kubectl.attempt(['get', 'secrets', '--as=jane', '--as-group=dev']);
  assert.equal(code, 1);
  const refused = await eventOf(({ impersonatedUser }) => impersonatedUser?.username === 'jane');
  assert.deepEqual([refused.verb, refused.responseStatus?.code], ['list', 403]);
  assert.equal(refused.annotations?.['authorization.k8s.io/decision'], 'forbid');
});

test('the log tells when a command in a Pod began and when it ended', { skip }, async () => {
  const { kubectl } = cluster;
  await kubectl('run', 'sh', `--image=${SHELL}`, '--restart=Never');
  await kubectl('wait', '--for=condition=Ready', 'pod/sh', '--timeout=20s');
  await kubectl('exec', 'sh', '--', 'true');
  const of = (stage: string) =>
    eventOf(({ objectRef, stage: own }) => objectRef?.subresource === 'exec' && own === stage);
  const [started, ended] = [await of('ResponseStarted'), await of('ResponseComplete')];
  assert.equal(ended.auditID, started.auditID);
  assert.match(ended.requestURI, /\/pods\/sh\/exec\?command=true/);
  assert.ok(ended.stageTimestamp >= started.stageTimestamp);
});

test('the server’s metrics tell how many lines the log has taken and lost', { skip }, async () => {
  const metrics = await cluster.kubectl('get', '--raw', '/metrics');
  const taken = Number(/^apiserver_audit_event_total (\d+)$/m.exec(metrics)?.[1]);
  assert.ok(taken >= (await loggedEvents()).length, `${taken}`);
  assert.match(metrics, /^apiserver_audit_error_total\{plugin="log"\} 0$/m);
});
