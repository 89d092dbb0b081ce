import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateSigningRequest } from '../generated/certificates-v1.ts';
import {
  validateCertificateDecision,
  validateCertificateSigningRequest,
} from './certificate-signing-request.ts';

const pem = (label: string, body: string) =>
  btoa(`-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`);
/** A sequence of a sequence, a sequence of an object identifier, and a bit string. */
const PEM = pem('CERTIFICATE', btoa('\x30\x0b\x30\x00\x30\x03\x06\x01\x2a\x03\x02\x00\x00'));

function csr(
  conditions: [string, string?][] = [],
  certificate?: string,
  spec = {},
): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a', uid: 'a', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { request: '', signerName: 'example.com/a', usages: ['client auth'], ...spec },
    status: {
      conditions: conditions.map(([type, status = 'True']) => ({ type, status })),
      ...(certificate === undefined ? {} : { certificate }),
    },
  };
}

const decided = (subresource: string, now: CertificateSigningRequest, before: CertificateSigningRequest) =>
  validateCertificateDecision(subresource, now, before).map(({ field, message }) => `${field}: ${message}`);

test('validateCertificateDecision lets approval decide once, and issue nothing', () => {
  assert.deepEqual(decided('approval', csr([['Approved']]), csr()), []);
  assert.deepEqual(decided('approval', csr([['Denied'], ['Other', 'False']]), csr()), []);
  assert.deepEqual(decided('approval', csr(), csr([['Approved']])), [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ]);
  assert.deepEqual(decided('approval', csr([['Denied'], ['Approved']]), csr([['Denied']])), [
    'status.conditions[1].type: Invalid value: "Approved": Approved and Denied conditions are mutually exclusive',
  ]);
  assert.deepEqual(decided('approval', csr([['Approved', 'False']]), csr()), [
    'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
  ]);
  assert.deepEqual(decided('approval', csr([['Approved']], PEM), csr()), [
    'status.certificate: Forbidden: updates may not set certificate content',
  ]);
});

test('validateCertificateDecision lets status issue once, and decide nothing', () => {
  const approved = csr([['Approved']]);
  assert.deepEqual(decided('status', csr([['Approved']], PEM), approved), []);
  assert.deepEqual(decided('status', csr([['Approved'], ['Failed']]), approved), []);
  assert.deepEqual(decided('status', approved, csr()), [
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ]);
  assert.deepEqual(decided('status', csr([['Approved']], 'eA=='), approved), [
    'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
  ]);
  assert.deepEqual(decided('status', csr([['Approved']], btoa('x')), csr([['Approved']], PEM)), [
    'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
    'status.certificate: Forbidden: updates may not modify existing certificate content',
  ]);
});

test('validateCertificateSigningRequest knows signers by domain and path', () => {
  const problems = (signerName: string) =>
    validateCertificateSigningRequest(csr([], undefined, { signerName }))
      .filter(({ field }) => field === 'spec.signerName')
      .map(({ message }) => message);
  for (const good of ['example.com/a', 'kubernetes.io/kubelet-serving', 'a.b.c/d.e'])
    assert.deepEqual(problems(good), []);
  assert.deepEqual(problems(''), ['Required value']);
  assert.match(problems('example.com')[0]!, /must be a fully qualified domain and path/);
  assert.match(problems('a.b/c/d')[0]!, /must be a fully qualified domain and path/);
  assert.match(problems('example/a')[0]!, /should be a domain with at least two segments/);
  assert.match(problems('Example.com/a')[0]!, /validating label "Example"/);
  assert.match(problems('example.com/A')[0]!, /validating label "A"/);
  assert.match(
    problems('kubernetes.io/legacy-unknown')[0]!,
    /the legacy signerName is not allowed via this API version/,
  );
});

test('validateCertificateSigningRequest wants known usages, each once, and a life of ten minutes', () => {
  const errors = validateCertificateSigningRequest(
    csr([], undefined, { usages: ['client auth', 'fly', 'client auth'], expirationSeconds: 599 }),
  ).map(({ field }) => field);
  assert.deepEqual(errors, ['spec.request', 'spec.usages[1]', 'spec.usages[2]', 'spec.expirationSeconds']);
});

test('validateCertificateDecision takes certificates in PEM and nothing else', () => {
  const problems = (certificate: string) =>
    decided('status', csr([], certificate), csr()).map((text) => text.replace(/^.*data>": /, ''));
  assert.deepEqual(problems(pem('PRIVATE KEY', 'AAAA')), [
    'only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"',
  ]);
  assert.deepEqual(problems(pem('CERTIFICATE', 'a: b\n\nAAAA')), ['no PEM block headers are permitted']);
  assert.deepEqual(problems(pem('CERTIFICATE', '')), [
    'found CERTIFICATE PEM block containing 0 certificates',
  ]);
  assert.deepEqual(problems(pem('CERTIFICATE', 'AAAA')), ['x509: malformed certificate']);
});

test('validateCertificateDecision lets stay what older rules let in', () => {
  const both: [string][] = [['Approved'], ['Denied']];
  assert.deepEqual(decided('status', csr(both), csr(both)), []);
  const twice: [string][] = [['Odd'], ['Odd'], ['']];
  assert.deepEqual(decided('approval', csr([...twice, ['Approved']]), csr(twice)), []);
  assert.deepEqual(decided('status', csr([], btoa('y')), csr([], btoa('x'))), [
    'status.certificate: Forbidden: updates may not modify existing certificate content',
  ]);
});
