/** Custom resources in the OpenAPI documents. @see apiextensions-apiserver/pkg/controller/openapi/builder */
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { GroupVersionKind } from '../meta.ts';
import type { Dialect } from '../openapi-schema.ts';
import { REF_PREFIX } from '../openapi-schema.ts';
import type { ResourceRow } from '../resource-row.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
/** Upstream's tests of `kubectl explain` look for its first words, and for those of `apiVersion`. */
const METADATA = "Standard object's metadata: its name, its labels, and what else every object has.";
/** What version 2 of OpenAPI does not know, or knows otherwise. */
const ONLY_V3 = ['oneOf', 'anyOf', 'not', 'nullable', 'allOf'];

/** `example.com` and `v1` → `com.example.v1`. */
function definitionPrefix({ group, version }: ResourceRow): string {
  return `${group.split('.').reverse().join('.')}.${version}`;
}

export function customDefinitionName(row: ResourceRow, kind: string): string {
  return `${definitionPrefix(row)}.${kind}`;
}

/** The definitions of a kind and its list, by name. */
export function customDefinitions(row: ResourceRow, dialect: Dialect): JsonObject {
  const { group, version, kind, custom } = row;
  const reference = (name: string) => toReference(name, dialect);
  const ofKind = (name: string) => [{ group, kind: name, version } as JsonObject];
  const own = customDefinitionName(row, kind);
  const listKind = custom!.listKind;
  return {
    [own]: { ...objectSchema(row, dialect), 'x-kubernetes-group-version-kind': ofKind(kind) },
    [customDefinitionName(row, listKind)]: {
      description: `${listKind} is a list of ${kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        items: { type: 'array', items: reference(own) },
        kind: { type: 'string' },
        metadata: reference(`${META}.ListMeta`),
      },
      'x-kubernetes-group-version-kind': ofKind(listKind),
    },
  };
}

function objectSchema({ custom }: ResourceRow, dialect: Dialect): JsonObject {
  const schema = custom?.schema as unknown as JsonObject | undefined;
  if (schema === undefined) return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const { properties, ...rest } = (dialect === 'v2' ? forV2(schema) : schema) as JsonObject;
  const header = {
    apiVersion: {
      type: 'string',
      description: 'APIVersion defines by which schema this object is to be read.',
    },
    kind: { type: 'string', description: 'The kind of this object.' },
    metadata: { ...toReference(`${META}.ObjectMeta`, dialect), description: METADATA },
  };
  return { ...rest, properties: { ...(isJsonObject(properties) ? properties : {}), ...header } };
}

function toReference(name: string, dialect: Dialect): JsonObject {
  const reference = { $ref: `${REF_PREFIX[dialect]}${name}` };
  return dialect === 'v3' ? { allOf: [reference] } : reference;
}

function forV2(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(forV2);
  if (!isJsonObject(schema)) return schema;
  const kept: JsonObject = {};
  for (const [field, value] of Object.entries(schema)) {
    if (!ONLY_V3.includes(field)) kept[field] = forV2(value);
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) delete kept['properties'];
  return kept;
}

/** Which of `rows` the kind, or the list kind, belongs to. */
export function findCustomRow(
  rows: readonly ResourceRow[],
  { group, version, kind }: GroupVersionKind,
): ResourceRow | undefined {
  return rows.find(
    (row) =>
      row.group === group && row.version === version && (row.kind === kind || `${row.kind}List` === kind),
  );
}
