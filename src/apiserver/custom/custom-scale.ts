/** `scale` of a custom resource: where its definition says that the numbers are. */

import { findByJsonPath } from '../../api/custom/json-path.ts';
import type { CustomResourceSubresourceScale } from '../../api/generated/apiextensions-v1.ts';
import type { Scale } from '../../api/generated/autoscaling-v1.ts';
import type { JsonValue } from '../../api/json.ts';
import { type ApiObject, copyJson, type Fields, isFields } from '../api-object.ts';

export function toCustomScale(object: ApiObject, paths: CustomResourceSubresourceScale): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const at = (path: string | undefined) =>
    path === undefined ? undefined : findByJsonPath(object as unknown as JsonValue, path)[0];
  const replicas = toCount(at(paths.specReplicasPath));
  const selector = at(paths.labelSelectorPath);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as Scale['metadata'],
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: toCount(at(paths.statusReplicasPath)),
      ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
    },
  };
}

const toCount = (value: JsonValue | undefined): number => (typeof value === 'number' ? value : 0);

/** A copy of `object` in which the definition's path holds `replicas`. */
export function withCustomReplicas(
  object: ApiObject,
  { specReplicasPath }: CustomResourceSubresourceScale,
  replicas: number,
): ApiObject {
  const copy = copyJson(object);
  const steps = specReplicasPath.split('.').filter((step) => step !== '');
  let level: Fields = copy;
  for (const step of steps.slice(0, -1)) {
    const next = level[step];
    level[step] = isFields(next) ? next : {};
    level = level[step] as Fields;
  }
  level[steps.at(-1)!] = replicas;
  return copy;
}
