/** Admission's eyes: the durable state of the store. */
import type { ResourceRow } from '../../api/resources.ts';
import type { AdmissionView } from '../admission/admission.ts';
import { type ApiObject, objectOf } from '../api-object.ts';
import { keyFor, prefixOf, type Registry } from './registry.ts';

export function newAdmissionView(registry: Registry): AdmissionView {
  const { store, random } = registry;
  return {
    random,
    get(row: ResourceRow, namespace: string, name: string): ApiObject | undefined {
      const stored = store.get(keyFor({ row, namespace, name }));
      return stored === undefined ? undefined : objectOf(stored);
    },
    list: (row: ResourceRow, namespace: string) =>
      store.list({ prefix: prefixOf(row, namespace) }).objects.map(objectOf),
  };
}
