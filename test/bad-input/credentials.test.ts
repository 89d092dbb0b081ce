/** Who may not come in, and what they are told: in Kubernetes' words, and nothing about why. */
import assert from 'node:assert/strict';
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
