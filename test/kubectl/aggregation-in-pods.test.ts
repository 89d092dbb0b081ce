/** An extension API server that runs in a Pod, with nothing but what any Pod has: its account, a Service, an APIService. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueCertificate, newKeyPair } from '../../src/platform/pki-certificate.ts';
import { exportKey } from '../../src/platform/pki-credential.ts';
import { EXTENSION, eventually } from '../tools/up-cluster.ts';
import { kubectlOnCluster } from './on-cluster.ts';

const { skip, k, attempt, write, newNamespace } = await kubectlOnCluster();
const HOUR_MS = 3_600_000;

const POD = `
apiVersion: v1
kind: Pod
metadata: { name: api, namespace: whoami, labels: { app: api } }
spec:
  serviceAccountName: api
  terminationGracePeriodSeconds: 1
  containers:
    - name: api
      image: "${EXTENSION}"
      env:
        - { name: TLS_KEY, valueFrom: { secretKeyRef: { name: tls, key: tls.key } } }
        - { name: TLS_CERT, valueFrom: { secretKeyRef: { name: tls, key: tls.crt } } }
      ports: [{ containerPort: 8443, name: https }]
      readinessProbe: { tcpSocket: { port: https }, periodSeconds: 1 }
`;

async function manifests(): Promise<string> {
  const [authority, keys] = await Promise.all([newKeyPair(), newKeyPair()]);
  const valid = { notBeforeMs: Date.now() - HOUR_MS, notAfterMs: Date.now() + HOUR_MS };
  const subject = { commonName: 'whoami-ca' };
  const issuer = { subject, keys: authority };
  const ca = issueCertificate({ subject, usage: 'ca', ...valid }, authority.publicKey, issuer);
  const order = {
    subject: { commonName: 'api' },
    usage: 'server',
    hosts: ['api.whoami.svc'],
    ...valid,
  } as const;
  const cert = issueCertificate(order, keys.publicKey, issuer);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return `
apiVersion: v1
kind: ServiceAccount
metadata: { name: api, namespace: whoami }
---
apiVersion: v1
kind: Secret
metadata: { name: tls, namespace: whoami }
data: { tls.key: ${base64(exportKey(keys.privateKey))}, tls.crt: ${base64(cert)} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: whoami-auth-reader, namespace: kube-system }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader }
subjects: [{ kind: ServiceAccount, name: api, namespace: whoami }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: whoami:system:auth-delegator }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:auth-delegator }
subjects: [{ kind: ServiceAccount, name: api, namespace: whoami }]
---
apiVersion: v1
kind: Service
metadata: { name: api, namespace: whoami }
spec: { selector: { app: api }, ports: [{ name: https, port: 443, targetPort: https }] }
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1.pods.example.com }
spec:
  group: pods.example.com
  version: v1
  groupPriorityMinimum: 1000
  versionPriority: 15
  caBundle: ${base64(ca)}
  service: { namespace: whoami, name: api }
`;
}

const waitForIt = () =>
  k('wait', '--for=condition=Available', 'apiservice/v1.pods.example.com', '--timeout=25s');

test('kubectl uses an extension that runs in a Pod', { skip }, async () => {
  await newNamespace('whoami');
  await k('apply', '-f', write('extension.yaml', await manifests()));
  await k('apply', '-f', write('pod.yaml', POD));
  await waitForIt();
  const me = JSON.parse(await k('get', 'whoami', 'me', '-o', 'json')) as { spec: object };
  assert.deepEqual(me.spec, { user: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] });
  await k('create', 'clusterrole', 'asks', '--verb=get', '--resource=whoamis.pods.example.com');
  await k('create', 'clusterrolebinding', 'asks', '--clusterrole=asks', '--user=jane');
  const hers = JSON.parse(await k('--as=jane', 'get', 'whoami', 'me', '-o', 'json')) as { spec: object };
  assert.deepEqual(hers.spec, { user: 'jane', groups: ['system:authenticated'] });
  const refused = await attempt(['--as=john', 'get', 'whoami', 'me']);
  assert.match(refused.stderr, /Forbidden/);
});

test('kubectl finds the extension again once its Pod is back', { skip }, async () => {
  await k('-n', 'whoami', 'delete', 'pod', 'api');
  await eventually('it is missed', async () =>
    assert.match(
      await k('get', 'apiservice', 'v1.pods.example.com'),
      /False \((?:MissingEndpoints|EndpointsNotFound)\)/,
    ),
  );
  await k('apply', '-f', write('pod.yaml', POD));
  await waitForIt();
  assert.match(await k('get', 'whoami', 'me', '-o', 'name'), /^whoami\.pods\.example\.com\/me$/m);
});
