/** What the kubelet's Events are about: a Pod, or one container of it. */
import type { Pod } from '../api/generated/core-v1.ts';
import type { EventSubject } from '../client/event-recorder.ts';
import { containerFieldPath, findContainer } from './container-identity.ts';

export function podSubject(pod: Pod): EventSubject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: pod.metadata };
}

export function containerSubject(pod: Pod, name: string): EventSubject {
  const entry = findContainer(pod, name);
  return entry === undefined ? podSubject(pod) : { ...podSubject(pod), fieldPath: containerFieldPath(entry) };
}
