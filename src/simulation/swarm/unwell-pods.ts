/** Pods that are not well: of the programs that a swarm draws, all end or serve at last. */
import type { Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { isPodActive, isPodReady, isPodTerminating } from '../../api/pod-conditions.ts';
import { PODS } from '../../api/resources.ts';
import type { World } from '../world/world.ts';

export function unwellPods(world: World): string[] {
  return world.objects(PODS).flatMap((pod) => {
    if (isPodTerminating(pod)) return [`Pod ${keyOf(pod)} is not gone: ${describe(pod)}`];
    return isPodActive(pod) && !isPodReady(pod) ? [`Pod ${keyOf(pod)} is not ready: ${describe(pod)}`] : [];
  });
}

function describe({ spec, status }: Pod): string {
  const { containerStatuses = [], initContainerStatuses = [], phase } = status ?? {};
  const reasons = [...initContainerStatuses, ...containerStatuses].flatMap(({ name, ready, state }) => {
    const reason = state?.waiting?.reason ?? state?.terminated?.reason ?? (ready ? undefined : 'not ready');
    return reason === undefined ? [] : [`${name} ${reason}`];
  });
  return [`on ${spec.nodeName ?? 'no node'}`, phase ?? 'no phase', ...reasons].join(', ');
}
