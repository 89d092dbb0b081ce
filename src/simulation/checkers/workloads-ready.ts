/**
 * Once faults have stopped: every Deployment and ReplicaSet has the Pods that it wants, ready, and says so.
 * A Pod that cannot become ready, by what its program does, is excused, and its workload with it.
 */
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { isPodActive, isPodReady } from '../../api/pod-conditions.ts';
import { DEPLOYMENTS, REPLICA_SETS } from '../../api/resources.ts';
import { canBeReady } from './can-be-ready.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';

export const newWorkloadsReadyChecker: CheckerFactory = (cluster) => ({
  unconverged: () => [...unreadyPods(cluster), ...wrongReplicaSets(cluster), ...wrongDeployments(cluster)],
});

function unreadyPods({ world, pods }: CheckedCluster): string[] {
  return [...pods.all()]
    .filter((pod) => controllerOf(pod) !== undefined && isPodActive(pod) && !isPodReady(pod))
    .filter((pod) => canBeReady(world, pod))
    .map((pod) => `Pod ${keyOf(pod)} is not ready: ${describe(pod)}`);
}

function describe({ spec, status }: Pod): string {
  const waiting = status?.containerStatuses?.flatMap(({ name, state }) => {
    const { waiting: wait, terminated } = state ?? {};
    const reason = wait?.reason ?? terminated?.reason;
    return reason === undefined ? [] : [`${name} ${reason}`];
  });
  return [`on ${spec.nodeName ?? 'no node'}`, status?.phase ?? 'no phase', ...(waiting ?? [])].join(', ');
}

function wrongReplicaSets({ world, pods }: CheckedCluster): string[] {
  return world.objects(REPLICA_SETS).flatMap((rs) => {
    const mine = [...pods.controlledBy(rs.metadata.uid).values()].filter(isPodActive);
    return wrongReplicaSet(rs, mine).map((why) => `ReplicaSet ${keyOf(rs)} ${why}`);
  });
}

function wrongReplicaSet({ metadata, spec, status }: ReplicaSet, active: readonly Pod[]): string[] {
  const wanted = spec.replicas ?? 1;
  const ready = active.filter(isPodReady).length;
  const problems: string[] = [];
  if (metadata.deletionTimestamp !== undefined) return problems;
  if (active.length !== wanted) problems.push(`wants ${wanted} Pods and has ${active.length}`);
  if (status?.observedGeneration !== metadata.generation)
    problems.push(
      `is of generation ${metadata.generation} and was observed at ${status?.observedGeneration}`,
    );
  if ((status?.replicas ?? 0) !== active.length)
    problems.push(`says that it has ${status?.replicas ?? 0} Pods, not ${active.length}`);
  if ((status?.readyReplicas ?? 0) !== ready)
    problems.push(`says that ${status?.readyReplicas ?? 0} Pods are ready, not ${ready}`);
  return problems;
}

function wrongDeployments({ world, pods }: CheckedCluster): string[] {
  const sets = Map.groupBy(world.objects(REPLICA_SETS), (rs) => controllerOf(rs)?.uid);
  return world.objects(DEPLOYMENTS).flatMap((deployment) => {
    const own = sets.get(deployment.metadata.uid) ?? [];
    const mine = own.flatMap((rs) => [...pods.controlledBy(rs.metadata.uid).values()].filter(isPodActive));
    const isStuck = mine.some((pod) => !isPodReady(pod) && !canBeReady(world, pod));
    return wrongDeployment(deployment, mine.length, isStuck).map(
      (why) => `Deployment ${keyOf(deployment)} ${why}`,
    );
  });
}

/** @param isStuck  one of its Pods cannot become ready, so that a rollout rightly stops */
function wrongDeployment({ metadata, spec, status }: Deployment, active: number, isStuck: boolean): string[] {
  const wanted = spec.replicas ?? 1;
  if (metadata.deletionTimestamp !== undefined) return [];
  if (status?.observedGeneration !== metadata.generation)
    return [`is of generation ${metadata.generation} and was observed at ${status?.observedGeneration}`];
  if (isStuck || spec.paused === true) return [];
  const problems: string[] = [];
  if (active !== wanted) problems.push(`wants ${wanted} Pods and has ${active}`);
  for (const count of ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if ((status?.[count] ?? 0) !== wanted)
      problems.push(`has ${count} ${status?.[count] ?? 0}, not ${wanted}`);
  }
  return problems;
}
