import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ContractProgram,
  containerConfig,
  sandboxConfig,
  testContainerRuntime,
} from '../container-runtime/runtime.contract.ts';
import { RuntimeError } from '../container-runtime/runtime.ts';
import { newSimulatedClock } from './sim-clock.ts';
import { crashAfter, type SimulatedExec, type SimulatedProgram } from './sim-program.ts';
import { newSeededRandom } from './sim-random.ts';
import { newSimulatedRuntime } from './sim-runtime.ts';

const never = new AbortController().signal;

const COMMANDS: Record<string, SimulatedExec> = {
  sh: { exitCode: 4, stdout: 'out\n', stderr: 'err\n' },
  sleep: { exitCode: 0, takesMs: 600_000 },
  cat: { exitCode: 0, echo: true },
  true: { exitCode: 0 },
};
const exec = (command: readonly string[]) => COMMANDS[command[0] ?? ''];
const up = [{ afterMs: 0, line: 'up' }];

const PROGRAMS: Record<ContractProgram, SimulatedProgram> = {
  sleeper: { runs: [{ log: up, exec, onSignal: { SIGTERM: { afterMs: 5, code: 0 } } }] },
  stubborn: { runs: [{ log: up, onSignal: { SIGTERM: 'ignore' } }] },
  'exits-3': { runs: [crashAfter(0, 3)] },
  completes: { runs: [crashAfter(0, 0)] },
  talker: {
    runs: [
      {
        log: [
          { afterMs: 10, line: 'one' },
          { afterMs: 20, line: 'two', stream: 'stderr' },
          { afterMs: 30, line: 'three' },
        ],
        exit: { afterMs: 40, code: 0 },
      },
    ],
  },
  missing: { runs: [{ startError: 'exec: "/no-such": stat /no-such: no such file or directory' }] },
  server: { runs: [{ log: up, ports: [8080] }] },
};

testContainerRuntime('SimulatedRuntime', async () => {
  const clock = newSimulatedClock();
  const runtime = newSimulatedRuntime({ clock, random: newSeededRandom(1), programs: PROGRAMS });
  return {
    runtime,
    program: (image) => ({ image, command: [], args: [] }),
    pause: () => clock.advance(1),
    reopen: async () => runtime,
    async settled(promise) {
      let pending = true;
      const done = () => {
        pending = false;
      };
      promise.then(done, done);
      for (await clock.settle(); pending; await clock.advance(1));
      return promise;
    },
  };
});

async function start(
  program: SimulatedProgram,
  config: Parameters<typeof containerConfig>[0] = { image: 'app' },
) {
  const clock = newSimulatedClock();
  const runtime = newSimulatedRuntime({ clock, random: newSeededRandom(1), programs: { app: program } });
  const sandboxId = await runtime.runPodSandbox(sandboxConfig(), never);
  const id = await runtime.createContainer(sandboxId, containerConfig(config), never);
  await runtime.startContainer(id, never);
  const status = async () => (await runtime.listContainers(never))[0]!;
  return { clock, runtime, id, status };
}

test('SimulatedRuntime kills what reaches its memory limit, at the moment it does', async () => {
  const memory = { startBytes: 100, growthBytesPerSecond: 50 };
  const { clock, status } = await start(
    { runs: [{ memory }] },
    { image: 'app', resources: { memoryLimitBytes: 200 } },
  );
  await clock.advance(1999);
  assert.equal((await status()).state, 'running');
  await clock.advance(1);
  const { exitCode, reason } = await status();
  assert.deepEqual([exitCode, reason], [137, 'OOMKilled']);
});

test('SimulatedRuntime follows the crash schedule by attempt', async () => {
  const program = { runs: [crashAfter(1000), {}] };
  const first = await start(program);
  await first.clock.advance(1000);
  assert.equal((await first.status()).exitCode, 1);
  const second = await start(program, { image: 'app', metadata: { name: 'main', attempt: 1 } });
  await second.clock.advance(1_000_000);
  assert.equal((await second.status()).state, 'running');
});

test('failNext fails one call, goDown all until recover', async () => {
  const { runtime, status } = await start({});
  runtime.failNext('listContainers', new RuntimeError('Unknown', 'once'));
  await assert.rejects(status(), /once/);
  assert.equal((await status()).state, 'running');
  runtime.goDown('socket gone');
  await assert.rejects(status(), { reason: 'Unavailable' });
  assert.equal((await runtime.status(never)).ready, false);
  runtime.recover();
  assert.equal((await status()).state, 'running');
});
