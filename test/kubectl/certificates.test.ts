/** CertificateSigningRequests by the real kubectl: asked for, approved or denied, signed, and used. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { newRequestPem, type RequestWords } from '../../src/platform/certificate-request.fixture.ts';
import { eventually } from '../tools/eventually.ts';
import { hasKubectl } from '../tools/kubectl.ts';
import { rawRequest } from '../tools/raw-request.ts';
import { newKubectl } from '../tools/run-kubectl.ts';
import { startServerFor } from '../tools/server-process.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';
const server = await startServerFor({ after });
const kubectl = newKubectl(server.kubeconfig);
const CLIENT = 'kubernetes.io/kube-apiserver-client';
const KUBELET = 'kubernetes.io/kube-apiserver-client-kubelet';

function manifest(name: string, words: RequestWords, spec: Record<string, unknown> = {}) {
  const { pem, privateKey } = newRequestPem(words);
  const object = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: CLIENT,
      usages: ['client auth', 'digital signature'],
      ...spec,
    },
  };
  return {
    text: JSON.stringify(object),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

async function certificateOf(name: string): Promise<string> {
  return eventually(async () => {
    const encoded = await kubectl('get', 'csr', name, '-o', 'jsonpath={.status.certificate}');
    assert.notEqual(encoded, '', 'not issued yet');
    return Buffer.from(encoded, 'base64').toString();
  });
}

test('a certificate that is asked for, approved and issued lets its owner in', { skip }, async () => {
  const { text, key } = manifest(
    'jane',
    { commonName: 'jane', organizations: ['dev'] },
    {
      expirationSeconds: 3600,
      username: 'system:admin',
      groups: ['system:masters'],
    },
  );
  await kubectl.withInput(text, 'create', '-f', '-');
  assert.match(
    await kubectl('get', 'csr'),
    /^jane +\S+ +kubernetes\.io\/kube-apiserver-client +kubernetes-admin +60m +Pending$/m,
  );
  const approved = await kubectl('certificate', 'approve', 'jane');
  assert.match(approved, /certificatesigningrequest\.certificates\.k8s\.io\/jane approved/);
  const cert = await certificateOf('jane');
  assert.match(await kubectl('get', 'csr', 'jane', '--no-headers'), /Approved,Issued$/m);
  const answer = await rawRequest({
    url: server.url,
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
    tls: { serverCa: server.tls.serverCa, cert, key },
  });
  assert.equal(answer.status, 201, answer.text);
  const { userInfo } = answer.json!['status'] as { userInfo: { username: string; groups: string[] } };
  assert.deepEqual([userInfo.username, userInfo.groups], ['jane', ['dev', 'system:authenticated']]);
});

test('a request that is denied stays denied', { skip }, async () => {
  await kubectl.withInput(manifest('mallory', { commonName: 'mallory' }).text, 'create', '-f', '-');
  await kubectl('certificate', 'deny', 'mallory');
  assert.match(await kubectl('get', 'csr', 'mallory', '--no-headers'), /Denied$/m);
  const { code, stderr } = await kubectl.attempt(['certificate', 'approve', 'mallory']);
  assert.equal(code, 1);
  assert.match(stderr, /is already Denied/);
});

test('a request is refused that asks for the superusers’ group, or is not signed with its key', {
  skip,
}, async () => {
  const masters = manifest('masters', { commonName: 'x', organizations: ['system:masters'] }).text;
  const refused = await kubectl.attempt(['create', '-f', '-'], masters);
  assert.match(
    refused.stderr,
    /use of kubernetes\.io\/kube-apiserver-client signer with system:masters group is not allowed/,
  );
  const other = newRequestPem({}).privateKey;
  const forged = manifest('forged', { commonName: 'x', signedBy: other }).text;
  assert.match(
    (await kubectl.attempt(['create', '-f', '-'], forged)).stderr,
    /spec\.request: Invalid value: .*signature/,
  );
  const wrong = manifest(
    'wrong',
    { commonName: 'x' },
    { signerName: 'nobody', usages: ['fly'], expirationSeconds: 1 },
  ).text;
  const { stderr } = await kubectl.attempt(['create', '-f', '-'], wrong);
  assert.match(stderr, /spec\.usages\[0\]: Unsupported value: "fly"/);
  assert.match(
    stderr,
    /spec\.signerName: Invalid value: "nobody": must be a fully qualified domain and path/,
  );
  assert.match(
    stderr,
    /spec\.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 seconds/,
  );
});

test('whoever may write approvals still needs to be an approver for the signer', { skip }, async () => {
  await kubectl.withInput(manifest('asked', { commonName: 'bob' }).text, 'create', '-f', '-');
  const rights = [
    '--verb=get,update',
    '--resource=certificatesigningrequests,certificatesigningrequests/approval',
  ];
  await kubectl('create', 'clusterrole', 'writer', ...rights);
  await kubectl('create', 'clusterrolebinding', 'writer', '--clusterrole=writer', '--user=ann');
  const first = await kubectl.attempt(['certificate', 'approve', 'asked', '--as=ann']);
  assert.match(
    first.stderr,
    /user not permitted to approve requests with signerName "kubernetes\.io\/kube-apiserver-client"/,
  );
  const rules =
    '[{apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: ["kubernetes.io/*"], verbs: [approve]}]';
  const approver = `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: approver}, rules: ${rules}}`;
  await kubectl.withInput(approver, 'create', '-f', '-');
  await kubectl('create', 'clusterrolebinding', 'approver', '--clusterrole=approver', '--user=ann');
  await eventually(() => kubectl('certificate', 'approve', 'asked', '--as=ann'));
  await certificateOf('asked');
});

test('what a node asks for is approved by itself where it may, and fails where it cannot be signed', {
  skip,
}, async () => {
  await kubectl(
    'create',
    'clusterrolebinding',
    'bootstrap',
    '--clusterrole=system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    '--group=system:bootstrappers',
  );
  await kubectl(
    'create',
    'clusterrolebinding',
    'ask',
    '--clusterrole=system:node-bootstrapper',
    '--group=system:bootstrappers',
  );
  const as = ['--as=system:bootstrap:abcdef', '--as-group=system:bootstrappers'];
  const words = { commonName: 'system:node:new', organizations: ['system:nodes'] };
  const { text } = manifest('node-csr', words, { signerName: KUBELET });
  await eventually(() => kubectl.withInput(text, 'create', '-f', '-', ...as));
  await certificateOf('node-csr');
  const reason = await kubectl(
    'get',
    'csr',
    'node-csr',
    '-o',
    'jsonpath={.status.conditions[0].reason}/{.spec.username}',
  );
  assert.equal(reason, 'AutoApproved/system:bootstrap:abcdef');

  await kubectl.withInput(
    manifest('odd', { commonName: 'odd' }, { signerName: KUBELET }).text,
    'create',
    '-f',
    '-',
  );
  await kubectl('certificate', 'approve', 'odd');
  await eventually(async () => {
    const failed = await kubectl(
      'get',
      'csr',
      'odd',
      '-o',
      'jsonpath={.status.conditions[?(@.type=="Failed")].message}',
    );
    assert.equal(failed, 'subject organization is not system:nodes');
  });
  assert.match(await kubectl('get', 'csr', 'odd', '--no-headers'), /Approved,Failed$/m);
});

test('what a request asks for never changes', { skip }, async () => {
  await kubectl.withInput(manifest('fixed', { commonName: 'x' }).text, 'create', '-f', '-');
  await kubectl(
    'patch',
    'csr',
    'fixed',
    '--type=merge',
    '-p',
    '{"spec":{"username":"root","signerName":"a.b/c"}}',
  );
  const spec = await kubectl('get', 'csr', 'fixed', '-o', 'jsonpath={.spec.username} {.spec.signerName}');
  assert.equal(spec, `kubernetes-admin ${CLIENT}`);
});
