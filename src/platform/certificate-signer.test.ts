import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseCertificateRequest } from '../api/certificates/certificate-request.ts';
import { silentLogger } from '../base/logger.ts';
import { newRequestPem, toRequestPem } from './certificate-request.fixture.ts';
import { newCertificateSigner, requestSignatures } from './certificate-signer.ts';
import { openPki } from './pki.ts';
import { systemClock } from './system-clock.ts';

const directory = await mkdtemp(join(tmpdir(), 'kintsugi-signer-'));
after(() => rm(directory, { recursive: true, force: true }));
const pki = await openPki(systemClock, silentLogger, { directory, serverHosts: [] });
const signer = newCertificateSigner(pki, systemClock);
const DAY_MS = 86_400_000;

function signed(order: Partial<Parameters<typeof signer.sign>[0]> & { pem: string }): X509Certificate {
  const { pem, ...rest } = order;
  const outcome = signer.sign({
    signerName: 'kubernetes.io/kube-apiserver-client',
    request: parseCertificateRequest(pem),
    usages: ['client auth', 'digital signature'],
    expirationSeconds: undefined,
    ...rest,
  });
  assert.ok('pem' in outcome, JSON.stringify(outcome));
  return new X509Certificate(outcome.pem);
}

test('requestSignatures believes every kind of key that signs itself, and nothing else', () => {
  for (const type of ['ec', 'rsa', 'ed25519'] as const) {
    const good = parseCertificateRequest(newRequestPem({ commonName: 'jane' }, type).pem);
    assert.equal(requestSignatures.isGenuine(good), true, type);
    const changed = Uint8Array.from(good.signed);
    changed[changed.length - 1]! ^= 1;
    assert.equal(requestSignatures.isGenuine({ ...good, signed: changed }), false);
    assert.equal(requestSignatures.isGenuine({ ...good, algorithm: '1.2.840.113549.1.1.5' }), false);
    assert.equal(requestSignatures.isGenuine({ ...good, publicKey: good.publicKey.subarray(0, 9) }), false);
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const foreign = parseCertificateRequest(newRequestPem({ commonName: 'jane', signedBy: privateKey }).pem);
  assert.equal(requestSignatures.isGenuine(foreign), false);
});

test('newCertificateSigner gives the key of the request the names of the request', () => {
  const made = newRequestPem(
    { commonName: 'jane', organizations: ['dev', 'ops'], dnsNames: ['a.example'] },
    'rsa',
  );
  const certificate = signed({ pem: made.pem });
  assert.equal(certificate.subject, 'O=dev\nO=ops\nCN=jane');
  assert.equal(certificate.subjectAltName, 'DNS:a.example');
  assert.ok(certificate.publicKey.equals(createPublicKey(made.privateKey)));
  assert.equal(certificate.ca, false);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  const clientCa = new X509Certificate(pki.server().clientCa);
  assert.ok(certificate.verify(clientCa.publicKey) && certificate.checkIssued(clientCa));
});

test('newCertificateSigner lets nothing that may serve pass for a client of the API', () => {
  const pem = newRequestPem({ commonName: 'system:node:a', dnsNames: ['a'] }).pem;
  const certificate = signed({
    pem,
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['server auth', 'digital signature'],
  });
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.ok(certificate.verify(new X509Certificate(pki.clusterCa).publicKey));
  assert.ok(!certificate.verify(new X509Certificate(pki.server().clientCa).publicKey));
});

test('newCertificateSigner lets certificates live a year, or as long as was asked for, within bounds', () => {
  const { pem } = newRequestPem({ commonName: 'jane' });
  const livesMs = (expirationSeconds: number | undefined) => {
    const { validTo } = signed({ pem, expirationSeconds });
    return Date.parse(validTo) - Date.now();
  };
  const isAbout = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) < 10_000, `${actual}`);
  isAbout(livesMs(undefined), 365 * DAY_MS - 300_000);
  isAbout(livesMs(3600), 3_600_000);
  isAbout(livesMs(86_400), DAY_MS - 300_000);
  isAbout(livesMs(60), 600_000);
  isAbout(livesMs(10 * 365 * 86_400), 365 * DAY_MS - 300_000);
});

test('newCertificateSigner says what it cannot read', () => {
  const request = parseCertificateRequest(newRequestPem({ commonName: 'jane' }).pem);
  const outcome = signer.sign({
    signerName: 'kubernetes.io/kube-apiserver-client',
    request: { ...request, publicKey: request.publicKey.subarray(0, 20) },
    usages: ['client auth'],
    expirationSeconds: undefined,
  });
  assert.ok('problem' in outcome && outcome.problem.startsWith('x509: the public key cannot be read'));
  assert.equal(signer.expiryMs('nothing'), undefined);
});

test('newCertificateSigner signs a request of a size that only an attacker sends', () => {
  const { pem } = newRequestPem({ commonName: 'x'.repeat(200_000) });
  assert.ok(signed({ pem }).raw.length > 200_000);
  assert.ok(toRequestPem(Buffer.alloc(3)).includes('AAAA'));
});
