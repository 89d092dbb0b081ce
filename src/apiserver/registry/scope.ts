/**
 * The narrowest part of the store that a selection can be about. What the selection asks beyond that, it tests itself.
 *
 *     metadata.name=web-1 of one namespace   the one key
 *     spec.nodeName=n1                       what an index finds
 *     anything else                          the collection
 */
import { PODS, type ResourceRow } from '../../api/resources.ts';
import { assert } from '../../base/assert.ts';
import type { ObjectIndex, Scope } from '../../store/store.ts';
import type { ApiObject } from '../api-object.ts';
import { prefixOf } from './registry.ts';
import { fieldReader, type Selection } from './selection.ts';

/**
 * By field. Agents list and watch the Pods of their own node, as many agents as there are nodes.
 * @see kubernetes/kubernetes pkg/registry/core/pod/strategy.go NodeNameIndexFunc, NodeNameTriggerFunc
 */
const INDEXES = new Map<ResourceRow, ReadonlyMap<string, ObjectIndex>>([
  [PODS, new Map([newIndex(PODS, 'spec.nodeName')])],
]);

export function scopeOf(row: ResourceRow, namespace: string, selection: Selection): Scope {
  const prefix = prefixOf(row, namespace);
  const { name } = selection;
  if (name !== undefined && (!row.namespaced || namespace !== '')) {
    return { prefix: `${prefix}${name}`, exact: true };
  }
  const indexes = INDEXES.get(row);
  for (const { field, equal, value } of selection.fields) {
    const index = equal ? indexes?.get(field) : undefined;
    if (index !== undefined) return { prefix, indexed: { index, value } };
  }
  return { prefix };
}

function newIndex(row: ResourceRow, field: string): [string, ObjectIndex] {
  assert(row.selectableFields.includes(field), `${row.resource} cannot be selected by ${field}`);
  const read = fieldReader(field);
  return [field, { prefix: prefixOf(row, ''), valueOf: (object) => read(object as unknown as ApiObject) }];
}
