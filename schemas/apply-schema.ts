/** Reads the server-side-apply schema of client-go: defaults, list types with their keys, atomic maps and structs. */
import { load } from 'js-yaml';

export interface ApplyField {
  default?: unknown;
  listType?: 'atomic' | 'set' | 'map';
  listMapKeys?: string[];
  mapType?: 'atomic' | 'granular';
}

export interface ApplyType {
  atomic: boolean;
  fields: Map<string, ApplyField>;
}

interface RawType {
  list?: { elementRelationship?: string; keys?: string[] };
  map?: { elementRelationship?: string };
  elementRelationship?: string;
}
interface RawDefinition {
  name: string;
  map?: { fields?: { name: string; type: RawType; default?: unknown }[]; elementRelationship?: string };
}

export function parseApplySchema(goSource: string): Map<string, ApplyType> {
  const yaml = goSource.slice(goSource.indexOf('`') + 1, goSource.lastIndexOf('`'));
  const { types } = load(yaml) as { types: RawDefinition[] };
  const result = new Map<string, ApplyType>();
  for (const definition of types) {
    const fields = new Map<string, ApplyField>();
    for (const field of definition.map?.fields ?? [])
      fields.set(field.name, toApplyField(field.type, field.default));
    result.set(definition.name, { atomic: definition.map?.elementRelationship === 'atomic', fields });
  }
  return result;
}

function toApplyField(type: RawType, fallback: unknown): ApplyField {
  const field: ApplyField = {};
  if (fallback !== undefined) field.default = fallback;
  if (type.list) {
    const { elementRelationship, keys } = type.list;
    if (keys) field.listMapKeys = keys;
    field.listType = elementRelationship !== 'associative' ? 'atomic' : keys ? 'map' : 'set';
  }
  const relationship = type.map?.elementRelationship ?? type.elementRelationship;
  if (relationship === 'atomic') field.mapType = 'atomic';
  if (relationship === 'separable') field.mapType = 'granular';
  return field;
}
