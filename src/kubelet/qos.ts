/** A Pod's quality of service: who is killed first when memory runs out. @see k8s.io/kubernetes pkg/apis/core/v1/helper/qos */

import type { Container, Pod } from '../api/generated/core-v1.ts';
import { compareQuantities, milliValue, wholeValue } from '../base/quantity.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const QOS_RESOURCES = ['cpu', 'memory'] as const;

/** The Pod's class, from the requests and limits of all its containers. */
export function qosClass(pod: Pod): QosClass {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const isPlain = containers.every((container) =>
    QOS_RESOURCES.every(
      (name) => amount(container, 'requests', name) === 0 && amount(container, 'limits', name) === 0,
    ),
  );
  if (isPlain) return 'BestEffort';
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function amount(container: Container, list: 'requests' | 'limits', name: string): number {
  return milliValue(container.resources?.[list]?.[name]);
}

function isGuaranteed(container: Container): boolean {
  return QOS_RESOURCES.every((name) => {
    const limit = container.resources?.limits?.[name];
    if (limit === undefined || milliValue(limit) === 0) return false;
    const request = container.resources?.requests?.[name];
    return request === undefined || compareQuantities(request, limit) === 0;
  });
}

/** @see k8s.io/kubernetes/pkg/kubelet/qos GetContainerOOMScoreAdjust */
export function oomScoreAdjust(pod: Pod, container: Container, memoryCapacityBytes: number): number {
  const quality = qosClass(pod);
  if (quality === 'Guaranteed') return -997;
  if (quality === 'BestEffort') return 1000;
  const request = wholeValue(container.resources?.requests?.['memory']);
  const score = 1000 - Math.floor((1000 * request) / Math.max(1, memoryCapacityBytes));
  return Math.min(Math.max(score, 3), 999);
}
