/**
 * Takes back the condition `DisruptionTarget` from Pods that were to be deleted and are not: whoever said so gave up, or
 * died between saying and doing.
 *
 * @see k8s.io/kubernetes/pkg/controller/disruption/disruption.go nonTerminatingPodHasStaleDisruptionCondition
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { isPodTerminal, isPodTerminating, podCondition } from '../../api/pod-conditions.ts';
import { PODS } from '../../api/resources.ts';
import { parseTimestamp } from '../../base/clock.ts';
import type { ControllerContext } from '../framework/controller.ts';
import { patchPodStatus, withPodCondition } from '../framework/pod-status-write.ts';
import { newWorkerLoop, type SyncResult, type WorkerLoop } from '../framework/worker-loop.ts';

/** Source: stalePodDisruptionTimeout. */
export const STALE_DISRUPTION_MS = 120_000;

/**
 * Until the Pod's disruption is stale, ms, 0 when it is; `undefined` when there is none to grow stale. A kubelet's own word
 * never does: it may take as long as it likes to end the Pod. Pure.
 */
export function untilStaleMs(pod: Pod, nowMs: number): number | undefined {
  const condition = podCondition(pod, 'DisruptionTarget');
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  if (isPodTerminating(pod) || isPodTerminal(pod)) return undefined;
  const sinceMs = parseTimestamp(condition.lastTransitionTime) ?? 0;
  return Math.max(0, sinceMs + STALE_DISRUPTION_MS - nowMs);
}

export function newStaleDisruptionLoop(context: ControllerContext): WorkerLoop {
  const { client, clock } = context;
  const pods = context.informers.informer<Pod>(PODS);

  async function sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const pod = pods.get(key);
    const restMs = pod === undefined ? undefined : untilStaleMs(pod, clock.now());
    if (pod === undefined || restMs === undefined) return {};
    if (restMs > 0) return { requeueAfterMs: Math.ceil(restMs) };
    const change = { type: 'DisruptionTarget', status: 'False' };
    const conditions = withPodCondition(pod, change, clock.now());
    if (conditions !== undefined) await patchPodStatus(client, pod, { conditions }, signal);
    return {};
  }

  const loop = newWorkerLoop(context, { name: 'disruption-stale', workers: 1, sync, informers: [pods] });
  const onPod = (pod: Pod) => {
    if (podCondition(pod, 'DisruptionTarget')?.status === 'True') loop.enqueue(keyOf(pod));
  };
  pods.addListener({ onAdd: onPod, onUpdate: onPod, onDelete() {} });
  return loop;
}
