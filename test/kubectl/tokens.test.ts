/** Tokens by a real server: of machines that join, of service accounts, and what others can learn of them. */
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, test } from 'node:test';
import { newRequestPem } from '../../src/platform/certificate-request.fixture.ts';
import { eventually } from '../tools/eventually.ts';
import { hasKubectl } from '../tools/kubectl.ts';
import { type RawAnswer, rawRequest } from '../tools/raw-request.ts';
import { newKubectl } from '../tools/run-kubectl.ts';
import { startServerFor } from '../tools/server-process.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';
const server = await startServerFor({ after });
const kubectl = newKubectl(server.kubeconfig);
const { serverCa } = server.tls;
const TOKEN = 'abcdef.0123456789abcdef';

function ask(path: string, token: string, body?: object): Promise<RawAnswer> {
  return rawRequest({
    url: server.url,
    path,
    tls: { serverCa },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
}

async function whoIs(token: string): Promise<{ username: string; groups: string[] } | number> {
  const { status, json } = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', token, {});
  return status === 201 ? (json!['status'] as { userInfo: never }).userInfo : status;
}

function bootstrapSecret(id: string, extra: Record<string, string> = {}): string {
  const stringData = {
    'token-id': id,
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    ...extra,
  };
  const metadata = { name: `bootstrap-token-${id}`, namespace: 'kube-system' };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'bootstrap.kubernetes.io/token',
    stringData,
  });
}

test('a machine joins with a bootstrap token: it asks for a certificate, and is a node with it', {
  skip,
}, async () => {
  assert.equal(await whoIs(TOKEN), 401);
  await kubectl.withInput(
    bootstrapSecret('abcdef', { 'auth-extra-groups': 'system:bootstrappers:lab' }),
    'create',
    '-f',
    '-',
  );
  const user = await whoIs(TOKEN);
  assert.ok(typeof user === 'object');
  assert.equal(user.username, 'system:bootstrap:abcdef');
  assert.deepEqual(user.groups, ['system:bootstrappers', 'system:bootstrappers:lab', 'system:authenticated']);
  const roles = [
    'system:node-bootstrapper',
    'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
  ];
  for (const [index, role] of roles.entries())
    await kubectl(
      'create',
      'clusterrolebinding',
      `join-${index}`,
      `--clusterrole=${role}`,
      '--group=system:bootstrappers:lab',
    );
  const { pem, privateKey } = newRequestPem({
    commonName: 'system:node:n7',
    organizations: ['system:nodes'],
  });
  const csr = {
    metadata: { name: 'n7' },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['client auth', 'digital signature'],
    },
  };
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const cert = await eventually(async () => {
    const { json } = await ask(`${path}/n7`, TOKEN);
    if (json?.code === 404 || json?.code === 403) await ask(path, TOKEN, csr);
    const { certificate } = (json?.['status'] ?? {}) as { certificate?: string };
    assert.ok(certificate, JSON.stringify(json));
    return Buffer.from(certificate, 'base64').toString();
  });
  const tls = { serverCa, cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  const statusOf = async (about: string) => (await rawRequest({ url: server.url, path: about, tls })).status;
  assert.equal(await statusOf('/api/v1/nodes/n7'), 404);
  assert.equal(await statusOf('/api/v1/nodes/n8'), 403);
  assert.equal(await statusOf('/api/v1/namespaces/kube-system/secrets'), 403);
});

test('a bootstrap token that has expired lets nobody in and is cleared away', { skip }, async () => {
  await kubectl.withInput(
    bootstrapSecret('expire', { expiration: '2020-01-01T00:00:00Z' }),
    'create',
    '-f',
    '-',
  );
  assert.equal(await whoIs('expire.0123456789abcdef'), 401);
  await eventually(async () => {
    const { code } = await kubectl.attempt(['get', 'secret', '-n', 'kube-system', 'bootstrap-token-expire']);
    assert.equal(code, 1);
  });
});

test('others verify a service account’s token by what discovery says', { skip }, async () => {
  const token = (await kubectl('create', 'token', 'default')).trim();
  const { json: about } = await ask('/.well-known/openid-configuration', token);
  const [head = '', body = '', signature = ''] = token.split('.');
  const decode = (part: string) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  assert.equal(decode(body)['iss'], about!['issuer']);
  assert.match(String(about!['jwks_uri']), /\/openid\/v1\/jwks$/);
  const keys = await ask('/openid/v1/jwks', token);
  assert.equal(keys.headers['content-type'], 'application/jwk-set+json');
  const jwk = (keys.json!['keys'] as { kid: string }[]).find(({ kid }) => kid === decode(head)['kid']);
  const key = {
    key: createPublicKey({ key: jwk as never, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  } as const;
  assert.ok(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')));
  const anonymous = await rawRequest({ url: server.url, path: '/openid/v1/jwks', tls: { serverCa } });
  assert.equal(anonymous.status, 403);
});

test('a token is good for its audiences only, and dies with the Secret that it is bound to', {
  skip,
}, async () => {
  await kubectl('create', 'secret', 'generic', 'bond');
  const bound = (
    await kubectl('create', 'token', 'default', '--bound-object-kind=Secret', '--bound-object-name=bond')
  ).trim();
  assert.deepEqual(
    ((await whoIs(bound)) as { username: string }).username,
    'system:serviceaccount:default:default',
  );
  await kubectl('delete', 'secret', 'bond');
  assert.equal(await whoIs(bound), 401);
  const vault = (await kubectl('create', 'token', 'default', '--audience=vault', '--duration=10m')).trim();
  assert.equal(await whoIs(vault), 401);
  const review = async (audiences: string[]) => {
    const object = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: vault, audiences },
    };
    const text = await kubectl.withInput(JSON.stringify(object), 'create', '-f', '-', '-o', 'json');
    return (JSON.parse(text) as { status: { authenticated?: boolean; audiences?: string[] } }).status;
  };
  const good = await review(['other', 'vault']);
  assert.deepEqual([good.authenticated, good.audiences], [true, ['vault']]);
  assert.equal((await review(['other'])).authenticated, undefined);
});

test('an aggregated role shows what it gathers', {
  skip,
}, async () => {
  const role = (name: string, extra: object) =>
    kubectl.withInput(
      JSON.stringify({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name },
        ...extra,
      }),
      'apply',
      '-f',
      '-',
    );
  await role('sum', {
    rules: [],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: 'sum' } }] },
  });
  const rules = [{ verbs: ['get'], apiGroups: ['example.com'], resources: ['widgets'] }];
  await role('part', { metadata: { name: 'part', labels: { to: 'sum' } }, rules });
  await eventually(async () => {
    const gathered = await kubectl('get', 'clusterrole', 'sum', '-o', 'jsonpath={.rules[*].resources[0]}');
    assert.equal(gathered, 'widgets');
  });
});
