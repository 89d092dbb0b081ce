import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateRequest } from '../../api/certificates/certificate-request.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';
import { toTimestamp } from '../../base/clock.ts';
import { planCertificate } from './reconcile.ts';

const NOW_MS = Date.parse('2026-01-02T00:00:00Z');
const HOUR_MS = 3_600_000;
const KUBELET = 'kubernetes.io/kube-apiserver-client-kubelet';

const names = { dnsNames: [], emailAddresses: [], uris: [], ipAddresses: [] };

function request(
  commonName = 'system:node:a',
  extra: Partial<CertificateRequest['names']> = {},
  organizations = ['system:nodes'],
) {
  const subject = { commonName, organizations, encoded: new Uint8Array() };
  const empty = new Uint8Array();
  return {
    subject,
    publicKey: empty,
    names: { ...names, ...extra },
    signed: empty,
    algorithm: '',
    signature: empty,
  } satisfies CertificateRequest;
}

type Words = Partial<CertificateSigningRequest['spec']> & {
  conditions?: string[];
  certificate?: string;
  ageMs?: number;
};

function csr({ conditions = [], certificate, ageMs = 0, ...spec }: Words = {}): CertificateSigningRequest {
  const at = toTimestamp(NOW_MS - ageMs);
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a', uid: 'a', resourceVersion: '1', creationTimestamp: at },
    spec: {
      request: '',
      signerName: KUBELET,
      usages: ['digital signature', 'client auth'],
      username: 'system:bootstrap:abcdef',
      ...spec,
    },
    status: {
      conditions: conditions.map((type) => ({ type, status: 'True', lastUpdateTime: at })),
      ...(certificate === undefined ? {} : { certificate }),
    },
  };
}

function planOf(words: Words, asked: CertificateRequest | undefined = request(), expiryMs?: number) {
  return planCertificate(csr(words), { request: asked, expiryMs }, NOW_MS);
}

test('planCertificate asks whether a node may have a client certificate, its own more easily', () => {
  const subresources = (plan: ReturnType<typeof planOf>) =>
    plan.kind === 'consider' ? plan.permissions.map(({ subresource }) => subresource) : plan.kind;
  assert.deepEqual(subresources(planOf({})), ['nodeclient']);
  assert.deepEqual(subresources(planOf({ username: 'system:node:a' })), ['selfnodeclient', 'nodeclient']);
  assert.equal(subresources(planOf({ signerName: 'kubernetes.io/kubelet-serving' })), 'wait');
  assert.equal(subresources(planOf({ signerName: 'kubernetes.io/kube-apiserver-client' })), 'wait');
  for (const asked of [
    request('admin'),
    request('system:node:a', {}, ['system:masters']),
    request('system:node:a', {}, ['system:nodes', 'system:masters']),
    request('system:node:a', { dnsNames: ['a'] }),
    request('system:node:a', { uris: ['a:b'] }),
  ])
    assert.equal(subresources(planOf({}, asked)), 'wait');
  assert.equal(subresources(planOf({ usages: ['client auth', 'server auth'] })), 'wait');
});

test('planCertificate signs what was approved, once, and says why it cannot', () => {
  const conditions = ['Approved'];
  assert.deepEqual(planOf({ conditions }), { kind: 'sign' });
  assert.equal(planOf({ conditions, certificate: 'eA==' }).kind, 'wait');
  assert.equal(planOf({ conditions: ['Approved', 'Failed'] }).kind, 'wait');
  assert.equal(planOf({ conditions, signerName: 'example.com/own' }).kind, 'wait');
  const problem = (words: Words, asked = request()) => {
    const plan = planOf({ conditions, ...words }, asked);
    return plan.kind === 'fail' ? plan.message : plan.kind;
  };
  assert.equal(problem({}, request('jane')), 'subject common name does not begin with system:node:');
  assert.equal(problem({}, request('system:node:a', {}, [])), 'subject organization is not system:nodes');
  assert.equal(
    problem({ usages: ['client auth'] }),
    'usages did not match [client auth digital signature key encipherment]',
  );
  const client = { signerName: 'kubernetes.io/kube-apiserver-client' };
  assert.equal(
    problem({ ...client, usages: ['server auth'] }),
    'invalid usage for client certificate: server auth',
  );
  assert.equal(
    problem({ ...client, usages: ['digital signature'] }),
    'missing required usage for client certificate: client auth',
  );
  assert.equal(problem(client, request('jane', {}, ['dev'])), 'sign');
  const serving = {
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['digital signature', 'server auth'],
  };
  assert.equal(problem(serving), 'DNS or IP subjectAltName is required');
  assert.equal(problem(serving, request('system:node:a', { dnsNames: ['a'] })), 'sign');
  assert.equal(
    problem(serving, request('system:node:a', { dnsNames: ['a'], emailAddresses: ['b'] })),
    'Email subjectAltNames are not allowed',
  );
});

test('planCertificate clears away what was decided an hour ago and what nobody decided for a day', () => {
  const cases: [Words, number][] = [
    [{ conditions: ['Denied'] }, HOUR_MS],
    [{ conditions: ['Approved', 'Failed'] }, HOUR_MS],
    [{ conditions: ['Approved'], certificate: 'eA==' }, HOUR_MS],
    [{ signerName: 'example.com/own' }, 24 * HOUR_MS],
  ];
  for (const [words, keptMs] of cases) {
    assert.deepEqual(planOf({ ...words, ageMs: keptMs }), { kind: 'delete' });
    assert.deepEqual(planOf({ ...words, ageMs: keptMs - 1_000 }), { kind: 'wait', untilMs: NOW_MS + 1_000 });
  }
  const issued: Words = { conditions: ['Approved'], certificate: 'eA==' };
  assert.equal(planOf(issued, request(), NOW_MS).kind, 'delete');
  const waiting = planOf({ conditions: ['Approved'], signerName: 'example.com/own', ageMs: 48 * HOUR_MS });
  assert.deepEqual(waiting, { kind: 'wait', untilMs: Number.POSITIVE_INFINITY });
});

test('planCertificate leaves alone what it cannot read', () => {
  const plan = planCertificate(
    csr({ conditions: ['Approved'] }),
    { request: undefined, expiryMs: undefined },
    NOW_MS,
  );
  assert.equal(plan.kind, 'wait');
});
