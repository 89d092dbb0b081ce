import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuntimeError } from '../container-runtime/runtime.ts';
import { crashAfter } from '../simulation/sim-program.ts';
import { POD_RESYNC_MS } from './defaults.ts';
import { createPod, newTestNode, PODS } from './kubelet.fixture.ts';

const FOREVER = { preloaded: true, runs: [{}] };

test('newKubelet starts a Pod and reports it Running and Ready', async () => {
  const node = await newTestNode({ app: FOREVER });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(1000);
  const { status } = node.pod();
  assert.equal(status?.phase, 'Running');
  assert.deepEqual(status?.conditions?.map(({ type, status: value }) => `${type}=${value}`).sort(), [
    'ContainersReady=True',
    'Initialized=True',
    'PodReadyToStartContainers=True',
    'PodScheduled=True',
    'Ready=True',
  ]);
  assert.match(status?.containerStatuses?.[0]?.containerID ?? '', /^process:\/\//);
  assert.deepEqual(
    node.events.filter(({ type }) => type === 'Normal').map(({ reason }) => reason),
    ['Starting', 'Pulled', 'Created', 'Started'],
  );
  await node.stop();
});

test('newKubelet takes back at once what others write into a status that it decides', async () => {
  const node = await newTestNode({ app: FOREVER });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(1000);
  const { name, namespace = '' } = node.pod().metadata;
  const body = { status: { phase: 'Pending', podIP: '192.0.2.9' } };
  const patch = { type: 'strategic', body, subresource: 'status' } as const;
  const { podIP } = node.pod().status!;
  await node.api.patch(PODS, { name, namespace }, patch);
  await node.clock.advance(0);
  assert.equal(node.pod().status?.phase, 'Running');
  assert.equal(node.pod().status?.podIP, podIP);
  await node.stop();
});

test('newKubelet restarts a crashing container after 0, 10, 20, 40, 80, 160, 300 s, and counts', async () => {
  const node = await newTestNode({ app: { preloaded: true, runs: [crashAfter(0)] } });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(20 * 60_000);
  const starts = node.events.filter(({ reason }) => reason === 'Started').map(({ atMs }) => atMs);
  const delays = starts.slice(1).map((atMs, index) => Math.round((atMs - starts[index]!) / 1000));
  assert.deepEqual(delays.slice(0, 8), [0, 10, 20, 40, 80, 160, 300, 300]);
  const [status] = node.pod().status?.containerStatuses ?? [];
  assert.equal(status?.restartCount, starts.length - 1);
  assert.equal(status?.state?.waiting?.reason, 'CrashLoopBackOff');
  assert.equal(
    status?.state?.waiting?.message,
    'back-off 5m0s restarting failed container=web pod=web-1_default(uid-of-web-1)',
  );
  assert.equal(status?.lastState?.terminated?.exitCode, 1);
  assert.ok(
    node
      .events$('BackOff')
      .includes('Back-off restarting failed container web in pod web-1_default(uid-of-web-1)'),
  );
  await node.stop();
});

test('newKubelet forgets the back-off of a container that ran well for more than 10 minutes', async () => {
  const runs = [crashAfter(0), crashAfter(0), crashAfter(601_000), crashAfter(0), {}];
  const node = await newTestNode({ app: { preloaded: true, runs } });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(15 * 60_000);
  const starts = node.events.filter(({ reason }) => reason === 'Started').map(({ atMs }) => atMs);
  const delays = starts.slice(1).map((atMs, index) => Math.round((atMs - starts[index]!) / 1000));
  assert.deepEqual(delays, [0, 10, 601, 10]);
  await node.stop();
});

test('newKubelet adopts running containers without a restart, and Ready never flips', async () => {
  const node = await newTestNode({ app: FOREVER });
  const readinessProbe = { httpGet: { port: 80 }, periodSeconds: 10 };
  await createPod(node, { containers: [{ readinessProbe }] });
  await node.clock.advance(20_000);
  const before = node.pod().status;
  const transitions = before?.conditions?.map(({ lastTransitionTime }) => lastTransitionTime);
  await node.stop();
  await node.clock.advance(30_000);
  await node.start();
  await node.clock.advance(60_000);
  const after = node.pod().status;
  assert.equal(after?.containerStatuses?.[0]?.restartCount, 0);
  assert.equal(after?.containerStatuses?.[0]?.containerID, before?.containerStatuses?.[0]?.containerID);
  assert.deepEqual(
    after?.conditions?.map(({ lastTransitionTime }) => lastTransitionTime),
    transitions,
  );
  await node.stop();
});

test('newKubelet keeps the back-off across a restart of the agent', async () => {
  const node = await newTestNode({ app: { preloaded: true, runs: [crashAfter(0)] } });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(31_000);
  const count = node.events$('Started').length;
  await node.stop();
  await node.start();
  await node.clock.advance(35_000);
  assert.equal(node.events$('Started').length, count);
  await node.clock.advance(10_000);
  assert.equal(node.events$('Started').length, count + 1);
  await node.stop();
});

test('newKubelet kills a container after three liveness failures and restarts it', async () => {
  const node = await newTestNode({ app: FOREVER });
  node.answers.set('80', {
    result: 'failure',
    output: 'HTTP probe failed with statuscode: 500',
    statusCode: 500,
  });
  await createPod(node, { containers: [{ livenessProbe: { httpGet: { port: 80 }, periodSeconds: 10 } }] });
  await node.clock.advance(31_000);
  assert.deepEqual(
    node.events$('Unhealthy').slice(0, 3),
    Array(3).fill('Liveness probe failed: HTTP probe failed with statuscode: 500'),
  );
  assert.deepEqual(node.events$('Killing'), ['Container web failed liveness probe, will be restarted']);
  assert.equal(node.pod().status?.containerStatuses?.[0]?.restartCount, 1);
  await node.stop();
});

test('newKubelet clears and restores Ready by the readiness probe, without a restart', async () => {
  const node = await newTestNode({ app: FOREVER });
  await createPod(node, { containers: [{ readinessProbe: { httpGet: { port: 80 }, periodSeconds: 5 } }] });
  await node.clock.advance(10_000);
  const ready = () => node.pod().status?.conditions?.find(({ type }) => type === 'Ready');
  assert.equal(ready()?.status, 'True');
  node.answers.set('80', { result: 'failure', output: 'no', statusCode: 503 });
  await node.clock.advance(16_000);
  assert.equal(ready()?.status, 'False');
  assert.equal(ready()?.reason, 'ContainersNotReady');
  assert.equal(ready()?.message, 'containers with unready status: [web]');
  node.answers.clear();
  await node.clock.advance(6_000);
  assert.equal(ready()?.status, 'True');
  assert.equal(node.pod().status?.containerStatuses?.[0]?.restartCount, 0);
  await node.stop();
});

test('newKubelet holds liveness and readiness back until the startup probe has passed', async () => {
  const node = await newTestNode({ app: FOREVER });
  node.answers.set('81', { result: 'failure', output: 'starting', statusCode: 500 });
  node.answers.set('80', { result: 'failure', output: 'dead', statusCode: 500 });
  const startupProbe = { httpGet: { port: 81 }, periodSeconds: 10, failureThreshold: 30 };
  await createPod(node, {
    containers: [{ startupProbe, livenessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } }],
  });
  await node.clock.advance(60_000);
  assert.equal(node.pod().status?.containerStatuses?.[0]?.started, false);
  assert.deepEqual(node.events$('Killing'), []);
  node.answers.delete('81');
  await node.clock.advance(15_000);
  assert.deepEqual(node.events$('Killing').slice(0, 1), [
    'Container web failed liveness probe, will be restarted',
  ]);
  await node.stop();
});

test('newKubelet ends a Pod: preStop counts in the grace period, then the object goes', async () => {
  const runs = [{ onSignal: { SIGTERM: 'ignore' as const } }];
  const node = await newTestNode({ app: { preloaded: true, runs } });
  const lifecycle = { preStop: { sleep: { seconds: 5 } } };
  await createPod(node, { terminationGracePeriodSeconds: 20, containers: [{ lifecycle }] });
  await node.clock.advance(1000);
  await node.api.delete(PODS, { namespace: 'default', name: 'web-1' }, {});
  await node.clock.advance(19_000);
  assert.notEqual(node.pod(), undefined);
  await node.clock.advance(1_500);
  assert.equal(node.pod(), undefined);
  assert.deepEqual(node.events$('Killing'), ['Stopping container web']);
  assert.deepEqual(node.host.removed.slice(0, 1), ['/var/pods/uid-of-web-1']);
  assert.deepEqual(await node.runtime.listPodSandboxes(new AbortController().signal), []);
  await node.stop();
});

test('newKubelet gives 2 s more when the preStop hook has used up the grace period', async () => {
  const runs = [{ onSignal: { SIGTERM: 'ignore' as const } }];
  const node = await newTestNode({ app: { preloaded: true, runs } });
  const lifecycle = { preStop: { sleep: { seconds: 60 } } };
  await createPod(node, { terminationGracePeriodSeconds: 10, containers: [{ lifecycle }] });
  await node.clock.advance(1000);
  await node.api.delete(PODS, { namespace: 'default', name: 'web-1' }, {});
  await node.clock.advance(11_900);
  assert.notEqual(node.pod(), undefined);
  await node.clock.advance(200);
  assert.equal(node.pod(), undefined);
  await node.stop();
});

test('newKubelet gives a Pod that was deleted without grace 2 s, not its own grace period', async () => {
  const runs = [{ onSignal: { SIGTERM: 'ignore' as const } }];
  const node = await newTestNode({ app: { preloaded: true, runs } });
  await createPod(node, { terminationGracePeriodSeconds: 600, containers: [{}] });
  await node.clock.advance(1000);
  await node.api.delete(PODS, { namespace: 'default', name: 'web-1' }, { gracePeriodSeconds: 0 });
  await node.clock.advance(1_900);
  const signal = new AbortController().signal;
  const states = async () => (await node.runtime.listContainers(signal)).map(({ state }) => state);
  assert.deepEqual(await states(), ['running']);
  await node.clock.advance(200);
  assert.deepEqual(await states(), []);
  await node.stop();
});

test('newKubelet shortens the end when a second deletion asks for it', async () => {
  const runs = [{ onSignal: { SIGTERM: 'ignore' as const } }];
  const node = await newTestNode({ app: { preloaded: true, runs } });
  await createPod(node, { terminationGracePeriodSeconds: 600, containers: [{}] });
  await node.clock.advance(1000);
  await node.api.delete(PODS, { namespace: 'default', name: 'web-1' }, {});
  await node.clock.advance(10_000);
  await node.api.delete(PODS, { namespace: 'default', name: 'web-1' }, { gracePeriodSeconds: 5 });
  await node.clock.advance(5_500);
  assert.equal(node.pod(), undefined);
  await node.stop();
});

test('newKubelet runs init containers one after another, and sidecars beside the main ones', async () => {
  const node = await newTestNode({
    app: { preloaded: true, runs: [{ onSignal: { SIGTERM: { afterMs: 1000, code: 0 } } }] },
    init: { preloaded: true, runs: [crashAfter(2000, 0)] },
  });
  const initContainers = [
    { name: 'first', image: 'init' },
    { name: 'side', image: 'app', restartPolicy: 'Always' },
    { name: 'second', image: 'init' },
  ];
  await createPod(node, { initContainers, containers: [{}] });
  await node.clock.advance(1000);
  const states = () =>
    (node.pod().status?.initContainerStatuses ?? []).map(({ state }) => Object.keys(state ?? {})[0]);
  assert.deepEqual(states(), ['running', 'waiting', 'waiting']);
  assert.equal(node.pod().status?.phase, 'Pending');
  assert.equal(node.pod().status?.containerStatuses?.[0]?.state?.waiting?.reason, 'PodInitializing');
  const initialized = () => node.pod().status?.conditions?.find(({ type }) => type === 'Initialized')?.status;
  assert.equal(initialized(), 'False');
  await node.clock.advance(2000);
  assert.deepEqual(states(), ['terminated', 'running', 'running']);
  assert.equal(initialized(), 'False');
  await node.clock.advance(2000);
  assert.deepEqual(states(), ['terminated', 'running', 'terminated']);
  assert.equal(initialized(), 'True');
  assert.equal(node.pod().status?.phase, 'Running');
  const signal = new AbortController().signal;
  await node.api.delete(PODS, { namespace: 'default', name: 'web-1' }, {});
  await node.clock.advance(1500);
  const running = (await node.runtime.listContainers(signal)).filter(({ state }) => state === 'running');
  assert.deepEqual(
    running.map(({ metadata }) => metadata.name),
    ['side'],
  );
  await node.clock.advance(1000);
  assert.equal(node.pod(), undefined);
  await node.stop();
});

test('newKubelet reports Succeeded and Failed by the exit codes under restartPolicy Never', async () => {
  const node = await newTestNode({
    good: { preloaded: true, runs: [crashAfter(1000, 0)] },
    bad: { preloaded: true, runs: [crashAfter(1000, 3)] },
  });
  await createPod(node, { restartPolicy: 'Never', containers: [{ image: 'good' }] }, { name: 'good' });
  await createPod(node, { restartPolicy: 'Never', containers: [{ image: 'bad' }] }, { name: 'bad' });
  await node.clock.advance(5000);
  assert.equal(node.pod('good').status?.phase, 'Succeeded');
  assert.equal(
    node.pod('good').status?.conditions?.find(({ type }) => type === 'Ready')?.reason,
    'PodCompleted',
  );
  assert.equal(node.pod('good').status?.containerStatuses?.[0]?.state?.terminated?.reason, 'Completed');
  assert.equal(node.pod('bad').status?.phase, 'Failed');
  assert.equal(node.pod('bad').status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 3);
  await node.stop();
});

test('newKubelet ends a Pod that runs past activeDeadlineSeconds', async () => {
  const node = await newTestNode({ app: FOREVER });
  await createPod(node, { activeDeadlineSeconds: 30, restartPolicy: 'Never', containers: [{}] });
  await node.clock.advance(29_000);
  assert.equal(node.pod().status?.phase, 'Running');
  await node.clock.advance(3000);
  assert.equal(node.pod().status?.phase, 'Failed');
  assert.equal(node.pod().status?.reason, 'DeadlineExceeded');
  await node.stop();
});

test('newKubelet waits with ErrImagePull, then ImagePullBackOff, and retries', async () => {
  const programs = {
    app: { pull: { error: { reason: 'ImageNotFound' as const, message: 'no such image' } } },
  };
  const node = await newTestNode(programs);
  await createPod(node, { containers: [{}] });
  await node.clock.advance(1000);
  const waiting = () => node.pod().status?.containerStatuses?.[0]?.state?.waiting;
  assert.deepEqual(waiting(), { reason: 'ErrImagePull', message: 'no such image' });
  await node.clock.advance(3000);
  assert.equal(waiting()?.reason, 'ImagePullBackOff');
  assert.match(waiting()?.message ?? '', /^Back-off pulling image "app"/);
  await node.clock.advance(60_000);
  assert.equal(node.events$('Pulling').length, 3);
  await node.stop();
});

test('newKubelet starts nothing again that it started as the runtime went down', async () => {
  const node = await newTestNode({ app: FOREVER });
  const down = new RuntimeError('Unavailable', 'the runtime does not answer');
  const { clock, runtime } = node;
  const listContainers = runtime.listContainers.bind(runtime);
  const startContainer = runtime.startContainer.bind(runtime);
  runtime.startContainer = async (id, signal) => {
    runtime.startContainer = startContainer;
    await clock.sleep(5000, signal);
    await startContainer(id, signal);
    runtime.listContainers = () => Promise.reject(down);
  };
  await createPod(node, { containers: [{}] });
  await clock.advance(1000);
  // Its start lists the containers: the other's is there, and does not run yet.
  await createPod(node, { containers: [{}] }, { name: 'web-2' });
  await clock.advance(60_000);
  runtime.listContainers = listContainers;
  await clock.advance(60_000);
  assert.equal(node.events$('Started').length, 2);
  assert.equal(node.pod().status?.containerStatuses?.[0]?.restartCount, 0);
  assert.equal(node.pod().status?.phase, 'Running');
  await node.stop();
});

test('newKubelet notices within a minute that the wall clock has jumped past the end of a back-off', async () => {
  const node = await newTestNode({ app: { preloaded: true, runs: [crashAfter(0)] } });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(15 * 60_000);
  const starts = () => node.events.filter(({ reason }) => reason === 'Started').length;
  const before = starts();
  await node.clock.advance(1000);
  assert.equal(starts(), before);
  node.clock.jumpWall(3_600_000);
  await node.clock.advance(POD_RESYNC_MS);
  assert.equal(starts(), before + 1);
  await node.stop();
});
