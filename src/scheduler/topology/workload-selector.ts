/**
 * Which Pods belong together when a Pod says nothing of it: those that its Services and its owner select. They are spread
 * over nodes and zones by default, so that losing one loses few.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/helper/spread.go DefaultSelector
 */
import type { Pod, ReplicationController, Service } from '../../api/generated/core-v1.ts';
import type { LabelSelector } from '../../api/generated/meta-v1.ts';
import { type KubeObject, namespaceOf } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import {
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  type ResourceRef,
  SERVICES,
  STATEFUL_SETS,
} from '../../api/resources.ts';
import { type LabelMatcher, type Labels, selectorRequirements, toLabelMatcher } from '../../api/selectors.ts';
import type { InformerFactory, Lister } from '../../client/informer.ts';

/** `undefined` when nothing selects the Pod, so that nothing is spread. */
export type WorkloadSelector = (pod: Pod) => LabelMatcher | undefined;

interface Selecting extends KubeObject {
  spec?: { selector?: LabelSelector };
}

export function newWorkloadSelector(informers: InformerFactory): WorkloadSelector {
  const services = informers.informer(SERVICES);
  const controllers = informers.informer(REPLICATION_CONTROLLERS);
  const owners: Readonly<Record<string, Lister<Selecting>>> = {
    'apps/v1 ReplicaSet': informers.informer<Selecting>(REPLICA_SETS as ResourceRef<Selecting>),
    'apps/v1 StatefulSet': informers.informer<Selecting>(STATEFUL_SETS as ResourceRef<Selecting>),
  };
  return (pod) => {
    const equal = selectorOfServices(pod, services);
    const owner = controllerOf(pod);
    const kind = `${owner?.apiVersion} ${owner?.kind}`;
    const key = `${namespaceOf(pod)}/${owner?.name}`;
    if (kind === 'v1 ReplicationController') Object.assign(equal, selectorOf(controllers.get(key)));
    const requirements = selectorRequirements({ ...owners[kind]?.get(key)?.spec?.selector });
    for (const [label, value] of Object.entries(equal))
      requirements.push({ key: label, operator: 'in', values: [value] });
    return requirements.length === 0 ? undefined : toLabelMatcher(requirements);
  };
}

function selectorOf(controller: ReplicationController | undefined): Labels {
  return controller?.spec?.selector ?? {};
}

function selectorOfServices({ metadata }: Pod, services: Lister<Service>): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const { spec } of services.list(metadata.namespace)) {
    if (spec?.selector !== undefined && selects(spec.selector, metadata.labels ?? {}))
      Object.assign(merged, spec.selector);
  }
  return merged;
}

/** An empty selector selects nothing. */
function selects(selector: Labels, labels: Labels): boolean {
  let some = false;
  for (const key in selector) {
    if (labels[key] !== selector[key]) return false;
    some = true;
  }
  return some;
}
