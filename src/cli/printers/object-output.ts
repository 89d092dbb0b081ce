/** `-o json`, `-o yaml` and `-o name`. */
import type { KubeObject } from '../../api/meta.ts';
import { gvkOf } from '../../api/meta.ts';
import { findKind } from '../../api/resources.ts';
import { formatYaml } from '../../api/yaml.ts';

export type ObjectFormat = 'json' | 'yaml' | 'name';

/** One object as itself, several (or a list that was asked for) as a `List`, as kubectl prints them. */
export function formatObjects(objects: readonly KubeObject[], format: ObjectFormat, isList: boolean): string {
  if (format === 'name') return objects.map((object) => `${qualifiedName(object)}\n`).join('');
  const [only] = objects;
  const value =
    isList || only === undefined
      ? { apiVersion: 'v1', items: objects, kind: 'List', metadata: { resourceVersion: '' } }
      : only;
  return format === 'json' ? `${JSON.stringify(value, null, 4)}\n` : formatYaml(value);
}

/** `pod/web`, `deployment.apps/web`. */
export function qualifiedName(object: KubeObject): string {
  const gvk = gvkOf(object);
  const singular = findKind(gvk.group, gvk.version, gvk.kind)?.singular ?? gvk.kind.toLowerCase();
  return `${qualifiedType({ singular, group: gvk.group })}/${object.metadata.name}`;
}

/** `pod`, `deployment.apps`. */
export function qualifiedType({ singular, group }: { singular: string; group: string }): string {
  return group === '' ? singular : `${singular}.${group}`;
}
