/** Who is killed first when memory runs out. */
import type { Container, Pod } from '../api/generated/core-v1.ts';
import { isSidecar } from '../api/pod-conditions.ts';
import { podQosClass } from '../api/pod-qos.ts';
import { containerRequests } from '../api/pod-usage.ts';
import { wholeValue } from '../base/quantity.ts';

/** @see k8s.io/kubernetes/pkg/kubelet/qos GetContainerOOMScoreAdjust */
export function oomScoreAdjust(pod: Pod, container: Container, memoryCapacityBytes: number): number {
  const quality = podQosClass(pod);
  if (quality === 'Guaranteed') return -997;
  if (quality === 'BestEffort') return 1000;
  const request = memoryRequest(container) + sharedPart(pod);
  const score = 1000 - Math.floor((1000 * request) / Math.max(1, memoryCapacityBytes));
  return Math.min(Math.max(score, 3), 999);
}

/** What the Pod requests beyond its containers, in equal parts. */
function sharedPart({ spec }: Pod): number {
  const ofPod = spec.resources?.requests?.['memory'];
  if (ofPod === undefined) return 0;
  const together = wholeValue(containerRequests(spec)['memory']);
  const count = spec.containers.length + (spec.initContainers ?? []).filter(isSidecar).length;
  return Math.max(0, wholeValue(ofPod) - together) / count;
}

function memoryRequest({ resources }: Container): number {
  return wholeValue(resources?.requests?.['memory']);
}
