import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/core-v1.ts';
import { podCondition } from '../../api/pod-conditions.ts';
import { PODS } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import { newControllerBench } from '../../simulation/controller-bench.ts';
import { SIMULATION_START_MS } from '../../simulation/sim-clock.ts';
import { newPod } from './budget.fixture.ts';
import { newDisruptionController } from './controller.ts';
import { untilStaleMs } from './stale-disruption.ts';

const START = SIMULATION_START_MS;

function condemned(pod: Pod, reason = 'EvictionByEvictionAPI'): Pod {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason,
    lastTransitionTime: toTimestamp(START),
  };
  return { ...pod, status: { ...pod.status, conditions: [...(pod.status?.conditions ?? []), condition] } };
}

test('untilStaleMs gives two minutes to who condemned a Pod, and a kubelet all the time', () => {
  equal(untilStaleMs(condemned(newPod('p')), START + 50_000), 70_000);
  equal(untilStaleMs(condemned(newPod('p')), START + 500_000), 0);
  equal(untilStaleMs(newPod('p'), START), undefined);
  equal(untilStaleMs(condemned(newPod('p'), 'TerminationByKubelet'), START), undefined);
  equal(untilStaleMs(condemned(newPod('p', { deleted: true })), START), undefined);
});

test('newDisruptionController takes a condition back that was not followed by a deletion', async () => {
  const bench = newControllerBench({ seed: 1, controllers: [newDisruptionController], lagged: true });
  bench.api.put(PODS, condemned(newPod('p')));
  const condition = () => podCondition(bench.api.objects(PODS)[0]!, 'DisruptionTarget');
  await bench.clock.advance(119_000);
  equal(condition()?.status, 'True');
  await bench.clock.advance(2000);
  deepEqual(condition(), {
    type: 'DisruptionTarget',
    status: 'False',
    observedGeneration: 1,
    lastTransitionTime: toTimestamp(START + 120_000),
  });
  const writes = bench.api.writes.length;
  await bench.clock.advance(600_000);
  equal(bench.api.writes.length, writes);
  await bench.end();
});
