/** Containers that get more or less cpu and memory while they run, by the real kubectl. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, TOOLBOX } from '../tools/up-cluster.ts';
import { kubectlOnCluster } from './on-cluster.ts';

const { skip, k, attempt, write, newNamespace } = await kubectlOnCluster();

const POD = `apiVersion: v1
kind: Pod
metadata: { name: web, namespace: resize }
spec:
  containers:
    - name: web
      image: "${TOOLBOX}"
      command: [/bin/sh, -c, 'sleep 1000']
      resizePolicy: [{ resourceName: memory, restartPolicy: RestartContainer }]
      resources:
        requests: { cpu: 10m, memory: 32Mi }
        limits: { cpu: 500m, memory: 64Mi }
`;

const patch = (resources: object) => [
  '-n',
  'resize',
  'patch',
  'pod',
  'web',
  '--subresource=resize',
  '-p',
  JSON.stringify({ spec: { containers: [{ name: 'web', resources }] } }),
];
const status = (path: string) =>
  k('-n', 'resize', 'get', 'pod', 'web', '-o', `jsonpath={.status.containerStatuses[0].${path}}`);

test('kubectl patch --subresource=resize gives a running container more cpu', { skip }, async () => {
  await newNamespace('resize');
  await k('create', '-f', write('pod.yaml', POD));
  await k('-n', 'resize', 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');

  assert.equal(
    await status('resources'),
    '{"limits":{"cpu":"500m","memory":"64Mi"},"requests":{"cpu":"10m","memory":"32Mi"}}',
  );
  assert.equal(await status('allocatedResources'), '{"cpu":"10m","memory":"32Mi"}');
  await k(...patch({ requests: { cpu: '20m' }, limits: { cpu: '600m' } }));
  await eventually('it has them', async () => assert.equal(await status('resources.limits.cpu'), '600m'));
  assert.equal(await status('allocatedResources.cpu'), '20m');
  assert.equal(await status('restartCount'), '0');
  await eventually('it is told', async () => {
    const events = await k('-n', 'resize', 'get', 'events', '--field-selector=involvedObject.name=web');
    assert.match(
      events,
      /Normal +ResizeStarted +pod\/web +Pod resize started: \{"containers":\[\{"name":"web"/,
    );
    assert.match(events, /Normal +ResizeCompleted +pod\/web +Pod resize completed: /);
  });
});

test('kubectl patch --subresource=resize restarts the container where its policy says so', {
  skip,
}, async () => {
  await k(...patch({ limits: { memory: '80Mi' } }));
  await eventually('it runs again', async () => assert.equal(await status('restartCount'), '1'));
  await eventually('it has them', async () => assert.equal(await status('resources.limits.memory'), '80Mi'));
});

test('kubectl patch --subresource=resize says what a node cannot do, and what nobody may', {
  skip,
}, async () => {
  await k(...patch({ requests: { cpu: '5000' }, limits: { cpu: '5000' } }));
  const condition = 'jsonpath={.status.conditions[?(@.type=="PodResizePending")].reason}';
  const pending = () => k('-n', 'resize', 'get', 'pod', 'web', '-o', condition);
  await eventually('the node refuses', async () => assert.equal(await pending(), 'Infeasible'));
  assert.equal(await status('resources.limits.cpu'), '600m');
  await k(...patch({ requests: { cpu: '20m' }, limits: { cpu: '600m' } }));
  await eventually('nothing waits', async () => assert.equal(await pending(), ''));
  const { stderr } = await attempt(patch({ requests: { cpu: '600m', memory: '80Mi' } }));
  assert.equal(
    stderr.trim(),
    'The Pod "web" is invalid: spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
  );
});
