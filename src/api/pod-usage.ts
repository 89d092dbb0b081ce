/**
 * What a whole Pod requests and is limited to, as quantities that messages can show: `cpu` → `1500m`.
 *
 * Main containers and sidecars run together; each ordinary init container runs beside the sidecars started before it. Where
 * the Pod itself names CPU, memory or huge pages, that counts instead.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/limitranger/admission.go, podRequests and podLimits
 */
import { compareQuantities } from '../base/quantity.ts';
import type { PodSpec, ResourceRequirements } from './generated/core-v1.ts';
import { isSidecar } from './pod-conditions.ts';
import { addQuantities, type ResourceList } from './resource-list.ts';
import { isPodLevelResource } from './resource-names.ts';

export interface PodUsage {
  requests: ResourceList;
  limits: ResourceList;
}

export function podUsage(spec: PodSpec): PodUsage {
  return {
    requests: podTotal(spec, (resources) => resources?.requests ?? {}),
    limits: podTotal(spec, (resources) => resources?.limits ?? {}),
  };
}

/** What the containers request together, whatever the Pod itself says. */
export function containerRequests({ containers, initContainers }: PodSpec): ResourceList {
  const spec = initContainers === undefined ? { containers } : { containers, initContainers };
  return podTotal(spec, (resources) => resources?.requests ?? {});
}

function podTotal(
  spec: PodSpec,
  part: (resources: ResourceRequirements | undefined) => ResourceList,
): ResourceList {
  // As most Pods are.
  if (spec.containers?.length === 1 && spec.initContainers === undefined && spec.resources === undefined)
    return part(spec.containers[0]!.resources);
  const running = new Map<string, string>();
  for (const { resources } of spec.containers ?? []) add(running, part(resources));
  const sidecars = new Map<string, string>();
  const peak = new Map<string, string>();
  for (const container of spec.initContainers ?? []) {
    const own = part(container.resources);
    const together = new Map(sidecars);
    add(together, own);
    if (isSidecar(container)) {
      add(running, own);
      add(sidecars, own);
    }
    raise(peak, together);
  }
  raise(running, peak);
  for (const [resource, quantity] of Object.entries(part(spec.resources)))
    if (isPodLevelResource(resource)) running.set(resource, quantity);
  return Object.fromEntries(running);
}

function add(total: Map<string, string>, amounts: ResourceList): void {
  for (const [resource, quantity] of Object.entries(amounts)) {
    const before = total.get(resource);
    total.set(resource, before === undefined ? quantity : addQuantities(before, quantity));
  }
}

function raise(total: Map<string, string>, amounts: ReadonlyMap<string, string>): void {
  for (const [resource, quantity] of amounts) {
    const before = total.get(resource);
    if (before === undefined || compareQuantities(quantity, before) > 0) total.set(resource, quantity);
  }
}
