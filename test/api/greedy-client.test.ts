/** One client that asks for all it can get, over real connections, and a kubelet that must not be kept waiting by it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { after, test } from 'node:test';
import { startServerFor } from '../tools/server-process.ts';

const server = await startServerFor({ after });

const GREEDY = { 'impersonate-user': 'greedy', 'impersonate-group': 'system:authenticated' };
const KUBELET = { 'impersonate-user': 'system:node:n1', 'impersonate-group': 'system:nodes' };
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
/** What `kubectl get` asks for: rows that are made anew for every request. */
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

const OBJECTS = 1500;
const SESSIONS = 2;
const LISTS = 400;

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

async function openSession(): Promise<ClientHttp2Session> {
  const { serverCa, cert, key } = server.tls;
  const session = connect(server.url, { ca: serverCa, cert, key, settings: { initialWindowSize: 1 << 24 } });
  after(() => session.destroy());
  await once(session, 'connect');
  session.setLocalWindowSize(1 << 26);
  return session;
}

function ask(
  session: ClientHttp2Session,
  [method, path]: [string, string],
  headers: OutgoingHttpHeaders,
  body?: unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': method, ':path': path, ...headers });
    const chunks: Buffer[] = [];
    let head: Record<string, unknown> = {};
    stream.on('response', (found) => {
      head = { ...found };
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      resolve({ status: Number(head[':status']), headers: head, text });
    });
    stream.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function write(
  session: ClientHttp2Session,
  to: [string, string],
  body: unknown,
  as: OutgoingHttpHeaders = {},
): Promise<void> {
  const type = to[0] === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const { status, text } = await ask(session, to, { ...as, 'content-type': type }, body);
  assert.ok(status < 300, `${to.join(' ')}: ${status} ${text}`);
}

async function prepare(session: ClientHttp2Session): Promise<void> {
  const data = { text: 'x'.repeat(400) };
  const names = Array.from({ length: OBJECTS }, (_, index) => `c${index}`);
  await Promise.all(names.map((name) => write(session, ['POST', CONFIG_MAPS], { metadata: { name }, data })));
  await write(session, ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'], {
    metadata: { name: 'greedy' },
    roleRef: { kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', name: 'greedy' }],
  });
  await write(session, ['POST', '/api/v1/nodes'], { metadata: { name: 'n1' } });
  const spec = { holderIdentity: 'n1', leaseDurationSeconds: 40 };
  await write(session, ['POST', LEASES], { metadata: { name: 'n1' }, spec }, KUBELET);
}

/** Beats until `over`; how long each beat took, ms. */
async function beat(session: ClientHttp2Session, over: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (!over()) {
    const began = performance.now();
    const spec = { renewTime: new Date().toISOString().replace('Z', '000Z') };
    await write(session, ['PATCH', `${LEASES}/n1`], { spec }, KUBELET);
    const conditions = [{ type: 'Ready', status: 'True', reason: `beat-${took.length}` }];
    await write(session, ['PATCH', '/api/v1/nodes/n1/status'], { status: { conditions } }, KUBELET);
    took.push(performance.now() - began);
  }
  return took;
}

test('a kubelet beats on while a greedy client has hundreds of lists under way', {
  timeout: 180_000,
}, async () => {
  const [own, ...greedy] = await Promise.all(Array.from({ length: 1 + SESSIONS }, openSession));
  await prepare(own!);
  let isOver = false;
  const began = performance.now();
  const lists = Promise.all(
    Array.from({ length: LISTS }, (_, index) =>
      ask(greedy[index % SESSIONS]!, ['GET', CONFIG_MAPS], { ...TABLE, ...GREEDY }),
    ),
  ).finally(() => {
    isOver = true;
  });
  const took = await beat(own!, () => isOver);
  const answers = await lists;
  const greedyMs = performance.now() - began;
  const worstMs = Math.max(...took);
  const served = answers.filter(({ status }) => status === 200);
  assert.ok(served.length >= LISTS / 2, `${served.length} lists were served`);
  for (const { status, headers, text } of answers) {
    assert.ok(headers['x-kubernetes-pf-flowschema-uid']);
    if (status === 200) continue;
    assert.equal(status, 429, text);
    assert.equal(headers['retry-after'], '1');
  }
  // All lists together took so long; whoever stands behind them waits as long.
  assert.ok(took.length >= 10, `${took.length} beats`);
  assert.ok(worstMs < greedyMs / 5, `a beat took ${worstMs} ms, all lists ${greedyMs} ms`);
});
