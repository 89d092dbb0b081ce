/**
 * Takes the Pods of a node that is not ready out of their Services: their own kubelet can no longer say that they are not
 * ready. When it returns, it says what is true.
 *
 * A Pod is looked at when its node falls silent and when it is first seen on its node, so also after a restart between the
 * two writes; not at every change, for a kubelet that lives although its node is not ready knows better.
 *
 * @see k8s.io/kubernetes/pkg/controller/util/node MarkPodsNotReady; nodelifecycle processPod
 */
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { podCondition } from '../../api/pod-conditions.ts';
import { PODS } from '../../api/resources.ts';
import type { Informer } from '../../client/informer.ts';
import type { ControllerContext } from '../framework/controller.ts';
import { isAssigned } from '../framework/pod-nodes.ts';
import { patchPodStatus, withPodCondition } from '../framework/pod-status-write.ts';
import { newWorkerLoop, type SyncResult, type WorkerLoop } from '../framework/worker-loop.ts';
import { readinessOf } from './node-health.ts';

/** Upstream's podUpdateWorkerSize is 4; a large node's Pods are to leave quickly. */
const WORKERS = 16;

/** @param nodeOf  the newest that is known of the node */
export function newPodReadinessLoop(
  context: ControllerContext,
  nodes: Informer<Node>,
  nodeOf: (name: string) => Node | undefined,
): WorkerLoop {
  const pods = context.informers.informer<Pod>(PODS);

  async function sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const pod = pods.get(key);
    if (pod === undefined || !isAssigned(pod) || !mustLeaveServices(pod, nodeOf(pod.spec.nodeName)))
      return {};
    const ready = podCondition(pod, 'Ready');
    const { reason = '', message = '' } = ready ?? {};
    const change = { type: 'Ready', status: 'False', reason, message };
    const conditions = withPodCondition(pod, change, context.clock.now());
    if (conditions === undefined) return {};
    await patchPodStatus(context.client, pod, { conditions }, signal);
    context.recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    return {};
  }

  const loop = newWorkerLoop(context, {
    name: 'node-lifecycle-pods',
    workers: WORKERS,
    sync,
    informers: [pods, nodes],
  });
  pods.addListener({
    onAdd: (pod) => {
      if (isAssigned(pod)) loop.enqueue(keyOf(pod));
    },
    onUpdate: (pod, previous) => {
      if (isAssigned(pod) && pod.spec.nodeName !== previous.spec.nodeName) loop.enqueue(keyOf(pod));
    },
    onDelete() {},
  });
  return loop;
}

/** It claims to be ready, and its node is not. */
export function mustLeaveServices(pod: Pod, node: Node | undefined): boolean {
  const ready = podCondition(pod, 'Ready');
  if (ready === undefined || ready.status === 'False' || node === undefined) return false;
  const readiness = readinessOf(node);
  return readiness === 'False' || readiness === 'Unknown';
}
