/**
 * The kinds that CustomResourceDefinitions add, for controllers that work on every kind there is: each as one row, in the
 * version that is stored where that is served.
 */
import { toCustomRows } from '../../api/custom/to-rows.ts';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, type ResourceRow } from '../../api/resources.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';

export class CustomKinds {
  readonly informer: Informer<CustomResourceDefinition>;

  /** @param onAdded  a kind is served that was not, or is served anew; also for those that are there already */
  constructor(informers: InformerFactory, onAdded: (row: ResourceRow) => void = () => {}) {
    this.informer = informers.informer(CUSTOM_RESOURCE_DEFINITIONS);
    const seen = (definition: CustomResourceDefinition, previous?: CustomResourceDefinition) => {
      if (!isServed(definition) || (previous !== undefined && isServed(previous))) return;
      for (const row of rowsOf(definition)) onAdded(row);
    };
    this.informer.addListener({ onAdd: seen, onUpdate: seen, onDelete: () => {} });
  }

  rows(): ResourceRow[] {
    return this.informer.list().filter(isServed).flatMap(rowsOf);
  }

  /** In whatever served version. */
  find(group: string, version: string, kind: string): ResourceRow | undefined {
    const definitions = this.informer.list().filter(isServed);
    const rows = definitions.flatMap((definition) => toCustomRows(definition).served);
    return rows.find((row) => row.group === group && row.version === version && row.kind === kind);
  }
}

function rowsOf(definition: CustomResourceDefinition): ResourceRow[] {
  const { served, storage } = toCustomRows(definition);
  const row = served.includes(storage) ? storage : served[0];
  return row === undefined ? [] : [row];
}

function isServed({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;
}
