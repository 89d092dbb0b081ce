/** What nodes and Pods use, by the real kubectl and by the agents' own pages. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { eventually, startUpCluster, TOOLBOX, type UpCluster } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';

const PODS = `
apiVersion: v1
kind: Pod
metadata: { name: busy, labels: { app: busy } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: worker
      image: "${TOOLBOX}"
      command: [sh, -c, "while :; do i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; sleep 0.1; done"]
    - { name: idler, image: "${TOOLBOX}", command: [sleep, "600"] }
---
apiVersion: v1
kind: Pod
metadata: { name: idle, labels: { app: idle } }
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: main, image: "${TOOLBOX}", command: [sleep, "600"] }]
`;

let cluster: UpCluster;
before(async () => {
  if (skip) return;
  cluster = await startUpCluster();
  const file = path.join(cluster.dataDir, 'pods.yaml');
  writeFileSync(file, PODS);
  await eventually('there is an account', () => k('get', 'sa', 'default'));
  await k('apply', '-f', file);
  await k('wait', '--for=condition=Ready', 'pod/busy', 'pod/idle', '--timeout=60s');
});
after(() => cluster?.[Symbol.asyncDispose]());

const k = (...args: string[]) => cluster.kubectl(...args);

/** `kubectl top`'s lines without their heads, split into columns. */
const top = async (...args: string[]) =>
  (await k('top', ...args, '--no-headers'))
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/));

test('kubectl top node shows cores and memory, and shares of what there is', { skip }, async () => {
  const node = await k('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}');
  const [line] = await top('node');
  assert.equal(line?.[0], node);
  assert.match(line.slice(1).join(' '), /^\d+m \d+% \d+Mi \d+%$/);
  assert.deepEqual((await top('node', node))[0]?.[0], node);
});

test('kubectl top pod shows each Pod, its containers, and what a selector means', { skip }, async () => {
  const lines = await eventually('both are measured', async () => {
    const all = await top('pod');
    assert.equal(all.length, 2);
    return all;
  });
  for (const [, cpu, memory] of lines) assert.match(`${cpu} ${memory}`, /^\d+m \d+Mi$/);
  const cpuOf = (name: string) => Number.parseInt(lines.find(([pod]) => pod === name)![1]!, 10);
  assert.ok(cpuOf('busy') > cpuOf('idle'), JSON.stringify(lines));
  const containers = await top('pod', 'busy', '--containers');
  assert.deepEqual(containers.map(([pod, name]) => `${pod} ${name}`).sort(), ['busy idler', 'busy worker']);
  assert.deepEqual(
    (await top('pod', '-l', 'app=idle')).map(([pod]) => pod),
    ['idle'],
  );
  assert.equal((await top('pod', '-A')).length, 2);
  assert.match(
    await k('api-resources', '--api-group=metrics.k8s.io'),
    /^pods +metrics\.k8s\.io\/v1beta1 +true +PodMetrics$/m,
  );
});

test('the agent says it to Prometheus too, through the proxy of its node', { skip }, async () => {
  const node = await k('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}');
  const text = await k('get', '--raw', `/api/v1/nodes/${node}/proxy/metrics/resource`);
  assert.match(
    text,
    /^container_cpu_usage_seconds_total\{container="worker",namespace="default",pod="busy"\} [\d.]+ \d{13}$/m,
  );
  assert.match(text, /^pod_memory_working_set_bytes\{namespace="default",pod="idle"\} [1-9]\d+ \d{13}$/m);
  assert.match(text, /^node_cpu_usage_seconds_total [\d.]+ \d{13}$/m);
});

test('who may view a namespace may see what its Pods use, and not what nodes do', { skip }, async () => {
  await k('create', 'rolebinding', 'bob', '--clusterrole=view', '--user=bob');
  assert.match(await k('top', 'pod', '--as=bob', '--no-headers'), /^busy /m);
  const refused = await cluster.kubectl.attempt(['top', 'node', '--as=bob']);
  assert.match(
    refused.stderr,
    /nodes\.metrics\.k8s\.io is forbidden: User "bob" cannot list resource "nodes"/,
  );
  const nobody = await cluster.kubectl.attempt(['top', 'pod', '--as=eve']);
  assert.match(nobody.stderr, /pods\.metrics\.k8s\.io is forbidden: User "eve" cannot list resource "pods"/);
});
