/** A custom resource's schema as server-side apply sees it. @see apiextensions-apiserver/pkg/apiserver/schema/typed.go */
import { type ApplyType, applyTypeOf, DEDUCED, SCALAR } from '../apply/apply-type.ts';
import type { JSONSchemaProps } from '../generated/apiextensions-v1.ts';
import { schemaForKind } from '../schema.ts';
import { itemsOf } from './prune.ts';

/** Of a whole object, whose metadata is every object's. */
export function customApplyType(schema: JSONSchemaProps): ApplyType {
  const type = toApplyType(schema);
  if (type.kind !== 'map') return DEDUCED;
  return {
    ...type,
    named: (name) => (name === 'metadata' ? objectMetaType() : (HEADER.get(name) ?? type.named(name))),
  };
}

const HEADER = new Map<string, ApplyType>([
  ['apiVersion', SCALAR],
  ['kind', SCALAR],
]);

function objectMetaType(): ApplyType {
  const pod = schemaForKind({ group: '', version: 'v1', kind: 'Pod' });
  const meta = pod?.fields.get('metadata')?.schema;
  return meta === undefined ? DEDUCED : applyTypeOf(meta);
}

function toApplyType(schema: JSONSchemaProps | undefined): ApplyType {
  if (schema === undefined) return DEDUCED;
  if (schema.type === 'array') return listType(schema);
  if (schema.type !== 'object') return schema.type === undefined ? DEDUCED : SCALAR;
  const { properties, additionalProperties } = schema;
  if (properties === undefined && typeof additionalProperties !== 'object') return DEDUCED;
  const known = new Map<string, ApplyType>();
  return {
    kind: 'map',
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    other: typeof additionalProperties === 'object' ? toApplyType(additionalProperties) : DEDUCED,
    named(name) {
      const property =
        properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (property === undefined) return undefined;
      const type = known.get(name) ?? toApplyType(property);
      known.set(name, type);
      return type;
    },
  };
}

function listType(schema: JSONSchemaProps): ApplyType {
  const item = itemsOf(schema);
  const listed = schema['x-kubernetes-list-type'];
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []).map((name) => ({
    name,
    default: item?.properties?.[name]?.default,
  }));
  const isKnown = listed === 'set' || listed === 'map';
  return { kind: 'list', listType: isKnown ? listed : 'atomic', keys, item: toApplyType(item) };
}
