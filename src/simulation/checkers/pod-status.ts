/**
 * A Pod's story goes forward only: what has ended stays ended, what is being deleted stays so, restarts only grow in
 * number, and a Pod that has a node keeps it.
 */
import type { ContainerStatus, Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { isPodTerminal } from '../../api/pod-conditions.ts';
import type { CheckerFactory } from './checker.ts';
import { PODS_PREFIX } from './storage-prefixes.ts';

export const newPodStatusChecker: CheckerFactory = ({ pods }, report) => ({
  onEvent(event) {
    if (event.kind !== 'commit' || event.type !== 'put' || !event.key.startsWith(PODS_PREFIX)) return;
    const pod = event.object as unknown as Pod;
    const before = pods.get(pod.metadata.uid);
    if (before === undefined) return;
    for (const why of stepsBack(before, pod)) report(`Pod ${keyOf(pod)} (${pod.metadata.uid}): ${why}`);
  },
});

function stepsBack(before: Pod, after: Pod): string[] {
  return [
    ...phaseBack(before, after),
    ...deletionBack(before, after),
    ...nodeBack(before, after),
    ...restartsBack(before, after),
  ];
}

function phaseBack(before: Pod, after: Pod): string[] {
  const phase = after.status?.phase;
  return isPodTerminal(before) && phase !== before.status?.phase
    ? [`its phase was ${before.status?.phase} and is ${phase}`]
    : [];
}

/** A second deletion may only shorten the first. */
function deletionBack({ metadata: before }: Pod, { metadata: after }: Pod): string[] {
  if (before.deletionTimestamp === undefined) return [];
  if (after.deletionTimestamp === undefined) return ['its deletion was taken back'];
  return Date.parse(after.deletionTimestamp) > Date.parse(before.deletionTimestamp)
    ? [`its deletion was put off from ${before.deletionTimestamp} to ${after.deletionTimestamp}`]
    : [];
}

function nodeBack({ spec: before }: Pod, { spec: after }: Pod): string[] {
  return before.nodeName !== undefined && after.nodeName !== before.nodeName
    ? [`it was on ${before.nodeName} and is on ${after.nodeName ?? 'no node'}`]
    : [];
}

function restartsBack(before: Pod, after: Pod): string[] {
  return [
    ...fewerRestarts(before.status?.containerStatuses, after.status?.containerStatuses),
    ...fewerRestarts(before.status?.initContainerStatuses, after.status?.initContainerStatuses),
  ];
}

function fewerRestarts(
  before: readonly ContainerStatus[] = [],
  after: readonly ContainerStatus[] = [],
): string[] {
  return before.flatMap(({ name, restartCount }) => {
    const now = after.find((status) => status.name === name)?.restartCount ?? restartCount;
    return now < restartCount
      ? [`container ${name} was restarted ${restartCount} times and now ${now} times`]
      : [];
  });
}
