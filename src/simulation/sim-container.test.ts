// What a simulated container does beyond the contract of runtimes.
import { deepEqual, equal, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedAddresses } from './sim-addresses.ts';
import { newIdSource } from './sim-ids.ts';
import { SERVES_ANYTHING, type SimulatedRun } from './sim-program.ts';
import { newSeededRandom } from './sim-random.ts';
import { SimulatedRequester } from './sim-requests.ts';
import { newScene, settled } from './sim-runtime.fixture.ts';

const never = new AbortController().signal;

async function newStarted(run: SimulatedRun, config = {}) {
  const scene = await newScene({ app: { runs: [run] } });
  return { ...scene, ...(await scene.start(config)) };
}

test('SimContainer sets no timer when it has nothing to do, and one for all that it has', async () => {
  const { clock, start } = await newScene({ app: SERVES_ANYTHING });
  for (let i = 0; i < 10; i++) await start();
  equal(clock.pendingTimers, 0);
  const log = [1, 2, 3].map((second) => ({ afterMs: second * 1000, line: `second ${second}` }));
  const busy = await newStarted({ log, exit: { afterMs: 5000, code: 0 }, hang: { afterMs: 9000 } });
  equal(busy.clock.pendingTimers, 1);
  await busy.clock.advance(5000);
  equal(busy.clock.pendingTimers, 0);
});

test('SimContainer status is the same object until something changes, and nobody can change it', async () => {
  const { clock, status } = await newStarted({ exit: { afterMs: 1000, code: 0 } });
  const before = status();
  equal(status(), before);
  throws(() => {
    before.exitCode = 5;
  }, TypeError);
  await clock.advance(1000);
  deepEqual([before.state, status().state], ['running', 'exited']);
});

test('SimContainer says what it has to say before it ends at the same moment', async () => {
  const { clock, id, runtime } = await newStarted({
    log: [
      { afterMs: 0, line: 'up' },
      { afterMs: 1000, line: 'going' },
    ],
    exit: { afterMs: 1000, code: 0 },
  });
  await clock.advance(1000);
  const lines: string[] = [];
  for await (const { line } of runtime.readLog(id, { follow: true }, never))
    lines.push(new TextDecoder().decode(line));
  deepEqual(lines, ['up\n', 'going\n']);
});

test('SimContainer keeps the last lines of a log without end', async () => {
  const { id, runtime } = await newStarted({});
  for (let i = 0; i < 12_345; i++) runtime.writeLog(id, String(i));
  const read = async (tailLines?: number) => {
    const lines: string[] = [];
    const options = { follow: false, ...(tailLines === undefined ? {} : { tailLines }) };
    for await (const { line } of runtime.readLog(id, options, never))
      lines.push(new TextDecoder().decode(line).trim());
    return lines;
  };
  const all = await read();
  deepEqual([all[0], all.at(-1), all.length], ['3000', '12344', 9345]);
  deepEqual(await read(2), ['12343', '12344']);
  equal((await read(50_000)).length, 9345);
});

test('SimContainer memory grows to its maximum, and a lower limit ends it at once', async () => {
  const memory = { startBytes: 100, growthBytesPerSecond: 10, maxBytes: 150 };
  const { clock, id, runtime, status } = await newStarted(
    { memory, cpuMillis: 250 },
    { resources: { memoryLimitBytes: 151 } },
  );
  await clock.advance(4000);
  const [stats] = await runtime.stats(never);
  deepEqual(stats, { containerId: id, cpuUsageNanos: 1_000_000_000, memoryWorkingSetBytes: 140 });
  await clock.advance(3_600_000);
  equal((await runtime.stats(never))[0]?.memoryWorkingSetBytes, 150);
  equal(clock.pendingTimers, 0);
  await runtime.updateContainerResources(id, { memoryLimitBytes: 120 }, never);
  await clock.advance(0);
  equal(status().reason, 'OOMKilled');
});

test('SimContainer: fractions of a millisecond lose nothing and repeat nothing', async () => {
  const scene = await newScene({
    app: {
      runs: [{ memory: { startBytes: 1, growthBytesPerSecond: 3 }, log: [{ afterMs: 777.7, line: 'a' }] }],
    },
  });
  await scene.clock.advance(0.1 + 0.2);
  const { id, status } = await scene.start({ resources: { memoryLimitBytes: 8 } });
  await scene.clock.advance(10_000);
  equal(status().reason, 'OOMKilled');
  const lines: unknown[] = [];
  for await (const record of scene.runtime.readLog(id, { follow: false }, never)) lines.push(record);
  equal(lines.length, 1);
});

test('SimContainer refuses a log whose times run backwards', async () => {
  const log = [
    { afterMs: 2, line: 'b' },
    { afterMs: 1, line: 'a' },
  ];
  const { start } = await newScene({ app: { runs: [{ log }] } });
  await rejects(start(), /the log lines of app are in the order of their times/);
});

test('SimContainer: signals are known by any of their names', async () => {
  const run = { onSignal: { TERM: { afterMs: 0, code: 5 }, SIGUSR1: 'ignore' as const } };
  const { clock, id, runtime, status } = await newStarted(run, { stopSignal: '15' });
  await settled(clock, runtime.stopContainer(id, 1000, never));
  equal(status().exitCode, 5);
});

test('SimulatedRuntime chooses a program by container and Pod, where its image does not say it all', async () => {
  const failing = { runs: [{ exit: { afterMs: 0, code: 9 } }] };
  const scene = await newScene(
    { app: {} },
    {
      chooseProgram: ({ command }, { name }) =>
        command[0] === 'fail' && name === 'web-1' ? failing : undefined,
    },
  );
  const first = await scene.start({ command: ['fail'] });
  const second = await scene.start({ command: ['fail'] });
  await scene.clock.advance(1);
  deepEqual([first.status().state, second.status().exitCode], ['running', 9]);
});

test('SimulatedRuntime keeps configurations, or forgets what is large in them', async () => {
  const config = { env: [{ name: 'A', value: 'b' }], command: ['run'] };
  const kept = await newScene({ app: {} });
  deepEqual(kept.runtime.containerConfig((await kept.start(config)).id).env, config.env);
  const forgotten = await newScene({ app: {} }, { keepsConfigs: false });
  const { command, env } = forgotten.runtime.containerConfig((await forgotten.start(config)).id);
  deepEqual([command, env], [['run'], []]);
});

test('SimulatedRuntime: addresses are unique, come again only when all were used, and run out', async () => {
  const { runtime, start } = await newScene({ app: {} }, { addressPrefix: '10.1.2' });
  const first = await start();
  await runtime.removePodSandbox(first.sandboxId, never);
  const ips = new Set<string>();
  for (let i = 0; i < 254; i++) ips.add((await start()).ip);
  equal(ips.size, 254);
  equal([...ips][0], '10.1.2.2');
  equal([...ips].at(-1), first.ip);
  await rejects(start(), { reason: 'ResourceExhausted', message: 'no IP addresses available in 10.1.2' });
});

test('SimulatedAddresses find the node of every address in a cluster, until it is given up', async () => {
  const addresses = new SimulatedAddresses();
  const nodes = await Promise.all(
    [1, 2].map((index) =>
      newScene(
        { app: SERVES_ANYTHING },
        { addresses, addressPrefix: `10.${index}`, nodeIp: `192.168.0.${index}` },
      ),
    ),
  );
  const pods = await Promise.all(nodes.map(({ start }) => start()));
  const owners = () =>
    pods.map(({ ip }) => nodes.findIndex(({ runtime }) => addresses.nodeOf(ip) === runtime));
  deepEqual(owners(), [0, 1]);
  equal(addresses.nodeOf('192.168.0.2'), nodes[1]?.runtime);
  await nodes[0]!.runtime.stopPodSandbox(pods[0]!.sandboxId, never);
  deepEqual(owners(), [-1, 1]);
});

test('newIdSource: ids look like those of containers, and none comes twice', () => {
  const sources = ['a', 'b'].map((label) => newIdSource(newSeededRandom(1).fork(label)));
  const ids = sources.flatMap((next) => Array.from({ length: 5000 }, next));
  equal(new Set(ids).size, 10_000);
  equal(new Set(ids.slice(0, 5000).map((id) => id.slice(0, 8))).size, 5000);
  equal(
    ids.every((id) => /^[0-9a-f]{64}$/.test(id)),
    true,
  );
});

test('SimulatedRequester: past what a backlog holds, connections find no room', async () => {
  const { clock, id, ip, requesterDeps, runtime } = await newStarted({ ports: [80] });
  const requester = new SimulatedRequester(requesterDeps);
  runtime.hang(id);
  const controller = new AbortController();
  const patience = { timeoutMs: 60_000, signal: controller.signal };
  const waiting = Array.from({ length: 10_000 }, () => requester.request({ ip, port: 80 }, patience));
  for (const asked of waiting) asked.catch(() => {});
  await clock.settle();
  equal(requester.connect(ip, 80), 'unreachable');
  controller.abort(new Error('enough'));
  await clock.settle();
  equal(requester.connect(ip, 80) === 'unreachable', false);
  equal(clock.pendingTimers, 0);
});
