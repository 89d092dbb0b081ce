/** What a namespace's own rules do to Pods, by the real kubectl: limits, and how much they may dare. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOOLBOX } from '../tools/up-cluster.ts';
import { kubectlOnCluster } from './on-cluster.ts';

const { skip, k, attempt, write, newNamespace } = await kubectlOnCluster();

const LIMITS = `
apiVersion: v1
kind: LimitRange
metadata: { name: bounds, namespace: bounded }
spec:
  limits:
    - { type: Container, default: { cpu: 500m }, defaultRequest: { cpu: 100m }, max: { cpu: "1" } }
`;

test('kubectl run is given a LimitRange’s defaults, and refused beyond its maximum', { skip }, async () => {
  await newNamespace('bounded');
  await k('apply', '-f', write('limits.yaml', LIMITS));
  assert.match(
    await k('-n', 'bounded', 'describe', 'limitrange', 'bounds'),
    /^Container +cpu +- +1 +100m +500m +-$/m,
  );
  const run = ['-n', 'bounded', 'run', '--restart=Never', `--image=${TOOLBOX}`];
  await k(...run, 'small');
  assert.equal(
    await k('-n', 'bounded', 'get', 'pod', 'small', '-o', 'jsonpath={.spec.containers[0].resources}'),
    '{"limits":{"cpu":"500m"},"requests":{"cpu":"100m"}}',
  );
  const overrides = JSON.stringify({
    spec: { containers: [{ name: 'big', image: TOOLBOX, resources: { limits: { cpu: '2' } } }] },
  });
  await assert.rejects(
    k(...run, 'big', `--overrides=${overrides}`),
    /pods "big" is forbidden: maximum cpu usage per Container is 1, but limit is 2/,
  );
});

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: strict }
spec:
  replicas: 0
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "${TOOLBOX}" }] }
`;

test('kubectl is refused and warned by the Pod security of a namespace', { skip }, async () => {
  await newNamespace('strict');
  await k('label', 'namespace', 'strict', 'pod-security.kubernetes.io/enforce=restricted');
  const refused = await attempt(['-n', 'strict', 'run', 'plain', `--image=${TOOLBOX}`]);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^Error from server \(Forbidden\): pods "plain" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false \(container "plain" must set securityContext\.allowPrivilegeEscalation=false\), unrestricted capabilities/,
  );
  const file = write('deployment.yaml', DEPLOYMENT);
  const warned = await attempt(['apply', '-f', file]);
  assert.equal(warned.code, 0);
  assert.match(
    warned.stderr,
    /^Warning: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation/,
  );
  assert.equal(warned.stdout, 'deployment.apps/web created\n');
});
