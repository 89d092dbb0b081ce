import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, ResourceQuota } from '../../api/generated/core-v1.ts';
import { allResources, PODS, RESOURCE_QUOTAS } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import { type ControllerBench, newControllerBench } from '../../simulation/controller-bench.ts';
import type { ControllerContext } from '../framework/controller.ts';
import { newResourceQuotaController } from './controller.ts';

const create = (context: ControllerContext) => newResourceQuotaController(context, allResources());
const newBench = (lagged = false) => newControllerBench({ seed: 1, controllers: [create], lagged });

const metadata = (name: string) => ({
  name,
  uid: name,
  namespace: 'default',
  resourceVersion: '',
  creationTimestamp: '2026-01-01T00:00:00Z',
});

function putPod(bench: ControllerBench, name: string, more: Partial<Pod> = {}): void {
  const spec = { containers: [{ name: 'main', image: 'web' }] };
  bench.api.put(PODS, { apiVersion: 'v1', kind: 'Pod', metadata: metadata(name), spec, ...more } as Pod);
}

/** As admission does: in one commit with what it charges for. */
function charge(bench: ControllerBench, pods: number): void {
  const quota = quotaIn(bench);
  bench.api.put(RESOURCE_QUOTAS, { ...quota, status: { ...quota.status, used: { pods: String(pods) } } });
}

function putQuota(bench: ControllerBench, hard: Record<string, string>): void {
  const spec = { hard };
  bench.api.put(RESOURCE_QUOTAS, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: metadata('q'),
    spec,
  } as ResourceQuota);
}

const quotaIn = (bench: ControllerBench) => bench.api.objects(RESOURCE_QUOTAS)[0]!;

const podNamed = (bench: ControllerBench, name: string) =>
  bench.api.objects(PODS).find((pod) => pod.metadata.name === name)!;

test('newResourceQuotaController counts what was there first, and takes over a changed spec', async () => {
  const bench = newBench();
  putPod(bench, 'a');
  putPod(bench, 'b', { status: { phase: 'Failed' } } as Partial<Pod>);
  putQuota(bench, { pods: '5', 'count/pods': '9', secrets: '1' });
  await bench.clock.advance(100);
  deepEqual(quotaIn(bench).status, {
    hard: { pods: '5', 'count/pods': '9', secrets: '1' },
    used: { pods: '1', 'count/pods': '2', secrets: '0' },
  });
  bench.api.put(RESOURCE_QUOTAS, { ...quotaIn(bench), spec: { hard: { pods: '7' } } });
  await bench.clock.advance(100);
  deepEqual(quotaIn(bench).status, { hard: { pods: '7' }, used: { pods: '1' } });
  await bench.end();
});

test('newResourceQuotaController gives back what is deleted or has ended, and writes nothing otherwise', async () => {
  const bench = newBench();
  for (const name of ['a', 'b', 'c']) putPod(bench, name);
  putQuota(bench, { pods: '5' });
  await bench.clock.advance(100);
  const writes = bench.api.writes.length;
  bench.api.put(PODS, { ...podNamed(bench, 'a'), status: { phase: 'Running' } });
  putPod(bench, 'd');
  charge(bench, 4);
  await bench.clock.advance(3_600_000);
  equal(bench.api.writes.length, writes, 'a charge of admission is right as it is');
  bench.api.finish(podNamed(bench, 'a'), PODS);
  await bench.clock.advance(100);
  equal(quotaIn(bench).status?.used?.['pods'], '3');
  bench.api.put(PODS, { ...podNamed(bench, 'b'), status: { phase: 'Succeeded' } });
  await bench.clock.advance(100);
  equal(quotaIn(bench).status?.used?.['pods'], '2');
  await bench.end();
});

test('newResourceQuotaController gives a Pod back that hangs on its way out, when its time is over', async () => {
  const bench = newBench();
  putPod(bench, 'a');
  putQuota(bench, { pods: '5' });
  await bench.clock.advance(100);
  const deletionTimestamp = toTimestamp(bench.clock.now() + 30_000);
  const leaving = { ...metadata('a'), deletionTimestamp, deletionGracePeriodSeconds: 30 };
  bench.api.put(PODS, { ...podNamed(bench, 'a'), metadata: leaving });
  await bench.clock.advance(55_000);
  equal(quotaIn(bench).status?.used?.['pods'], '1');
  await bench.clock.advance(10_000);
  equal(quotaIn(bench).status?.used?.['pods'], '0');
  await bench.end();
});

test('newResourceQuotaController never understates the usage, however late its caches are', async () => {
  const bench = newBench(true);
  putQuota(bench, { pods: '100' });
  await bench.clock.advance(2000);
  const random = bench.random.fork('test');
  for (let step = 0, made = 0; step < 200; step++) {
    const pods = bench.api.objects(PODS);
    if (random.next() < 0.5 || pods.length === 0) {
      putPod(bench, `p-${made++}`);
      charge(bench, Number(quotaIn(bench).status?.used?.['pods']) + 1);
    } else bench.api.finish(pods[Math.floor(random.next() * pods.length)]!, PODS);
    await bench.clock.advance(random.next() * 200);
    const used = Number(quotaIn(bench).status?.used?.['pods']);
    const there = bench.api.objects(PODS).length;
    equal(used >= there, true, `used ${used}, there are ${there}`);
  }
  await bench.clock.advance(2000);
  equal(quotaIn(bench).status?.used?.['pods'], String(bench.api.objects(PODS).length));
  await bench.end();
});

test('newResourceQuotaController counts what was created while its first count was on its way', async () => {
  let isRacing = true;
  const bench = newControllerBench({
    seed: 1,
    controllers: [create],
    lagged: true,
    fateOf(request) {
      if (isRacing && request.method === 'PUT') {
        isRacing = false;
        putPod(bench, 'late');
      }
      return 'answered';
    },
  });
  putPod(bench, 'early');
  putQuota(bench, { pods: '5' });
  await bench.clock.advance(2000);
  equal(isRacing, false);
  equal(quotaIn(bench).status?.used?.['pods'], '2');
  await bench.end();
});

test('newResourceQuotaController counts within seconds what nobody charged', async () => {
  const bench = newBench();
  putQuota(bench, { pods: '5' });
  await bench.clock.advance(100);
  putPod(bench, 'a');
  await bench.clock.advance(6000);
  equal(quotaIn(bench).status?.used?.['pods'], '1');
  await bench.end();
});
