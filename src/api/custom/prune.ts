/**
 * Takes out of a custom object what its schema does not know. Below `x-kubernetes-preserve-unknown-fields` everything stays,
 * but what the schema names there is pruned again; an embedded resource keeps its header, and of its metadata what all have.
 *
 * @see k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go
 */
import type { JSONSchemaProps } from '../generated/apiextensions-v1.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { schemaByName } from '../schema.ts';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const HEADER = ['apiVersion', 'kind', 'metadata'];

/** The root is an embedded resource of its own. Changes `object` in place; @returns paths of what is gone, `spec.foo` */
export function pruneObject(object: JsonObject, schema: JSONSchemaProps): string[] {
  const pruned: string[] = [];
  pruneFields(object, { schema, isResource: true }, { path: '', pruned });
  return pruned;
}

interface Place {
  schema: JSONSchemaProps | undefined;
  isResource: boolean;
}

interface Progress {
  path: string;
  pruned: string[];
}

function prune(value: JsonValue, schema: JSONSchemaProps | undefined, progress: Progress): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    for (const [index, item] of value.entries()) {
      prune(item, items, { ...progress, path: `${progress.path}[${index}]` });
    }
  } else if (isJsonObject(value)) {
    const isResource = schema?.['x-kubernetes-embedded-resource'] === true;
    pruneFields(value, { schema, isResource }, progress);
  }
}

function pruneFields(object: JsonObject, { schema, isResource }: Place, { path, pruned }: Progress): void {
  const keepsUnknown = schema?.['x-kubernetes-preserve-unknown-fields'] === true;
  const properties = schema?.properties ?? {};
  for (const field of Object.keys(object)) {
    const at = path === '' ? field : `${path}.${field}`;
    if (isResource && HEADER.includes(field)) {
      // The root's own has been decoded.
      if (field === 'metadata' && path !== '') pruneMetadata(object[field]!, { path: at, pruned });
      continue;
    }
    const known = Object.hasOwn(properties, field) ? properties[field] : undefined;
    if (known !== undefined) prune(object[field]!, known, { path: at, pruned });
    else if (schema?.additionalProperties !== undefined && schema.additionalProperties !== false) {
      const of = schema.additionalProperties === true ? PRESERVING : schema.additionalProperties;
      prune(object[field]!, of, { path: at, pruned });
    } else if (!keepsUnknown) {
      delete object[field];
      pruned.push(at);
    }
  }
}

/** @see apiserver/schema/objectmeta/coerce.go */
function pruneMetadata(metadata: JsonValue, { path, pruned }: Progress): void {
  if (!isJsonObject(metadata)) return;
  const known = schemaByName(OBJECT_META)?.fields;
  for (const field of Object.keys(metadata)) {
    if (known?.has(field)) continue;
    delete metadata[field];
    pruned.push(`${path}.${field}`);
  }
}

const PRESERVING: JSONSchemaProps = { 'x-kubernetes-preserve-unknown-fields': true };

/** Of a list; structural schemas have one for all items. */
export function itemsOf(schema: JSONSchemaProps | undefined): JSONSchemaProps | undefined {
  const items = schema?.items;
  if (Array.isArray(items)) return items[0];
  return items ?? (schema?.['x-kubernetes-preserve-unknown-fields'] === true ? PRESERVING : undefined);
}
