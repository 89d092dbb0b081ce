/** Pods that cannot run: what kubectl shows of them, in upstream's words, with the way out where there is one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ContainerState, Pod } from '../../src/api/generated/core-v1.ts';
import { hasKubectl } from '../tools/kubectl.ts';
import { eventually, isRoot, startUpCluster, TOOLBOX, type UpCluster, WEB_APP } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';

let cluster: UpCluster;
before(async () => {
  if (!skip) cluster = await startUpCluster();
});
after(() => cluster?.[Symbol.asyncDispose]());

interface Trouble {
  container?: object;
  pod?: object;
}

async function create(name: string, { container = {}, pod = {} }: Trouble): Promise<void> {
  const containers = [{ name: 'main', image: TOOLBOX, ...container }];
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, containers, ...pod },
  };
  await cluster.kubectl.withInput(JSON.stringify(object), 'apply', '-f', '-');
}

const podOf = async (name: string): Promise<Pod> =>
  JSON.parse(await cluster.kubectl('get', 'pod', name, '-o', 'json')) as Pod;

/** The state of the Pod's container once it `holds`. */
function stateOf(name: string, holds: (state: ContainerState) => unknown): Promise<ContainerState> {
  return eventually(`the state of ${name}`, async () => {
    const state = (await podOf(name)).status?.containerStatuses?.[0]?.state ?? {};
    assert.ok(holds(state), JSON.stringify(state));
    return state;
  });
}

/** STATUS as kubectl prints it, once it is `status`. */
const shows = (name: string, status: string) =>
  eventually(`kubectl shows ${status}`, async () => {
    assert.equal((await cluster.kubectl('get', 'pod', name, '--no-headers')).split(/ +/)[2], status);
  });

/** Messages of the Pod's Events with this reason, once there is one. */
const eventsOf = (name: string, reason: string) =>
  eventually(`an Event ${reason} of ${name}`, async () => {
    const selector = `involvedObject.name=${name},reason=${reason}`;
    const text = await cluster.kubectl(
      'get',
      'events',
      '--field-selector',
      selector,
      '-o',
      'jsonpath={.items[*].message}',
    );
    assert.notEqual(text, '');
    return text;
  });

test('an image that is not registered: ErrImagePull, then ImagePullBackOff, with the ways out', {
  skip,
}, async () => {
  await create('unknown', { container: { image: 'shop/cart:2' } });
  const { waiting } = await stateOf('unknown', ({ waiting }) => waiting?.reason === 'ImagePullBackOff');
  assert.match(waiting!.message!, /^Back-off pulling image "shop\/cart:2": /);
  const failed = await eventsOf('unknown', 'Failed');
  assert.match(
    failed,
    /Failed to pull image "shop\/cart:2": .*is not registered with the process runtime: add it with `kintsugi up --image shop\/cart:2=DIR`, or run real images with `--runtime containerd`/,
  );
  assert.match(failed, /Error: ErrImagePull/);
  assert.match(await eventsOf('unknown', 'BackOff'), /Back-off pulling image "shop\/cart:2"/);
  await shows('unknown', 'ImagePullBackOff');
  const logs = await cluster.kubectl.attempt(['logs', 'unknown']);
  assert.match(
    logs.stderr,
    /container "main" in pod "unknown" is waiting to start: trying and failing to pull image/,
  );
});

test('an image that may not be pulled: ErrImageNeverPull; a name that is none: InvalidImageName', {
  skip,
}, async () => {
  await create('never', { container: { image: 'absent:1', imagePullPolicy: 'Never' } });
  const never = await stateOf('never', ({ waiting }) => waiting?.reason === 'ErrImageNeverPull');
  assert.equal(never.waiting!.message, 'Container image "absent:1" is not present with pull policy of Never');
  await create('invalid', { container: { image: 'Not_A:Name:At/All' } });
  const invalid = await stateOf('invalid', ({ waiting }) => waiting?.reason === 'InvalidImageName');
  assert.match(invalid.waiting!.message!, /Failed to apply default image tag|couldn't parse image/i);
  await shows('invalid', 'InvalidImageName');
});

test('a command that does not exist: StartError and 128, and the Pod goes on trying', { skip }, async () => {
  await create('no-command', { container: { command: ['no-such-command'] } });
  const { terminated } = await eventually('an ended container', async () => {
    const [status] = (await podOf('no-command')).status?.containerStatuses ?? [];
    assert.ok(status?.lastState?.terminated, JSON.stringify(status));
    return status.lastState;
  });
  assert.deepEqual([terminated!.reason, terminated!.exitCode], ['StartError', 128]);
  assert.match(terminated!.message!, /exec: "no-such-command": executable file not found in \$PATH/);
  assert.match(await eventsOf('no-command', 'Failed'), /Error: .*executable file not found in \$PATH/);
  await eventually('it waits for the next try', async () => {
    const line = await cluster.kubectl('get', 'pod', 'no-command', '--no-headers');
    assert.match(line, /RunContainerError|CrashLoopBackOff/);
  });
  await create('no-directory', {
    container: { workingDir: '/no/such/directory' },
    pod: { restartPolicy: 'Never' },
  });
  await shows('no-directory', 'StartError');
  assert.equal((await podOf('no-directory')).status?.phase, 'Failed');
});

test('what the environment needs and is not there: CreateContainerConfigError, until it comes', {
  skip,
}, async () => {
  const env = [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'late', key: 'color' } } }];
  await create('waits', { container: { env } });
  const { waiting } = await stateOf(
    'waits',
    (state) => state.waiting?.reason === 'CreateContainerConfigError',
  );
  assert.equal(waiting!.message, 'configmap "late" not found');
  await cluster.kubectl('create', 'configmap', 'late', '--from-literal=shade=dark');
  await stateOf(
    'waits',
    (state) => state.waiting?.message === "couldn't find key color in ConfigMap default/late",
  );
  await cluster.kubectl('patch', 'configmap', 'late', '-p', '{"data":{"color":"red"}}');
  await stateOf('waits', ({ running }) => running);
});

test('a volume that cannot be mounted: ContainerCreating and FailedMount, until it can', {
  skip,
}, async () => {
  const volumes = [{ name: 'keys', secret: { secretName: 'later' } }];
  const volumeMounts = [{ name: 'keys', mountPath: '/keys' }];
  await create('unmounted', { pod: { volumes }, container: { volumeMounts } });
  assert.match(
    await eventsOf('unmounted', 'FailedMount'),
    /MountVolume\.SetUp failed for volume "keys" : secret "later" not found/,
  );
  await shows('unmounted', 'ContainerCreating');
  await cluster.kubectl('create', 'secret', 'generic', 'later', '--from-literal=a=b');
  await shows('unmounted', 'Running');
});

test('runAsNonRoot with a program that would be root is refused', { skip }, async () => {
  await create('as-root', { container: { securityContext: { runAsNonRoot: true } } });
  const { waiting } = await stateOf(
    'as-root',
    (state) => state.waiting?.reason === 'CreateContainerConfigError',
  );
  assert.match(waiting!.message!, /container has runAsNonRoot and image will run as root/);
});

test('a memory limit below what the program needs: OOMKilled and 137', {
  skip: skip || (isRoot ? false : 'limits need root'),
}, async () => {
  const limits = { memory: '16Mi' };
  await create('hungry', {
    container: { image: WEB_APP, resources: { limits } },
    pod: { restartPolicy: 'Never' },
  });
  const { terminated } = await stateOf('hungry', (state) => state.terminated);
  assert.deepEqual([terminated!.reason, terminated!.exitCode], ['OOMKilled', 137]);
  await shows('hungry', 'OOMKilled');
});

test('more than a node has: FailedScheduling says what lacks', { skip }, async () => {
  await create('huge', { container: { resources: { requests: { cpu: '1000' } } } });
  assert.match(await eventsOf('huge', 'FailedScheduling'), /^0\/1 nodes are available: 1 Insufficient cpu\./);
  await shows('huge', 'Pending');
});
