import { deepEqual, equal } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { silentLogger } from '../base/logger.ts';
import { containerConfig, sandboxConfig } from '../container-runtime/runtime.contract.ts';
import type { ContainerRuntime } from '../container-runtime/runtime.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { newSeededRandom } from '../simulation/sim-random.ts';
import { newSimulatedRuntime } from '../simulation/sim-runtime.ts';
import { RuntimeObserver } from './runtime-observer.ts';

const METADATA = { name: 'web-1', namespace: 'default', uid: 'u', attempt: 0 };
const SANDBOX = sandboxConfig({ metadata: METADATA });
const CONTAINER = containerConfig({ image: 'web:1' });

async function newObserved(t: TestContext) {
  const clock = newSimulatedClock();
  const ended = new AbortController();
  t.after(() => ended.abort());
  const programs = { 'web:1': { preloaded: true } };
  const runtime = newSimulatedRuntime({ clock, random: newSeededRandom(1), programs });
  let lists = 0;
  const counted = new Proxy(runtime, {
    get(target, name) {
      if (name === 'listContainers') lists++;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as ContainerRuntime;
  const observer = new RuntimeObserver({ runtime: counted, clock, log: silentLogger });
  void observer.run(ended.signal).catch(() => {});
  await clock.settle();
  const { signal } = ended;
  return { clock, observer, runtime, signal, lists: () => lists };
}

test('RuntimeObserver tells who asked for a list before those whose Pods have changed', async (t) => {
  const { observer, runtime, signal } = await newObserved(t);
  const told: string[] = [];
  observer.onChange = (uid) => told.push(`changed ${uid}`);
  await runtime.runPodSandbox(SANDBOX, signal);
  const first = observer.refresh(signal, () => told.push('first'));
  const second = observer.refresh(signal, () => told.push('second'));
  await first;
  deepEqual(told, ['first', 'changed u']);
  await second;
  deepEqual(told, ['first', 'changed u', 'second']);
});

test('RuntimeObserver lists when a container starts or ends, not when it is created', async (t) => {
  const { clock, observer, runtime, signal, lists } = await newObserved(t);
  const sandboxId = await runtime.runPodSandbox(SANDBOX, signal);
  const before = lists();
  const id = await runtime.createContainer(sandboxId, CONTAINER, signal);
  await clock.settle();
  equal(lists() - before, 0);
  await runtime.startContainer(id, signal);
  await clock.settle();
  equal(lists() - before, 1);
  equal(observer.pod('u').containers[0]?.state, 'running');
  runtime.kill(id);
  await clock.settle();
  equal(lists() - before, 2);
  equal(observer.pod('u').containers[0]?.state, 'exited');
});

test('RuntimeObserver makes one list at a time, whoever asks for another as one ends', async () => {
  const open: (() => void)[] = [];
  let most = 0;
  const slow = () =>
    new Promise<[]>((resolve) => {
      most = Math.max(
        most,
        open.push(() => resolve([])),
      );
    });
  const runtime = { listPodSandboxes: slow, listContainers: async () => [] } as unknown as ContainerRuntime;
  const observer = new RuntimeObserver({ runtime, clock: newSimulatedClock(), log: silentLogger });
  const { signal } = new AbortController();
  const told: number[] = [];
  const refresh = (number: number) => observer.refresh(signal, () => told.push(number));
  const asked = [refresh(1).then(() => refresh(3)), refresh(2).then(() => refresh(4))];
  const all = Promise.all(asked).then(() => 'all');
  const turn = () => new Promise((resolve) => setImmediate(resolve, 'turn'));
  while ((await Promise.race([all, turn()])) !== 'all') open.shift()?.();
  equal(most, 1);
  deepEqual(told, [1, 2, 3, 4]);
});
