import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { ContainerStatus } from '../../container-runtime/runtime.ts';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from '../container-identity.ts';
import { toResourceMetrics, toSummary } from './usage-answers.ts';
import { UsageMeter } from './usage-meter.ts';

const signal = new AbortController().signal;
const POD = { metadata: { name: 'web', namespace: 'default', uid: 'u' } } as unknown as Pod;

/** Containers that use a steady share of a core each, in thousandths, from their start on. */
function newNode(shares: Record<string, number>) {
  const clock = newSimulatedClock();
  const started = new Map(Object.keys(shares).map((id) => [id, clock.now()]));
  const start = (id: string, share: number) => {
    shares[id] = share;
    started.set(id, clock.now());
  };
  let looks = 0;
  const meter = new UsageMeter({
    clock,
    runtime: {
      async stats() {
        looks++;
        return [...started].map(([containerId, startedAtMs]) => ({
          containerId,
          cpuUsageNanos: (clock.now() - startedAtMs) * shares[containerId]! * 1000,
          memoryWorkingSetBytes: 1024,
        }));
      },
      listContainers: async () =>
        [...started].map(
          ([id, startedAtMs]) =>
            ({
              id,
              startedAtMs,
              labels: { [POD_UID_LABEL]: 'u', [CONTAINER_NAME_LABEL]: id },
            }) as unknown as ContainerStatus,
        ),
    },
  });
  const read = async () => {
    const reading = meter.read(signal);
    await clock.advance(1000);
    return reading;
  };
  return { clock, meter, read, start, looks: () => looks };
}

test('UsageMeter looks twice when it is first asked, and gives rates over the time between', async () => {
  const node = newNode({ a: 250 });
  await node.clock.advance(5000);
  equal(node.looks(), 0, 'nobody has asked');
  const usage = await node.read();
  deepEqual(
    usage.containers.map(({ cpuNanoCores, cpuUsageNanos }) => [cpuNanoCores, cpuUsageNanos]),
    [[250_000_000, 1_500_000_000]],
  );
  deepEqual(
    [usage.windowMs, usage.node.cpuNanoCores, usage.node.memoryWorkingSetBytes],
    [1000, 250_000_000, 1024],
  );
});

test('UsageMeter looks once when it has looked lately, over a window that stays short', async () => {
  const node = newNode({ a: 250 });
  await node.read();
  const windows: number[] = [];
  for (let asked = 0; asked < 6; asked++) {
    await node.clock.advance(9000);
    windows.push((await node.read()).windowMs);
  }
  equal(node.looks(), 8);
  deepEqual(
    windows.map((ms) => ms <= 30_000),
    windows.map(() => true),
    String(windows),
  );
  await node.clock.advance(120_000);
  equal((await node.read()).windowMs, 1000, 'an old look says nothing of now');
});

test('UsageMeter: askers at the same time share a look; one that has just started counts from its start', async () => {
  const node = newNode({ a: 500 });
  const both = [node.meter.read(signal), node.meter.read(signal)];
  await node.clock.advance(500);
  node.start('b', 100);
  await node.clock.advance(500);
  const [first, second] = await Promise.all(both);
  equal(first, second);
  equal(node.looks(), 2);
  deepEqual(
    first!.containers.map(({ cpuNanoCores }) => cpuNanoCores),
    [500_000_000, 100_000_000],
  );
});

test('toSummary and toResourceMetrics say what each container and Pod use', async () => {
  const node = newNode({ web: 250, side: 50 });
  const usage = await node.read();
  const summary = toSummary('node-1', [POD], usage) as { pods: { cpu: object; containers: object[] }[] };
  deepEqual(summary.pods[0]?.cpu, {
    time: '2026-01-01T00:00:01Z',
    usageNanoCores: 300_000_000,
    usageCoreNanoSeconds: 300_000_000,
  });
  equal(summary.pods[0]?.containers.length, 2);
  const lines = toResourceMetrics([POD], usage).split('\n');
  const stamp = Date.parse('2026-01-01T00:00:01Z');
  for (const line of [
    `container_cpu_usage_seconds_total{container="web",namespace="default",pod="web"} 0.25 ${stamp}`,
    `pod_memory_working_set_bytes{namespace="default",pod="web"} 2048 ${stamp}`,
    `node_cpu_usage_seconds_total 0.3 ${stamp}`,
    '# TYPE container_cpu_usage_seconds_total counter',
    'resource_scrape_error 0',
  ])
    equal(lines.includes(line), true, line);
});
