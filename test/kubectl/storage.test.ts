/** Storage by the real kubectl: default classes, and what is in use stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, TOOLBOX } from '../tools/up-cluster.ts';
import { kubectlOnCluster } from './on-cluster.ts';

const { skip, k, attempt, write } = await kubectlOnCluster();

const CLAIM = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: standard, annotations: { storageclass.kubernetes.io/is-default-class: "true" } }
provisioner: example.com/disk
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
const USER = (node: string) => `
apiVersion: v1
kind: Pod
metadata: { name: user }
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 1
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
  containers: [{ name: user, image: "${TOOLBOX}", volumeMounts: [{ name: data, mountPath: /data }] }]
`;

test('kubectl delete pvc waits for the Pod that uses it', { skip }, async () => {
  await k('apply', '-f', write('claim.yaml', CLAIM));
  assert.match(await k('get', 'sc', '--no-headers'), /^standard \(default\) /);
  const claim = (field: string) => k('get', 'pvc', 'data', '-o', `jsonpath={${field}}`);
  assert.equal(await claim('.spec.storageClassName'), 'standard');
  assert.equal(await claim('.metadata.finalizers'), '["kubernetes.io/pvc-protection"]');
  const node = await k('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}');
  await eventually('there is an account', () => k('get', 'sa', 'default'));
  await k('apply', '-f', write('user.yaml', USER(node)));
  await k('delete', 'pvc', 'data', '--wait=false');
  assert.match(await k('get', 'pvc', 'data', '--no-headers'), /^data +Terminating /);
  await k('delete', 'pod', 'user');
  await k('wait', '--for=delete', 'pvc/data', '--timeout=60s');
});

const SANDBOX = `
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: { name: sandboxed }
handler: sandbox
overhead: { podFixed: { cpu: 50m } }
`;

test('kubectl run in a RuntimeClass: the Pod costs its overhead too', { skip }, async () => {
  await k('apply', '-f', write('sandbox.yaml', SANDBOX));
  const run = (name: string, runtimeClassName: string) =>
    attempt([
      'run',
      name,
      `--image=${TOOLBOX}`,
      `--overrides=${JSON.stringify({ spec: { runtimeClassName } })}`,
    ]);
  assert.match(
    (await run('a', 'lost')).stderr,
    /pods "a" is forbidden: pod rejected: RuntimeClass "lost" not found/,
  );
  assert.equal((await run('a', 'sandboxed')).code, 0);
  assert.equal(await k('get', 'pod', 'a', '-o', 'jsonpath={.spec.overhead}'), '{"cpu":"50m"}');
});
