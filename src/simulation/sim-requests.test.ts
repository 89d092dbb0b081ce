import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { SERVES_ANYTHING, type SimulatedRun } from './sim-program.ts';
import { type RequestTarget, SimulatedRequester } from './sim-requests.ts';
import { newScene, settled } from './sim-runtime.fixture.ts';

const never = new AbortController().signal;

async function newServed(run: SimulatedRun, config = {}) {
  const scene = await newScene({ app: { runs: [run] } });
  const container = await scene.start(config);
  const requester = new SimulatedRequester(scene.requesterDeps);
  const ask = (target: Partial<RequestTarget> = {}, timeoutMs = 1000, signal = never) =>
    requester.request({ ip: container.ip, port: 80, ...target }, { timeoutMs, signal });
  return { ...scene, ...container, ask };
}

test('SimulatedRequester says who answered, what, and how long it took', async () => {
  const answers = [
    { path: '/slow', takesMs: 300, body: 'done' },
    { path: '/api/*', port: 81, status: 201 },
    { path: '/api/*', status: 404 },
  ];
  const { ask, clock, id } = await newServed({ ports: [80, 81], answers });
  const by = { containerId: id, podUid: 'uid-of-web-0', podName: 'web-0', podNamespace: 'default' };
  const answered = { outcome: 'answered' as const, body: '', location: undefined, by, tookMs: 0 };
  deepEqual(await ask(), { ...answered, status: 200 });
  deepEqual(await ask({ path: '/api/a?b' }), { ...answered, status: 404 });
  deepEqual(await ask({ path: '/api/a', port: 81 }), { ...answered, status: 201 });
  const slow = await settled(clock, ask({ path: '/slow?x' }));
  deepEqual(slow, { ...answered, status: 200, body: 'done', tookMs: 300 });
  deepEqual(await ask({ port: 82 }), { outcome: 'refused', tookMs: 0 });
  equal(clock.pendingTimers, 0);
});

test('SimulatedRequester: above its capacity a server takes longer for each request above it', async () => {
  const capacity = { inFlight: 2, addsMs: 50 };
  const { ask, clock } = await newServed({ ports: [80], capacity, answers: [{ takesMs: 100 }] });
  const asked = Array.from({ length: 4 }, () => ask());
  const outcomes = await settled(clock, Promise.all(asked));
  deepEqual(
    outcomes.map(({ tookMs }) => tookMs),
    [100, 100, 150, 200],
  );
  equal((await settled(clock, ask())).tookMs, 100);
});

test('SimulatedRequester: above its rate a server answers with what it says then, until the next second', async () => {
  const { ask, clock } = await newServed({ ports: [80], capacity: { perSecond: 2, status: 503 } });
  const statuses = async () => {
    const outcomes = await Promise.all([ask(), ask(), ask()]);
    return outcomes.map((went) => (went.outcome === 'answered' ? went.status : went.outcome));
  };
  deepEqual(await statuses(), [200, 200, 503]);
  await clock.advance(1000);
  deepEqual(await statuses(), [200, 200, 503]);
});

test('SimulatedRequester: a server works on for a client that has left, and only then is free again', async () => {
  const run = { ports: [80], capacity: { inFlight: 1, status: 503 }, answers: [{ takesMs: 500 }] };
  const { ask, clock } = await newServed(run);
  equal((await settled(clock, ask({}, 100))).outcome, 'timeout');
  const during = await settled(clock, ask());
  equal(during.outcome === 'answered' && during.status, 503);
  await clock.advance(500);
  const after = await settled(clock, ask());
  equal(after.outcome === 'answered' && after.status, 200);
});

test('SimulatedRequester: requests wait while their server hangs, and those that left are forgotten', async () => {
  const { ask, clock, id, runtime } = await newServed({
    ports: [80],
    capacity: { inFlight: 1, status: 503 },
  });
  runtime.hang(id);
  const patient = ask({}, 60_000);
  equal((await settled(clock, ask({}, 1000))).outcome, 'timeout');
  clock.setTimer(4000, () => runtime.unhang(id));
  const served = await settled(clock, patient);
  deepEqual([served.outcome, served.tookMs], ['answered', 5000]);
  const after = await ask();
  equal(after.outcome === 'answered' && after.status, 200);
  equal(clock.pendingTimers, 0);
});

test('SimulatedRequester: a request ends with its server, and with its client', async () => {
  const { ask, clock, id, runtime } = await newServed({ ports: [80], answers: [{ takesMs: 500 }] });
  const controller = new AbortController();
  const aborted = ask({}, 1000, controller.signal);
  controller.abort('enough');
  await rejects(aborted, (reason) => reason === 'enough');
  await rejects(ask({}, 1000, controller.signal), (reason) => reason === 'enough');
  const asked = ask();
  clock.setTimer(200, () => runtime.crash(id));
  const { outcome, tookMs } = await settled(clock, asked);
  deepEqual([outcome, tookMs], ['reset', 200]);
  equal(clock.pendingTimers, 0);
});

test('SimulatedRequester: a server that was asked to stop refuses, and answers what it had begun', async () => {
  const onSignal = { SIGTERM: { afterMs: 1000, code: 0, stopsListening: true } };
  const { ask, clock, id, runtime, status } = await newServed({
    ports: [80],
    answers: [{ takesMs: 300 }],
    onSignal,
  });
  const begun = ask();
  const stopping = runtime.stopContainer(id, 30_000, never);
  await clock.settle();
  equal((await ask()).outcome, 'refused');
  equal((await settled(clock, begun)).outcome, 'answered');
  await settled(clock, stopping);
  deepEqual([status().exitCode, status().finishedAtMs - status().startedAtMs], [0, 1000]);
});

test('SimulatedRequester: memory that each request takes ends in an OOM kill', async () => {
  const memory = { startBytes: 100, bytesPerRequest: 10 };
  const { ask, clock, status } = await newServed(
    { ports: [80], memory },
    { resources: { memoryLimitBytes: 130 } },
  );
  for (let i = 0; i < 3; i++) {
    equal(status().state, 'running');
    await ask();
  }
  await clock.advance(0);
  deepEqual([status().exitCode, status().reason], [137, 'OOMKilled']);
});

test('SimulatedRequester: host ports lead to their Pod, an address that was given up to nobody', async () => {
  const scene = await newScene({ app: SERVES_ANYTHING });
  const requester = new SimulatedRequester(scene.requesterDeps);
  const portMappings = [{ containerPort: 80, hostPort: 8080, hostIp: '', protocol: 'TCP' }];
  const { ip, sandboxId } = await scene.start({ portMappings });
  const ask = (target: RequestTarget) =>
    settled(scene.clock, requester.request(target, { timeoutMs: 10, signal: never }));
  const nodeIp = scene.runtime.nodeIp;
  equal((await ask({ ip: nodeIp, port: 8080 })).outcome, 'answered');
  equal((await ask({ ip: nodeIp, port: 80 })).outcome, 'refused');
  await scene.runtime.stopPodSandbox(sandboxId, never);
  equal((await ask({ ip: nodeIp, port: 8080 })).outcome, 'refused');
  equal((await ask({ ip, port: 80 })).outcome, 'timeout');
});
