import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Pod, Taint, Toleration } from '../../api/generated/core-v1.ts';
import { isPodTerminating, podCondition } from '../../api/pod-conditions.ts';
import { NODES, PODS } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import { StatusError } from '../../base/status-error.ts';
import { type ControllerBench, newControllerBench } from '../../simulation/controller-bench.ts';
import { newTaintEvictionController } from './controller.ts';

const CONTROLLERS = [newTaintEvictionController];

function metadata(name: string) {
  return { name, uid: name, resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' };
}

function newNode(taints: Taint[] = []): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: metadata('n'), spec: { taints } };
}

function newPod(name: string, tolerations?: Toleration[]): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata(name), namespace: 'a' },
    spec: { nodeName: 'n', containers: [], ...(tolerations === undefined ? {} : { tolerations }) },
    status: { phase: 'Running' },
  };
}

function taintedNow({ clock }: ControllerBench, key = 'unreachable'): Taint {
  return { key, effect: 'NoExecute', timeAdded: toTimestamp(clock.now()) };
}

const for300s: Toleration[] = [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }];
const pod = ({ api }: ControllerBench, name: string) =>
  api.objects(PODS).find((one) => one.metadata.name === name)!;

test('newTaintEvictionController deletes at once what does not tolerate, with its condition and its Event', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  bench.api.put(NODES, newNode());
  bench.api.put(PODS, newPod('gone'));
  bench.api.put(PODS, newPod('stays', [{ operator: 'Exists' }]));
  await bench.clock.advance(1000);
  bench.api.put(NODES, newNode([taintedNow(bench)]));
  await bench.clock.advance(10);
  equal(isPodTerminating(pod(bench, 'gone')), true);
  const { status, reason, message } = podCondition(pod(bench, 'gone'), 'DisruptionTarget') ?? {};
  deepEqual(
    { status, reason, message },
    {
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    },
  );
  equal(isPodTerminating(pod(bench, 'stays')), false);
  deepEqual(bench.events, ['Normal TaintManagerEviction Marking for deletion Pod a/gone']);
  await bench.end();
});

test('newTaintEvictionController waits as long as is tolerated, through a change of taints', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  bench.api.put(NODES, newNode([taintedNow(bench, 'not-ready')]));
  bench.api.put(PODS, newPod('p', for300s));
  await bench.clock.advance(200_000);
  bench.api.put(NODES, newNode([taintedNow(bench, 'unreachable')]));
  await bench.clock.advance(99_000);
  equal(isPodTerminating(pod(bench, 'p')), false);
  await bench.clock.advance(2000);
  equal(isPodTerminating(pod(bench, 'p')), true);
  await bench.end();
});

test('newTaintEvictionController cancels when the taint goes, and begins anew with the next', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS, lagged: true });
  bench.api.put(NODES, newNode([taintedNow(bench)]));
  bench.api.put(PODS, newPod('p', for300s));
  await bench.clock.advance(200_000);
  bench.api.put(NODES, newNode());
  await bench.clock.advance(50_000);
  bench.api.put(NODES, newNode([taintedNow(bench)]));
  await bench.clock.advance(290_000);
  equal(isPodTerminating(pod(bench, 'p')), false);
  await bench.clock.advance(12_000);
  equal(isPodTerminating(pod(bench, 'p')), true);
  deepEqual(bench.events, [
    'Normal TaintManagerEviction Cancelling deletion of Pod a/p',
    'Normal TaintManagerEviction Marking for deletion Pod a/p',
  ]);
  await bench.end();
});

test('newTaintEvictionController lets the time run on that began before it was started', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  await bench.clock.advance(1_000_000);
  const timeAdded = toTimestamp(bench.clock.now() - 250_000);
  bench.api.put(NODES, newNode([{ key: 'unreachable', effect: 'NoExecute', timeAdded }]));
  bench.api.put(PODS, newPod('p', for300s));
  await bench.clock.advance(49_000);
  equal(isPodTerminating(pod(bench, 'p')), false);
  await bench.clock.advance(2000);
  equal(isPodTerminating(pod(bench, 'p')), true);
  await bench.end();
});

test('newTaintEvictionController gives a Pod bound to a long tainted node its whole time', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  bench.api.put(NODES, newNode([taintedNow(bench)]));
  await bench.clock.advance(1_000_000);
  const late = newPod('p', for300s);
  const creationTimestamp = toTimestamp(bench.clock.now());
  bench.api.put(PODS, { ...late, metadata: { ...late.metadata, creationTimestamp } });
  await bench.clock.advance(299_000);
  equal(isPodTerminating(pod(bench, 'p')), false);
  await bench.clock.advance(2000);
  equal(isPodTerminating(pod(bench, 'p')), true);
  await bench.end();
});

test('newTaintEvictionController is not moved by a jump of the wall clock', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  bench.api.put(NODES, newNode([taintedNow(bench)]));
  bench.api.put(PODS, newPod('p', for300s));
  await bench.clock.advance(1000);
  bench.clock.jumpWall(3_600_000);
  bench.api.put(PODS, { ...pod(bench, 'p'), status: { phase: 'Running', message: 'changed' } });
  await bench.clock.advance(1000);
  equal(isPodTerminating(pod(bench, 'p')), false);
  await bench.end();
});

test('newTaintEvictionController tries again until the Pod is marked, and deletes it once', async () => {
  let failures = 3;
  const fateOf = () => (failures-- > 0 ? new StatusError('Timeout', 'slow') : 'answered');
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS, fateOf, lagged: true });
  bench.api.put(NODES, newNode([taintedNow(bench)]));
  bench.api.put(PODS, newPod('p'));
  await bench.clock.advance(5000);
  equal(isPodTerminating(pod(bench, 'p')), true);
  equal(bench.api.writes.filter((write) => write.startsWith('DELETE')).length, 1);
  await bench.end();
});
