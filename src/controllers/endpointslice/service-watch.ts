/** What the two endpoint controllers share: which Services a change concerns, and which Pods a Service selects. */
import type { Pod, Service } from '../../api/generated/core-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { newEqualityMatcher } from '../../api/selectors.ts';
import { hasReason } from '../../base/status-error.ts';
import type { Informer, Lister } from '../../client/informer.ts';
import { isNamespaceTerminating } from '../framework/pod-control.ts';
import { isEndpointChange } from './endpoint.ts';

/** Calls `enqueue` with a Service's key when it changes, and when a Pod that it selects, or selected, does. */
export function listenToServices(
  { services, pods }: { services: Informer<Service>; pods: Informer<Pod> },
  enqueue: (key: string) => void,
): void {
  const enqueueSelecting = (pod: Pod): void => {
    for (const service of services.list(namespaceOf(pod))) {
      if (newEqualityMatcher(service.spec.selector)(pod.metadata.labels)) enqueue(keyOf(service));
    }
  };
  services.addListener({
    onAdd: (service) => enqueue(keyOf(service)),
    onUpdate: (service) => enqueue(keyOf(service)),
    onDelete: (service) => enqueue(keyOf(service)),
  });
  pods.addListener({
    onAdd: enqueueSelecting,
    onUpdate: (pod, previous) => {
      if (!isEndpointChange(pod, previous)) return;
      enqueueSelecting(pod);
      if (pod.metadata.labels !== previous.metadata.labels) enqueueSelecting(previous);
    },
    onDelete: enqueueSelecting,
  });
}

export function selectedPods(service: Service, pods: Lister<Pod>): readonly Pod[] {
  const matches = newEqualityMatcher(service.spec.selector);
  return pods.list(namespaceOf(service)).filter((pod) => matches(pod.metadata.labels));
}

export function ignoreNotFound(error: unknown): void {
  if (!hasReason(error, 'NotFound')) throw error;
}

export function ignoreEndingNamespace(error: unknown): void {
  if (!isNamespaceTerminating(error)) throw error;
}
