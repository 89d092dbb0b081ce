// Programs and machines under the shipped components: what a program answers decides what the cluster does.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Pod, PodSpec, Probe } from '../../api/generated/core-v1.ts';
import { PODS } from '../../api/resources.ts';
import type { SimulatedProgram } from '../sim-program.ts';
import { SimulatedRequester } from '../sim-requests.ts';
import { newWorld } from './world.fixture.ts';

const never = new AbortController().signal;
const HTTP = { httpGet: { path: '/', port: 80 } };
const LIVENESS: Probe = { ...HTTP, periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 1 };

async function newPod(t: TestContext, program: SimulatedProgram, spec: Partial<PodSpec> = {}, probes = {}) {
  const world = await newWorld(t, {
    programs: { web: { preloaded: true, ...program } },
    nodes: [{ name: 'node-1' }],
  });
  const containers = [{ name: 'web', image: 'web', ...probes }];
  const object = {
    apiVersion: 'v1' as const,
    kind: 'Pod' as const,
    metadata: { name: 'web', namespace: 'default' },
    spec: { ...spec, containers },
  };
  await world.finish(world.client().create<Pod>(PODS, object, never));
  const pod = () => world.objects(PODS)[0]!;
  const status = () => pod().status?.containerStatuses?.[0];
  const requester = new SimulatedRequester({
    clock: world.clock,
    nodeOf: (ip) => world.addresses.nodeOf(ip),
  });
  const ask = async (timeoutMs = 1000) =>
    world.finish(
      requester.request({ ip: pod().status?.podIP ?? '', port: 80 }, { timeoutMs, signal: never }),
    );
  return { world, pod, status, ask };
}

test('World: a program that hangs is restarted by its liveness probe, one that is slow to start is not ready', async (t) => {
  const runs = [
    { ports: [80], readyAfterMs: 4000, hang: { afterMs: 60_000 } },
    { ports: [80], readyAfterMs: 4000 },
  ];
  const probes = { livenessProbe: LIVENESS, readinessProbe: { ...HTTP, periodSeconds: 1 } };
  const { world, status } = await newPod(t, { runs }, { terminationGracePeriodSeconds: 5 }, probes);
  await world.until(() => status()?.state?.running !== undefined, 10_000);
  const startedMs = Date.parse(status()!.state!.running!.startedAt!);
  equal(status()?.ready, false);
  await world.until(() => status()?.ready === true, 10_000);
  const readyAfterMs = world.clock.now() - startedMs;
  ok(readyAfterMs >= 4000 && readyAfterMs <= 6000, `ready after ${readyAfterMs} ms`);
  await world.until(() => status()?.restartCount === 1, 120_000);
  const { exitCode, finishedAt = '' } = status()?.lastState?.terminated ?? {};
  equal(exitCode, 137, 'it could not heed SIGTERM');
  const endedAfterMs = Date.parse(finishedAt) - startedMs;
  // At 60 s it hangs; three probes of 1 s fail within 20 to 31 s; then 5 s of grace.
  ok(endedAfterMs >= 85_000 && endedAfterMs <= 97_000, `ended after ${endedAfterMs} ms`);
  await world.until(() => status()?.ready === true, 30_000);
});

test('World: overload makes a server too slow for its own liveness probe', async (t) => {
  const runs = [
    { ports: [80], answers: [{ takesMs: 200 }], capacity: { inFlight: 5, addsMs: 100 } },
    { ports: [80] },
  ];
  const { world, pod, status, ask } = await newPod(t, { runs }, {}, { livenessProbe: LIVENESS });
  await world.until(() => status()?.state?.running !== undefined, 10_000);
  equal((await ask()).outcome, 'answered');
  await world.advance(60_000);
  equal(status()?.restartCount, 0);
  const requester = new SimulatedRequester({
    clock: world.clock,
    nodeOf: (ip) => world.addresses.nodeOf(ip),
  });
  const target = { ip: pod().status?.podIP ?? '', port: 80 };
  for (let i = 0; i < 600 && status()?.restartCount === 0; i++) {
    for (let k = 0; k < 20; k++) void requester.request(target, { timeoutMs: 10_000, signal: never });
    await world.advance(100);
  }
  equal(status()?.restartCount, 1);
});

test('World: a frozen machine answers nobody and its programs stand still; a machine off loses what runs on it', async (t) => {
  const runs = [{ ports: [80], exit: { afterMs: 120_000, code: 0 } }, { ports: [80] }];
  const spec = { volumes: [{ name: 'scratch', emptyDir: { medium: 'Memory' } }] };
  const { world, pod, status, ask } = await newPod(t, { runs }, spec);
  const { runtime, volumes } = world.nodes.get('node-1')!.host;
  const machine = world.machine('node-1');
  await world.until(() => status()?.state?.running !== undefined, 10_000);
  equal((await ask()).outcome, 'answered');
  equal(volumes.mounts().length, 1);
  machine.freeze();
  equal((await ask()).outcome, 'timeout');
  await world.advance(20_000);
  machine.thaw();
  equal((await ask()).outcome, 'answered');
  await world.advance(100_000);
  equal(status()?.restartCount, 0, 'its own 120 s are not over: 21 of them stood still');
  await world.until(() => status()?.restartCount === 1, 30_000);
  const before = pod().status?.podIP;
  machine.powerOff();
  deepEqual(volumes.mounts(), []);
  equal((await ask()).outcome, 'timeout');
  machine.powerOn();
  await world.until(() => status()?.restartCount === 2, 60_000);
  equal(status()?.lastState?.terminated?.reason, 'ContainerStatusUnknown');
  equal(runtime.sandboxesNow().filter(({ state }) => state === 'ready').length, 1);
  ok(pod().status?.podIP !== before, 'a new sandbox has a new address');
  equal((await ask()).outcome, 'answered');
});
