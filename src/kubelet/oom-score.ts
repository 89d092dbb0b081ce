/** Who is killed first when memory runs out. */
import type { Container, Pod } from '../api/generated/core-v1.ts';
import { podQosClass } from '../api/pod-qos.ts';
import { wholeValue } from '../base/quantity.ts';

/** @see k8s.io/kubernetes/pkg/kubelet/qos GetContainerOOMScoreAdjust */
export function oomScoreAdjust(pod: Pod, container: Container, memoryCapacityBytes: number): number {
  const quality = podQosClass(pod);
  if (quality === 'Guaranteed') return -997;
  if (quality === 'BestEffort') return 1000;
  const request = wholeValue(container.resources?.requests?.['memory']);
  const score = 1000 - Math.floor((1000 * request) / Math.max(1, memoryCapacityBytes));
  return Math.min(Math.max(score, 3), 999);
}
