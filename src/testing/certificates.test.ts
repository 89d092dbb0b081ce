/** CertificateSigningRequests over their whole life, in virtual time. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateSigningRequest } from '../api/generated/certificates-v1.ts';
import { CERTIFICATE_SIGNING_REQUESTS } from '../api/resources.ts';
import { newRequestPem, type RequestWords } from '../platform/certificate-request.fixture.ts';
import { newCluster } from './testing.fixture.ts';

const { signal } = new AbortController();

function csr(name: string, signerName: string, words: RequestWords) {
  return {
    apiVersion: 'certificates.k8s.io/v1' as const,
    kind: 'CertificateSigningRequest' as const,
    metadata: { name },
    spec: {
      request: Buffer.from(newRequestPem(words).pem).toString('base64'),
      signerName,
      usages: ['client auth', 'digital signature'],
    },
  };
}

const NODE = { commonName: 'system:node:node-9', organizations: ['system:nodes'] };
const KUBELET = 'kubernetes.io/kube-apiserver-client-kubelet';

test('what a node asks for is approved and signed at once, and cleared away an hour later', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  // An administrator may ask for any node.
  await cluster.client.createAs(CERTIFICATE_SIGNING_REQUESTS, csr('node', KUBELET, NODE));
  const startMs = cluster.now();
  const issued = await cluster.until(async () => {
    const found = await cluster.client.get(CERTIFICATE_SIGNING_REQUESTS, 'node');
    return found.status?.certificate === undefined ? undefined : found;
  });
  deepEqual(
    issued.status?.conditions?.map(({ type, reason }) => [type, reason]),
    [['Approved', 'AutoApproved']],
  );
  await cluster.until(
    async () => (await cluster.client.find(CERTIFICATE_SIGNING_REQUESTS, 'node')) === undefined,
    { within: '2h' },
  );
  equal(Math.round((cluster.now() - startMs) / 60_000), 60);
});

test('what nobody decides is cleared away after a day, what is denied after an hour', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  const { api } = cluster.client;
  for (const name of ['waiting', 'denied'])
    await cluster.client.createAs(
      CERTIFICATE_SIGNING_REQUESTS,
      csr(name, 'kubernetes.io/kube-apiserver-client', { commonName: name }),
    );
  const denied: CertificateSigningRequest = await cluster.client.get(CERTIFICATE_SIGNING_REQUESTS, 'denied');
  const conditions = [{ type: 'Denied', status: 'True', reason: 'Test' }];
  await api.updateSubresource(
    CERTIFICATE_SIGNING_REQUESTS,
    { ...denied, status: { conditions } },
    'approval',
    signal,
  );
  const names = async () =>
    (await cluster.client.list(CERTIFICATE_SIGNING_REQUESTS)).map(({ metadata }) => metadata.name).sort();
  await cluster.advance('59m');
  deepEqual(await names(), ['denied', 'waiting']);
  await cluster.advance('2m');
  deepEqual(await names(), ['waiting']);
  await cluster.advance('22h50m');
  deepEqual(await names(), ['waiting']);
  await cluster.advance('10m');
  deepEqual(await names(), []);
});
