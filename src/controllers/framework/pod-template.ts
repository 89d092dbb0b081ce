/** From a workload's template to a Pod that the workload controls. @see controller.GetPodFromTemplate */
import type { Pod, PodTemplateSpec } from '../../api/generated/core-v1.ts';
import type { GroupVersionKind, KubeObject, NewObject } from '../../api/meta.ts';
import { newControllerRef } from '../../api/owner-references.ts';
import { assert } from '../../base/assert.ts';
import { type Random, randomSuffix } from '../../base/random.ts';

const SUFFIX_LENGTH = 5;

/** A generated name is a DNS label: 63 characters at most. Source: k8s.io/apiserver/pkg/storage/names. */
const PREFIX_LENGTH_MAX = 63 - SUFFIX_LENGTH;

/** `web-5d8c7-` + `x2v9k`; a prefix that is too long loses its end. */
export function generateName(prefix: string, random: Random): string {
  return prefix.slice(0, PREFIX_LENGTH_MAX) + randomSuffix(random, SUFFIX_LENGTH);
}

export interface PodIdentity {
  owner: KubeObject;
  ownerKind: GroupVersionKind;
  name: string;
}

/** The Pod shares the template's values: neither may be changed afterwards. */
export function newPodFromTemplate(template: PodTemplateSpec, identity: PodIdentity): NewObject<Pod> {
  const { owner, ownerKind, name } = identity;
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const { namespace } = owner.metadata;
  assert(
    template.spec !== undefined && namespace !== undefined,
    'a Pod template has a spec, its owner a namespace',
  );
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: `${owner.metadata.name}-`,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [newControllerRef(owner, ownerKind)],
    },
    spec: template.spec,
  };
}
