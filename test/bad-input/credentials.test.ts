/** Who may not come in, and what they are told: in Kubernetes' words, and nothing about why. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { issueCertificate, newKeyPair } from '../../src/platform/pki-certificate.ts';
import { credentialKeys, exportKey, readCredential } from '../../src/platform/pki-credential.ts';
import { hasKubectl } from '../tools/kubectl.ts';
import { type RawAnswer, rawRequest } from '../tools/raw-request.ts';
import { newKubectl } from '../tools/run-kubectl.ts';
import { startServerFor } from '../tools/server-process.ts';

const server = await startServerFor({ after });
const { serverCa } = server.tls;
const PODS = '/api/v1/namespaces/default/pods';
const HOUR_MS = 3_600_000;

interface ClientOrder {
  /** Signed by the cluster's own client authority, or by one of the same name that is not. */
  authority: 'cluster' | 'foreign';
  notBeforeMs: number;
  notAfterMs: number;
  organizations?: string[];
}

async function newClient({ authority, organizations = ['system:masters'], ...validity }: ClientOrder) {
  const credential = await readCredential(join(server.dataDir, 'pki', 'client-ca.pem'));
  const ownKeys = credentialKeys(credential!);
  const issuer = {
    subject: { commonName: 'kintsugi-client-ca' },
    keys: authority === 'cluster' ? ownKeys : await newKeyPair(),
  };
  const keys = await newKeyPair();
  const subject = { commonName: 'somebody', organizations };
  const cert = issueCertificate({ subject, usage: 'client', ...validity }, keys.publicKey, issuer);
  return { serverCa, cert, key: exportKey(keys.privateKey) };
}

function assertUnauthorized({ status, json, text }: RawAnswer): void {
  assert.equal(status, 401, text);
  assert.deepEqual(json, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  });
}

const valid = { notBeforeMs: Date.now() - HOUR_MS, notAfterMs: Date.now() + HOUR_MS };

test('a certificate of the cluster’s client authority is let in', async () => {
  const tls = await newClient({ authority: 'cluster', ...valid });
  assert.equal((await rawRequest({ url: server.url, path: PODS, tls })).status, 200);
});

test('an expired certificate is refused', async () => {
  const expired = { notBeforeMs: Date.now() - 2 * HOUR_MS, notAfterMs: Date.now() - HOUR_MS };
  const tls = await newClient({ authority: 'cluster', ...expired });
  assertUnauthorized(await rawRequest({ url: server.url, path: PODS, tls }));
});

test('a certificate that is not valid yet is refused', async () => {
  const future = { notBeforeMs: Date.now() + HOUR_MS, notAfterMs: Date.now() + 2 * HOUR_MS };
  const tls = await newClient({ authority: 'cluster', ...future });
  assertUnauthorized(await rawRequest({ url: server.url, path: PODS, tls }));
});

test('a certificate of another authority with the same name is refused', async () => {
  const tls = await newClient({ authority: 'foreign', ...valid });
  assertUnauthorized(await rawRequest({ url: server.url, path: PODS, tls }));
});

test('a wrong token is refused', async () => {
  for (const token of ['abc', 'a.b.c', 'x'.repeat(10_000)]) {
    const headers = { authorization: `Bearer ${token}` };
    assertUnauthorized(await rawRequest({ url: server.url, path: PODS, tls: { serverCa }, headers }));
  }
});

test('a token of a service account whose signature was changed is refused', async () => {
  const answer = await rawRequest({
    url: server.url,
    path: '/api/v1/namespaces/default/serviceaccounts/default/token',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":[]}}',
    tls: server.tls,
  });
  assert.equal(answer.status, 201, answer.text);
  const { token } = answer.json!['status'] as { token: string };
  const ask = (bearer: string) => {
    const headers = { authorization: `Bearer ${bearer}` };
    return rawRequest({ url: server.url, path: PODS, tls: { serverCa }, headers });
  };
  assert.equal((await ask(token)).status, 403, 'known, and not allowed');
  const [head, body, signature] = token.split('.') as [string, string, string];
  const changed = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  assertUnauthorized(await ask(`${head}.${body}.${changed}`));
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  const forged = { ...claims, sub: 'system:serviceaccount:kube-system:namespace-controller' };
  assertUnauthorized(
    await ask(`${head}.${Buffer.from(JSON.stringify(forged)).toString('base64url')}.${signature}`),
  );
});

test('nobody in particular sees only health and version', async () => {
  const tls = { serverCa };
  for (const path of ['/livez', '/readyz', '/version']) {
    assert.equal((await rawRequest({ url: server.url, path, tls })).status, 200, path);
  }
  const { status, json } = await rawRequest({ url: server.url, path: PODS, tls });
  assert.equal(status, 403);
  assert.equal(
    json?.message,
    'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
  );
  for (const path of ['/metrics', '/openapi/v3', '/api', '/nothing']) {
    assert.equal((await rawRequest({ url: server.url, path, tls })).status, 403, path);
  }
});

test('kubectl with a wrong token, and with a server that it does not trust, says so', {
  skip: (await hasKubectl()) ? false : 'kubectl is not installed',
}, async () => {
  const nobody = newKubectl(join(server.dataDir, 'no-such-kubeconfig'));
  const insecure = ['--server', server.url, '--insecure-skip-tls-verify'];
  const refused = await nobody.attempt(['get', 'pods', '--token=abc', ...insecure]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^error: You must be logged in to the server \(.+\)$/m);
  const foreign = await nobody.attempt(['get', 'pods', '--token=abc', '--server', server.url]);
  assert.match(foreign.stderr, /x509: certificate signed by unknown authority/);
});

/** Parts of a token, encoded, with `signature` behind them. */
function forgedToken(header: object, claims: object, signature = ''): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

const KINTSUGI_CLAIMS = {
  iss: 'https://kubernetes.default.svc.cluster.local',
  sub: 'system:serviceaccount:kube-system:namespace-controller',
  aud: ['https://kubernetes.default.svc.cluster.local'],
  exp: 4_000_000_000,
  iat: 0,
  nbf: 0,
  'kubernetes.io': { namespace: 'kube-system', serviceaccount: { name: 'namespace-controller', uid: 'x' } },
};

test('a token that is signed with nothing, with what is public, or by another algorithm is refused', async () => {
  const jwks = await rawRequest({ url: server.url, path: '/openid/v1/jwks', tls: server.tls });
  const [{ kid } = { kid: '' }] = jwks.json!['keys'] as { kid: string }[];
  const head = (alg: unknown, more = {}) => ({ alg, kid, typ: 'JWT', ...more });
  const hmac = (token: string) =>
    token + createHmac('sha256', jwks.text).update(token.slice(0, -1)).digest('base64url');
  const tokens = [
    forgedToken(head('none'), KINTSUGI_CLAIMS),
    forgedToken(head('None'), KINTSUGI_CLAIMS, 'AAAA'),
    forgedToken(head(''), KINTSUGI_CLAIMS, 'AAAA'),
    forgedToken(head(null), KINTSUGI_CLAIMS, 'AAAA'),
    forgedToken(head(['ES256', 'none']), KINTSUGI_CLAIMS, 'AAAA'),
    hmac(forgedToken(head('HS256'), KINTSUGI_CLAIMS)),
    forgedToken(head('ES256'), KINTSUGI_CLAIMS, Buffer.alloc(64).toString('base64url')),
    forgedToken(head('ES256', { kid: '__proto__' }), KINTSUGI_CLAIMS, 'AAAA'),
    forgedToken(head('ES256', { jwk: { kty: 'oct', k: 'AAAA' } }), KINTSUGI_CLAIMS, 'AAAA'),
    forgedToken(head('ES256', { crit: ['exp'] }), KINTSUGI_CLAIMS, 'AAAA'),
  ];
  for (const token of tokens) {
    const headers = { authorization: `Bearer ${token}` };
    assertUnauthorized(await rawRequest({ url: server.url, path: PODS, tls: { serverCa }, headers }));
  }
});

test('a certificate is known by its names as they stand in it, whatever they look like', async () => {
  const authority = await readCredential(join(server.dataDir, 'pki', 'client-ca.pem'));
  const issuer = { subject: { commonName: 'kintsugi-client-ca' }, keys: credentialKeys(authority!) };
  const whoIs = async (commonName: string, organizations: string[] = []) => {
    const keys = await newKeyPair();
    const order = { subject: { commonName, organizations }, usage: 'client', ...valid } as const;
    const cert = issueCertificate(order, keys.publicKey, issuer);
    const answer = await rawRequest({
      url: server.url,
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
      tls: { serverCa, cert, key: exportKey(keys.privateKey) },
    });
    assert.equal(answer.status, 201, answer.text);
    return (answer.json!['status'] as { userInfo: { username: string; groups: string[] } }).userInfo;
  };
  for (const name of [
    'x\nO=system:masters',
    'x/O=system:masters',
    'x, O=system:masters',
    'x\0system:admin',
    '"; DROP TABLE users',
    '__proto__',
    '../../admin',
    'ünïcödé 🪙',
  ]) {
    const { username, groups } = await whoIs(name);
    assert.deepEqual([username, groups], [name, ['system:authenticated']]);
  }
  const { groups } = await whoIs('x', ['a,system:masters', 'b\nsystem:masters', 'constructor']);
  assert.deepEqual(groups, ['a,system:masters', 'b\nsystem:masters', 'constructor', 'system:authenticated']);
});

test('headers make nobody somebody else', async () => {
  const jane = await newClient({ authority: 'cluster', organizations: ['dev'], ...valid });
  const review = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const send = (headers: Record<string, string>, path = review) =>
    rawRequest({
      url: server.url,
      path,
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', ...headers },
      tls: jane,
    });
  const refused: Record<string, string>[] = [
    { 'impersonate-user': 'root' },
    { 'Impersonate-User': 'root', 'Impersonate-Group': 'system:masters' },
    { 'impersonate-user': 'system:serviceaccount:kube-system:namespace-controller' },
    { 'impersonate-group': 'system:masters' },
    { 'impersonate-uid': '1' },
    { 'impersonate-extra-x': 'y' },
    { 'impersonate-nonsense': 'y' },
  ];
  for (const headers of refused) {
    const { status } = await send(headers);
    assert.ok(status === 403 || status === 400, `${JSON.stringify(headers)}: ${status}`);
  }
  const ignored: Record<string, string>[] = [
    { 'x-remote-user': 'root', 'x-remote-group': 'system:masters' },
    { 'x-forwarded-user': 'root' },
    { 'x-forwarded-for': '127.0.0.1' },
    { authorization: 'Basic cm9vdDpyb290' },
  ];
  for (const headers of ignored) {
    const { status, json } = await send(headers);
    assert.equal(status, 201);
    const { userInfo } = json!['status'] as { userInfo: { username: string; groups: string[] } };
    assert.deepEqual([userInfo.username, userInfo.groups], ['somebody', ['dev', 'system:authenticated']]);
  }
});

test('queries ask for nothing that the path does not', async () => {
  const jane = await newClient({ authority: 'cluster', organizations: ['dev'], ...valid });
  const get = (path: string) => rawRequest({ url: server.url, path, tls: jane });
  for (const path of [
    '/api/v1/secrets?access_token=x',
    '/api/v1/namespaces/default/secrets?fieldSelector=metadata.name%3Dx%26verb%3Dlist',
    '/api/v1/namespaces/default/secrets?watch=1&watch=0',
    '/api/v1/namespaces/default%2Fsecrets',
    '/api/v1/namespaces/default/../kube-system/secrets',
    '/api/v1/namespaces/default/secrets/..%2f..%2fkube-system%2fsecrets',
    '/api/v1//secrets',
    '/version/../api/v1/secrets',
    '/healthz/..%2fapi%2fv1%2fsecrets',
    '/api/v1/secrets?labelSelector=a%3D%3D%3Db',
    '/api/v1/secrets?dryRun=All&impersonate-user=root',
  ]) {
    const { status, text } = await get(path);
    assert.ok(status === 403 || status === 404 || status === 400, `${path}: ${status} ${text.slice(0, 100)}`);
  }
});

test('an answer repeats nothing of a request in its headers that could be taken for another header', async () => {
  const ids = ['a: b', 'x y', '%0d%0aset-cookie: a', 'é'];
  for (const id of ids) {
    const { headers } = await rawRequest({
      url: server.url,
      path: '/version',
      tls: { serverCa },
      headers: { 'audit-id': Buffer.from(id).toString('latin1') },
    });
    assert.match(String(headers['audit-id']), /^[\x21-\x7e]{1,64}$/);
    assert.equal(headers['set-cookie'], undefined);
  }
});
