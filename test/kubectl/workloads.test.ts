/** The everyday commands of kubectl on workloads and nodes, on a cluster that `kintsugi up` started. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { eventually, SHELL, startUpCluster, TOOLBOX, type UpCluster } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';

let cluster: UpCluster;
before(async () => {
  if (skip) return;
  cluster = await startUpCluster({ args: ['--nodes', '2'] });
  await k('create', 'deployment', 'web', `--image=${TOOLBOX}`, '--replicas=2');
  await k('rollout', 'status', 'deployment/web', '--timeout=25s');
});
after(() => cluster?.[Symbol.asyncDispose]());

const k = (...args: string[]) => cluster.kubectl(...args);
const refused = async (...args: string[]) => {
  const { code, stderr } = await cluster.kubectl.attempt(args);
  assert.equal(code, 1, stderr);
  return stderr;
};

test('kubectl wait, scale and get -w follow a Deployment', { skip }, async () => {
  await k('scale', 'deployment/web', '--replicas=3');
  await k('wait', '--for=jsonpath={.status.readyReplicas}=3', 'deployment/web', '--timeout=25s');
  await k('wait', '--for=condition=Available', 'deployment/web', '--timeout=25s');
  assert.match(await k('get', 'deployment', 'web', '--no-headers'), /^web +3\/3 +3 +3 /);
  await k('scale', 'deployment/web', '--current-replicas=3', '--replicas=2');
  await k('wait', '--for=jsonpath={.status.replicas}=2', 'deployment/web', '--timeout=25s');
  assert.match(
    await refused('wait', '--for=condition=Ready', 'pod/absent', '--timeout=1s'),
    /pods "absent" not found/,
  );
});

test('kubectl set image, rollout status, history, undo and restart', { skip }, async () => {
  const image = () =>
    k('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}');
  await k('set', 'image', 'deployment/web', `toolbox=${SHELL}`);
  assert.match(await k('rollout', 'status', 'deployment/web', '--timeout=25s'), /successfully rolled out/);
  assert.equal(await image(), SHELL);
  const history = (await k('rollout', 'history', 'deployment/web')).match(/^\d+/gm);
  assert.deepEqual(history, ['1', '2']);
  assert.match(
    await k('rollout', 'history', 'deployment/web', '--revision=1'),
    new RegExp(`Image:\\s+${TOOLBOX}`),
  );
  assert.match(await k('rollout', 'undo', 'deployment/web'), /rolled back/);
  await k('rollout', 'status', 'deployment/web', '--timeout=25s');
  assert.equal(await image(), TOOLBOX);
  const before = await k('get', 'pods', '-l', 'app=web', '-o', 'name');
  assert.match(await k('rollout', 'restart', 'deployment/web'), /restarted/);
  await k('rollout', 'status', 'deployment/web', '--timeout=25s');
  await eventually('only new Pods', async () => {
    const now = (await k('get', 'pods', '-l', 'app=web', '-o', 'name')).trim().split('\n');
    assert.equal(now.length, 2);
    assert.ok(now.every((name) => !before.includes(name)));
  });
  await k('rollout', 'pause', 'deployment/web');
  assert.match(await refused('rollout', 'restart', 'deployment/web'), /can't restart paused deployment/);
  await k('rollout', 'resume', 'deployment/web');
});

test('kubectl expose makes a Service with endpoints, and describe shows it', { skip }, async () => {
  await k('expose', 'deployment', 'web', '--port=80', '--target-port=8080');
  await eventually('the endpoints', async () => {
    assert.match(await k('describe', 'service', 'web'), /Endpoints: +\d+\.\d+\.\d+\.\d+:8080,\d+/);
  });
  const text = await k('describe', 'service', 'web');
  assert.match(text, /Type: +ClusterIP\n/);
  assert.match(text, /Selector: +app=web\n/);
  assert.match(
    await k('get', 'endpointslices', '-l', 'kubernetes.io/service-name=web', '--no-headers'),
    /IPv4 +8080 +\d+\./,
  );
});

test('kubectl describe shows a Pod and a Node as upstream does', { skip }, async () => {
  const pod = (await k('get', 'pods', '-l', 'app=web', '-o', 'name')).split('\n')[0]!;
  const text = await k('describe', pod);
  for (const expected of [
    /^Node: +node-\d\/\d/m,
    /^Status: +Running$/m,
    /^Controlled By: +ReplicaSet\/web-/m,
    /^ +State: +Running$/m,
    /^ +Restart Count: +0$/m,
    /^ +Ready +True/m,
    /Normal +Scheduled +\S+ +default-scheduler +Successfully assigned default\/web/,
    /Normal +Started +\S+ +kubelet +Container started/,
  ])
    assert.match(text, expected);
  const node = await k('describe', 'node', 'node-1');
  for (const expected of [
    /^Taints: +<none>$/m,
    /^Unschedulable: +false$/m,
    /^ +Ready +True .*KubeletReady/m,
    /^ +Kubelet Version: +v1\.36/m,
    /^ +Container Runtime Version: +process:\/\//m,
    /^ +default +web-/m,
    /^ +cpu +\d+m? \(\d+%\)/m,
  ])
    assert.match(node, expected);
});

test('kubectl label, annotate and patch change and remove', { skip }, async () => {
  await k('label', 'deployment', 'web', 'tier=front', 'team=a');
  assert.match(
    await refused('label', 'deployment', 'web', 'tier=back'),
    /'tier' already has a value \(front\), and --overwrite is false/,
  );
  await k('label', 'deployment', 'web', '--overwrite', 'tier=back', 'team-');
  assert.match(await k('get', 'deployment', 'web', '--show-labels'), /app=web,tier=back/);
  assert.match(
    await refused('label', 'deployment', 'web', 'bad key=x'),
    /name part must consist of alphanumeric/,
  );
  await k('annotate', 'deployment', 'web', 'note=some text');
  assert.equal(
    await k('get', 'deployment', 'web', '-o', 'jsonpath={.metadata.annotations.note}'),
    'some text',
  );
  await k('annotate', 'deployment', 'web', 'note-');
  await k(
    'patch',
    'deployment',
    'web',
    '--type=json',
    '-p',
    '[{"op":"add","path":"/metadata/labels/x","value":"y"}]',
  );
  assert.match(
    await k('get', 'deployment', '-l', 'x=y,tier in (back)', '-o', 'name'),
    /deployment\.apps\/web/,
  );
});

test('kubectl taint, cordon, uncordon and drain move Pods', { skip }, async () => {
  await k('taint', 'nodes', 'node-1', 'only=you:NoSchedule');
  assert.match(await k('describe', 'node', 'node-1'), /Taints: +only=you:NoSchedule/);
  await k('cordon', 'node-2');
  assert.match(await k('get', 'node', 'node-2', '--no-headers'), /Ready,SchedulingDisabled/);
  await k('run', 'nowhere', `--image=${TOOLBOX}`);
  await eventually('the reason', async () => {
    const text = await k('describe', 'pod', 'nowhere');
    assert.match(
      text,
      /FailedScheduling .*0\/2 nodes are available: 1 node\(s\) had untolerated taint\(s\), 1 node\(s\) were unschedulable\.|0\/2 nodes are available: 1 node\(s\) had untolerated taint \{only: you\}, 1 node\(s\) were unschedulable\./,
    );
  });
  await k('uncordon', 'node-2');
  await k('wait', '--for=condition=Ready', 'pod/nowhere', '--timeout=25s');
  await k('taint', 'nodes', 'node-1', 'only=you:NoSchedule-');
  assert.match(
    await refused('drain', 'node-2', '--timeout=20s'),
    /cannot delete .*Pods that declare no controller/i,
  );
  await k('delete', 'pod', 'nowhere', '--grace-period=1');
  assert.match(await k('drain', 'node-2', '--timeout=25s'), /node\/node-2 drained/);
  await k('rollout', 'status', 'deployment/web', '--timeout=25s');
  assert.doesNotMatch(await k('get', 'pods', '-l', 'app=web', '-o', 'wide'), /node-2/);
  await k('uncordon', 'node-2');
});

test('kubectl diff, replace, delete --wait and events work', { skip }, async () => {
  const config = (value: string) =>
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"${value}"}}`;
  await cluster.kubectl.withInput(config('1'), 'apply', '-f', '-');
  const diff = await cluster.kubectl.attempt(['diff', '-f', '-'], config('2'));
  assert.equal(diff.code, 1, diff.stderr);
  assert.match(diff.stdout, /^- {2}a: "1"\n\+ {2}a: "2"$/m);
  await cluster.kubectl.withInput(config('3'), 'replace', '-f', '-');
  assert.equal(await k('get', 'configmap', 'c', '-o', 'jsonpath={.data.a}'), '3');
  assert.match(await k('delete', 'configmap', 'c'), /configmap "c" deleted/);
  assert.match(
    await k('events', '--for=deployment/web'),
    /ScalingReplicaSet +Deployment\/web +Scaled up replica set/,
  );
  await k('delete', 'deployment', 'web', '--cascade=foreground', '--timeout=25s');
  assert.equal(await k('get', 'pods', '-l', 'app=web', '-o', 'name'), '');
});
