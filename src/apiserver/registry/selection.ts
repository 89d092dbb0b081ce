/**
 * Which objects of a collection a list or watch is about: label and field selector as one predicate.
 *
 * The fields that a kind can be selected by are data of its row; here are only the paths that differ from their label.
 */

import type { ResourceRow } from '../../api/resources.ts';
import {
  type FieldRequirement,
  parseFieldSelector,
  parseLabelSelector,
  toLabelMatcher,
} from '../../api/selectors.ts';
import { ownValue } from '../../base/own-value.ts';
import { type ApiObject, type Fields, fieldAt } from '../api-object.ts';
import { newBadRequest } from '../errors.ts';

export interface Selection {
  /** Nothing is selected away. */
  readonly everything: boolean;
  /** Set when only the object of this name can match. */
  readonly name: string | undefined;
  readonly fields: readonly FieldRequirement[];
  readonly matches: (object: ApiObject) => boolean;
}

export const EVERYTHING: Selection = {
  everything: true,
  name: undefined,
  fields: [],
  matches: () => true,
};

const META_FIELDS = ['metadata.name', 'metadata.namespace'];

/** Where a label is not the path of a field, or an absent field means something. */
const FIELD_VALUES: Readonly<Record<string, (object: ApiObject) => unknown>> = {
  'spec.unschedulable': (object) => object.spec?.['unschedulable'] ?? false,
  'spec.hostNetwork': (object) => object.spec?.['hostNetwork'] ?? false,
  'status.replicas': (object) => object.status?.['replicas'] ?? 0,
  'status.successful': (object) => object.status?.['succeeded'] ?? 0,
  'status.podIPs': (object) =>
    ((object.status?.['podIPs'] as { ip?: string }[] | undefined) ?? []).map(({ ip }) => ip).join(','),
  reportingComponent: (object) => object['reportingComponent'],
  source: (object) => (object['source'] as Fields | undefined)?.['component'] || object['reportingComponent'],
};

/** @throws StatusError BadRequest for a selector that cannot be read or names a field that cannot be selected */
export function parseSelection(row: ResourceRow, query: URLSearchParams): Selection {
  const labelText = query.get('labelSelector') ?? '';
  const fieldText = query.get('fieldSelector') ?? '';
  if (labelText === '' && fieldText === '') return EVERYTHING;
  const matchesLabels = labelText === '' ? undefined : toLabelMatcher(parseLabelSelector(labelText));
  const fields = parseFieldSelector(fieldText);
  for (const { field } of fields) {
    if (META_FIELDS.includes(field) || row.selectableFields.includes(field)) continue;
    const gvr = `${row.group}/${row.version}, Resource=${row.resource}`;
    throw newBadRequest(
      `Unable to find ${JSON.stringify(gvr)} that match label selector ${JSON.stringify(labelText)}, field selector ${JSON.stringify(fieldText)}: field label not supported: ${field}`,
    );
  }
  const matchesFields = fields.map(toFieldMatcher);
  return {
    everything: false,
    name: fields.find(({ field, equal }) => equal && field === 'metadata.name')?.value,
    fields,
    matches: (object) =>
      matchesFields.every((matches) => matches(object)) &&
      (matchesLabels === undefined || matchesLabels(object.metadata.labels)),
  };
}

function toFieldMatcher({ field, equal, value }: FieldRequirement): (object: ApiObject) => boolean {
  const read = fieldReader(field);
  return (object) => (read(object) === value) === equal;
}

/** Reads the text of a selectable field, `''` where it is absent. */
export function fieldReader(field: string): (object: ApiObject) => string {
  const read = ownValue(FIELD_VALUES, field);
  if (read !== undefined) return (object) => toText(read(object));
  const steps = field.split('.');
  return (object) => toText(fieldAt(object, steps));
}

/** Selectable fields are scalars. */
function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : '';
}
