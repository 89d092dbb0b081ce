/** Workloads through kubectl on a server without nodes: the controllers act, and the Pods stay Pending. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../tools/eventually.ts';
import { hasKubectl } from '../tools/kubectl.ts';
import { newKubectl } from '../tools/run-kubectl.ts';
import { startServerFor } from '../tools/server-process.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';
const server = skip === false ? await startServerFor({ after }) : undefined;
const kubectl = newKubectl(server?.kubeconfig ?? '');

/** A namespace of its own with a Deployment `web` of `replicas` Pods. */
async function newDeployment(
  namespace: string,
  replicas: number,
): Promise<(...args: string[]) => Promise<string>> {
  await kubectl('create', 'namespace', namespace);
  const inNamespace = (...args: string[]) => kubectl('-n', namespace, ...args);
  await inNamespace('create', 'deployment', 'web', '--image=web:1', `--replicas=${replicas}`);
  await eventually(async () => assert.equal((await lines(inNamespace, 'pods')).length, replicas));
  return inNamespace;
}

async function lines(
  run: (...args: string[]) => Promise<string>,
  kind: string,
  ...args: string[]
): Promise<string[]> {
  return (await run('get', kind, '-o', 'name', ...args)).split('\n').filter((line) => line !== '');
}

test('a Deployment makes a ReplicaSet that makes Pods, which wait for a node', { skip }, async () => {
  const run = await newDeployment('made', 3);
  assert.match(
    await run('get', 'deployment'),
    /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +0\/3 +3 +0 +\d+s\n$/,
  );
  assert.match(
    await run('get', 'replicaset'),
    /^NAME +DESIRED +CURRENT +READY +AGE\nweb-\w+ +3 +3 +0 +\d+s\n$/,
  );
  assert.match(
    await run('get', 'pods', '-o', 'wide'),
    /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n(web-\w+-\w{5} +0\/1 +Pending +0 +\d+s +<none> +<none> +<none> +<none>\n){3}$/,
  );
  assert.match(
    await run('describe', 'deployment', 'web'),
    /NewReplicaSet: +web-\w+ \(3\/3 replicas created\)/,
  );
  await eventually(async () => {
    const events = await run('get', 'events');
    assert.match(
      events,
      /Normal +ScalingReplicaSet +deployment\/web +Scaled up replica set web-\w+ from 0 to 3/,
    );
    assert.match(events, /Normal +SuccessfulCreate +replicaset\/web-\w+ +Created pod: web-\w+-\w{5}/);
    assert.match(
      events,
      /Warning +FailedScheduling +pod\/web-\w+-\w{5} +no nodes available to schedule pods/,
    );
  });
});

test('kubectl scale, with and without a precondition', { skip }, async () => {
  const run = await newDeployment('scaled', 1);
  assert.equal(await run('scale', 'deployment/web', '--replicas=4'), 'deployment.apps/web scaled\n');
  await eventually(async () => assert.equal((await lines(run, 'pods')).length, 4));
  const refused = await kubectl.attempt([
    '-n',
    'scaled',
    'scale',
    'deployment/web',
    '--current-replicas=9',
    '--replicas=1',
  ]);
  assert.match(refused.stderr, /Expected replicas to be 9, was 4/);
  await run('scale', 'deployment/web', '--replicas=0');
  await eventually(async () => assert.equal((await lines(run, 'pods')).length, 0));
});

test('kubectl rollout: history, status, undo, pause, resume, restart', { skip }, async () => {
  const run = await newDeployment('rolled', 2);
  await run('annotate', 'deployment/web', 'kubernetes.io/change-cause=first');
  await run('set', 'image', 'deployment/web', 'web=web:2');
  await eventually(async () => assert.equal((await lines(run, 'replicasets')).length, 2));
  await eventually(async () => {
    assert.match(
      await run('rollout', 'history', 'deployment/web'),
      /^deployment\.apps\/web \nREVISION +CHANGE-CAUSE\n1 +first\n2 +first\n/,
    );
  });
  assert.match(await run('rollout', 'history', 'deployment/web', '--revision=2'), /Image:\s+web:2/);
  const waiting = await kubectl.attempt([
    '-n',
    'rolled',
    'rollout',
    'status',
    'deployment/web',
    '--timeout=1s',
  ]);
  assert.match(
    waiting.stdout,
    /^Waiting for deployment "web" rollout to finish: 1 out of 2 new replicas have been updated/,
  );
  assert.equal(waiting.code, 1);
  assert.equal(await run('rollout', 'undo', 'deployment/web'), 'deployment.apps/web rolled back\n');
  await eventually(async () => {
    assert.match(await run('rollout', 'history', 'deployment/web'), /\n2 .*\n3 /);
    assert.equal(
      await run('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}'),
      'web:1',
    );
  });
  await run('rollout', 'pause', 'deployment/web');
  await run('set', 'image', 'deployment/web', 'web=web:3');
  await run('rollout', 'resume', 'deployment/web');
  await eventually(async () => assert.equal((await lines(run, 'replicasets')).length, 3));
  assert.equal(await run('rollout', 'restart', 'deployment/web'), 'deployment.apps/web restarted\n');
  await eventually(async () => assert.equal((await lines(run, 'replicasets')).length, 4));
});

test('kubectl delete --cascade=background takes everything, the owner first', { skip }, async () => {
  const run = await newDeployment('background', 2);
  assert.match(await run('delete', 'deployment', 'web'), /^deployment\.apps "web" deleted/);
  await eventually(async () => assert.deepEqual(await lines(run, 'deployments,replicasets,pods'), []));
});

test('kubectl delete --cascade=foreground takes everything, the owner last', { skip }, async () => {
  const run = await newDeployment('foreground', 2);
  await run('delete', 'deployment', 'web', '--cascade=foreground', '--wait=false');
  await eventually(async () => assert.deepEqual(await lines(run, 'deployments,replicasets,pods'), []));
});

test('kubectl delete --cascade=orphan leaves the ReplicaSet without an owner', { skip }, async () => {
  const run = await newDeployment('orphan', 2);
  await run('delete', 'deployment', 'web', '--cascade=orphan');
  await eventually(async () => {
    assert.equal((await lines(run, 'replicasets')).length, 1);
    assert.equal(await run('get', 'replicasets', '-o', 'jsonpath={.items[0].metadata.ownerReferences}'), '');
  });
  assert.equal((await lines(run, 'pods')).length, 2);
});

test('kubectl delete pod: another takes its place', { skip }, async () => {
  const run = await newDeployment('replaced', 1);
  const [before] = await lines(run, 'pods');
  await run('delete', before!);
  await eventually(async () => {
    const after = await lines(run, 'pods');
    assert.equal(after.length, 1);
    assert.notEqual(after[0], before);
  });
});

test('kubectl delete namespace takes everything in it, and then the namespace', { skip }, async () => {
  const run = await newDeployment('doomed', 2);
  await run('create', 'configmap', 'kept-alive');
  await kubectl('delete', 'namespace', 'doomed', '--timeout=20s');
  const { stderr } = await kubectl.attempt(['get', 'namespace', 'doomed']);
  assert.equal(stderr, 'Error from server (NotFound): namespaces "doomed" not found\n');
});

test('kubectl expose gives a Service an address, and its slices no endpoints', { skip }, async () => {
  const run = await newDeployment('exposed', 1);
  await run('expose', 'deployment', 'web', '--port=80');
  assert.match(
    await run('get', 'service', 'web'),
    /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\nweb +ClusterIP +\d+\.\d+\.\d+\.\d+ +<none> +80\/TCP +\d+s\n$/,
  );
  await eventually(async () => {
    assert.match(
      await run('get', 'endpointslices'),
      /^NAME +ADDRESSTYPE +PORTS +ENDPOINTS +AGE\nweb-\w+ +IPv4 +<unset> +<unset> +\d+s\n$/,
    );
  });
});

test('kubectl wait sees a condition come', { skip }, async () => {
  const run = await newDeployment('awaited', 1);
  assert.match(
    await run('wait', 'deployment/web', '--for=jsonpath={.status.replicas}=1', '--timeout=10s'),
    /condition met/,
  );
  assert.match(
    await run('wait', 'deployment/web', '--for=condition=Progressing', '--timeout=10s'),
    /condition met/,
  );
});
