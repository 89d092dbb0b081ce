// What can be done to a simulated runtime, its containers and its machine.
import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { RuntimeError } from '../container-runtime/runtime.ts';
import type { RuntimeChange } from './runtime-change.ts';
import { crashAfter, type SimulatedProgram, type SimulatedRun } from './sim-program.ts';
import { newScene, settled } from './sim-runtime.fixture.ts';

const never = new AbortController().signal;

const newStarted = async (run: SimulatedRun = {}) => {
  const scene = await newScene({ app: { runs: [run] } });
  return { ...scene, ...(await scene.start()) };
};

test('SimulatedRuntime slow makes calls take their time, until it is taken back', async () => {
  const { clock, runtime } = await newScene({});
  const beganMs = clock.monotonicMs();
  runtime.slow({ min: 100, max: 200 });
  await settled(clock, runtime.listContainers(never));
  const tookMs = clock.monotonicMs() - beganMs;
  equal(tookMs >= 100 && tookMs <= 201, true, `it took ${tookMs} ms`);
  runtime.slow(undefined);
  await runtime.listContainers(never);
  equal(clock.pendingTimers, 0);
});

test('SimulatedRuntime failPulls fails one image or all, until they are told to work', async () => {
  const { runtime } = await newScene({ app: {}, other: {} });
  const error = new RuntimeError('RegistryUnavailable', 'the registry is down');
  runtime.failPulls(error, 'docker.io/library/app:latest');
  await rejects(runtime.pullImage('app', never), error);
  await runtime.pullImage('other', never);
  runtime.failPulls(undefined, 'app');
  await runtime.pullImage('app', never);
  runtime.failPulls(error);
  await rejects(runtime.pullImage('other', never), error);
  runtime.failPulls(undefined);
  await runtime.pullImage('other', never);
});

test('SimulatedRuntime: the first pulls of an image fail as its program says', async () => {
  const error = { reason: 'RegistryUnavailable' as const, message: 'try later', times: 2 };
  const { clock, runtime } = await newScene({ app: { pull: { takesMs: 100, error } } });
  const pull = () => settled(clock, runtime.pullImage('app', never));
  await rejects(pull, /try later/);
  await rejects(pull, /try later/);
  equal(await runtime.imageStatus('app', never), undefined);
  const image = await pull();
  equal(await runtime.imageStatus('app', never), image);
});

test('SimulatedRuntime kill is SIGKILL, crash an end by itself, oomKill the kernel', async () => {
  const { runtime, start } = await newStarted();
  const ended = async (how: (id: string) => void) => {
    const { id, status } = await start();
    how(id);
    return [status().exitCode, status().reason];
  };
  deepEqual(await ended((id) => runtime.kill(id)), [137, 'Error']);
  deepEqual(await ended((id) => runtime.crash(id, 3)), [3, 'Error']);
  deepEqual(await ended((id) => runtime.oomKill(id)), [137, 'OOMKilled']);
});

test('SimulatedRuntime hang: time stands still for the process, signals wait, SIGKILL does not', async () => {
  const { clock, id, runtime, start, status } = await newStarted({
    log: [{ afterMs: 2000, line: 'late' }],
    exit: { afterMs: 5000, code: 4 },
    onSignal: { SIGTERM: { afterMs: 1000, code: 0 } },
  });
  await clock.advance(1000);
  runtime.hang(id);
  await clock.advance(60_000);
  equal(status().state, 'running');
  runtime.unhang(id);
  await clock.advance(3999);
  equal(status().state, 'running');
  await clock.advance(1);
  deepEqual([status().exitCode, status().finishedAtMs - status().startedAtMs], [4, 65_000]);

  const stopped = await start();
  runtime.hang(stopped.id);
  const stopping = runtime.stopContainer(stopped.id, 30_000, never);
  await clock.advance(10_000);
  runtime.unhang(stopped.id);
  await settled(clock, stopping);
  deepEqual(
    [stopped.status().exitCode, stopped.status().finishedAtMs - stopped.status().startedAtMs],
    [0, 11_000],
  );

  const killed = await start();
  runtime.hang(killed.id);
  await settled(clock, runtime.stopContainer(killed.id, 5000, never));
  deepEqual(
    [killed.status().exitCode, killed.status().finishedAtMs - killed.status().startedAtMs],
    [137, 5000],
  );
  equal(clock.pendingTimers, 0);
});

test('SimulatedRuntime: a run hangs by itself, for a while or for ever', async () => {
  const paused = await newStarted({ hang: { afterMs: 1000, forMs: 500 }, exit: { afterMs: 2000, code: 0 } });
  await paused.clock.advance(2499);
  equal(paused.status().state, 'running');
  await paused.clock.advance(1);
  equal(paused.status().exitCode, 0);
  const hung = await newStarted({ hang: { afterMs: 1000 }, exit: { afterMs: 2000, code: 0 } });
  await hung.clock.advance(3_600_000);
  equal(hung.status().state, 'running');
  equal(hung.clock.pendingTimers, 0);
});

test('SimulatedRuntime hang: a command in the container does not end', async () => {
  const { clock, id, runtime } = await newStarted({});
  equal((await runtime.execSync(id, ['true'], 1000, never)).exitCode, 0);
  runtime.hang(id);
  await rejects(settled(clock, runtime.execSync(id, ['true'], 1000, never)), { reason: 'DeadlineExceeded' });
});

test('SimulatedRuntime powerOff refuses everything; boot finds what ran ended and networks gone', async () => {
  const { changes, clock, id, ip, runtime, sandboxId, start, status } = await newStarted({
    exit: { afterMs: 60_000, code: 0 },
  });
  const stopping = runtime.stopContainer(id, 30_000, never);
  runtime.powerOff();
  await rejects(runtime.listContainers(never), { reason: 'Unavailable', message: 'the machine is off' });
  equal((await runtime.status(never)).ready, false);
  equal(runtime.isReachable, false);
  equal(clock.pendingTimers, 0);
  await clock.advance(10_000);
  runtime.boot();
  await stopping;
  const { exitCode, finishedAtMs, reason, state } = status();
  deepEqual([state, exitCode, reason], ['exited', 137, 'ContainerStatusUnknown']);
  equal(finishedAtMs, clock.now());
  const [sandbox] = await runtime.listPodSandboxes(never);
  deepEqual([sandbox?.id, sandbox?.state], [sandboxId, 'notready']);
  notEqual((await start()).ip, ip);
  await clock.advance(1000);
  runtime.powerOff();
  runtime.boot();
  equal(status().finishedAtMs, finishedAtMs, 'the end of long ago stays as it was found');
  deepEqual(told(changes).slice(3, 7), ['machine off', 'container exited', 'sandbox stopped', 'machine on']);
});

test('SimulatedRuntime powerOff breaks off what was under way', async () => {
  const program: SimulatedProgram = { pull: { takesMs: 5000 }, runs: [{ startMs: 5000 }] };
  const { clock, runtime, start } = await newScene({ app: program });
  const underWay = [runtime.pullImage('app', never), start()];
  const broken = underWay.map((call) => rejects(call, { reason: 'Unavailable' }));
  await clock.settle();
  runtime.powerOff();
  runtime.boot();
  await settled(clock, Promise.all(broken));
  equal(await runtime.imageStatus('app', never), undefined);
  equal(runtime.containersNow()[0]?.state, 'created');
});

test('SimulatedRuntime freeze: processes stand still, also one that hangs or starts meanwhile', async () => {
  const run = { hang: { afterMs: 1000, forMs: 1000 }, exit: { afterMs: 3000, code: 0 } };
  const { clock, runtime, start, status } = await newStarted(run);
  await clock.advance(1500);
  runtime.freeze();
  equal(runtime.isReachable, false);
  const other = await start();
  await clock.advance(10_000);
  deepEqual([status().state, other.status().state], ['running', 'running']);
  runtime.thaw();
  equal(runtime.isReachable, true);
  await clock.advance(2000);
  equal(status().state, 'exited');
  await clock.advance(1999);
  equal(other.status().state, 'running');
  await clock.advance(1);
  equal(other.status().state, 'exited');
});

test('SimulatedRuntime onChange tells everything, with its virtual time', async () => {
  const { changes, clock, id, runtime, sandboxId } = await newStarted(crashAfter(1000, 7));
  const beganMs = clock.now();
  await clock.advance(1000);
  await runtime.removePodSandbox(sandboxId, never);
  await runtime.pullImage('app', never);
  await rejects(runtime.pullImage('other', never));
  deepEqual(told(changes), [
    'sandbox started',
    'container created',
    'container started',
    'container exited',
    'sandbox stopped',
    'container removed',
    'sandbox removed',
    'image pulled',
    'image failed',
  ]);
  const exit = changes[3];
  equal(exit?.atMs, beganMs + 1000);
  equal(exit?.type === 'container' && exit.container.id, id);
  equal(exit?.type === 'container' && exit.container.exitCode, 7);
  equal(exit?.type === 'container' && exit.pod.name, 'web-0');
});

test('SimulatedRuntime: a jump of the wall clock moves no crash', async () => {
  const { clock, status } = await newStarted(crashAfter(1000));
  clock.jumpWall(-3_600_000);
  await clock.advance(999);
  equal(status().state, 'running');
  await clock.advance(1);
  equal(status().state, 'exited');
});

function told(changes: readonly RuntimeChange[]): string[] {
  return changes.map(({ type, what }) => `${type} ${what}`);
}
