/** What the kubelet tells in Events of a resize, as upstream words it. @see k8s.io/kubernetes/pkg/kubelet/events */
import type { Container, Pod } from '../../api/generated/core-v1.ts';
import { isSidecar } from '../../api/pod-conditions.ts';
import { resizableOf } from '../../api/pod-resize.ts';

/** `Pod resize started: {"containers":[{"name":"web","resources":{…}}],"generation":2}` */
export function resizeMessage(
  what: string,
  pod: Pod,
  generation: number | undefined,
  error?: string,
): string {
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map(facts);
  const told = {
    ...(sidecars.length === 0 ? {} : { initContainers: sidecars }),
    containers: pod.spec.containers.map(facts),
    generation,
    error,
  };
  return `Pod resize ${what}: ${JSON.stringify(told)}`;
}

function facts({ name, resources: { limits, requests } = {} }: Container): object {
  return {
    name,
    resources: { limits: limits && resizableOf(limits), requests: requests && resizableOf(requests) },
  };
}
