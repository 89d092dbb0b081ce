/** Manifests of a scenario: what users apply, checked as the API would check it before a world begins. */
import type { JsonObject, JsonValue } from '../../api/json.ts';
import { type GroupVersionKind, gvkOf, type KubeObject, toApiVersion } from '../../api/meta.ts';
import { allResources, findKind, type ResourceRow } from '../../api/resources.ts';
import { schemaForKind } from '../../api/schema.ts';
import { toInvalidError } from '../../api/validation/field-error.ts';
import { validateCreate } from '../../api/validation/validate.ts';
import { parseYamlDocuments } from '../../api/yaml.ts';
import { decodeAs } from '../../apiserver/decode.ts';
import { strategyOf } from '../../apiserver/registry/strategies.ts';
import { StatusError } from '../../base/status-error.ts';
import { suggestion } from './closest.ts';
import { jsonObject, optional, placeIn, readField, ScenarioError, text } from './read.ts';

/** An object as it was written. */
export interface Manifest {
  row: ResourceRow;
  /** `''` for a cluster-scoped kind. */
  namespace: string;
  name: string;
  object: JsonObject;
  /** Where it is written, for messages: `web.yaml: deployment/web`. */
  place: string;
}

/** Gives the text of a file that a scenario names. @throws Error when it cannot */
export type ReadFile = (path: string) => string;

export interface ManifestOptions {
  readFile: ReadFile;
  /** Whether what the API would refuse is refused here; default true. */
  isChecked?: boolean;
}

/** One entry of a list of manifests: text of YAML, `{ file: path }`, or an object. @throws ScenarioError */
export function parseManifests(value: JsonValue, place: string, options: ManifestOptions): Manifest[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => parseManifests(item, `${place}[${index}]`, options));
  }
  if (typeof value === 'string') return parseText(value, place, options);
  const object = jsonObject(value, place);
  if (Object.keys(object).length === 1 && object['file'] !== undefined) {
    const path = text(object['file'], placeIn(place, 'file'));
    return parseText(readManifestFile(path, place, options.readFile), `${path}:`, options);
  }
  return openList(object).map((item) => toManifest(item, place, options));
}

function readManifestFile(path: string, place: string, readFile: ReadFile): string {
  try {
    return readFile(path);
  } catch (error) {
    throw new ScenarioError(placeIn(place, 'file'), `cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function parseText(yaml: string, place: string, options: ManifestOptions): Manifest[] {
  let documents: JsonValue[];
  try {
    documents = parseYamlDocuments(yaml);
  } catch (error) {
    if (error instanceof StatusError) throw new ScenarioError(place, error.message, { cause: error });
    throw error;
  }
  if (documents.length === 0) throw new ScenarioError(place, 'holds no manifest');
  return documents
    .flatMap((document) => openList(jsonObject(document, place)))
    .map((document) => toManifest(document, place, options));
}

function openList(value: JsonObject): JsonObject[] {
  const { kind, items } = value;
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
    ? items.flatMap((item) => openList(item as JsonObject))
    : [value];
}

function toManifest(value: JsonObject, place: string, { isChecked = true }: ManifestOptions): Manifest {
  const gvk = gvkOf({
    apiVersion: readField(text, value, { name: 'apiVersion', place }),
    kind: readField(text, value, { name: 'kind', place }),
  });
  const row = findRow(gvk, place);
  const metadata = readField(jsonObject, value, { name: 'metadata', place });
  const at = { place: placeIn(place, 'metadata') };
  const name = readField(text, metadata, { name: 'name', ...at });
  const given = readField(optional(text), metadata, { name: 'namespace', ...at });
  const namespace = row.namespaced ? (given ?? 'default') : '';
  const named = placeIn(place.endsWith(':') ? place : `${place}:`, `${row.singular}/${name}`);
  const manifest = { row, namespace, name, object: value, place: named };
  if (isChecked) checkManifest(manifest);
  return manifest;
}

const NOBODY = { username: '', groups: [] };

/** @throws ScenarioError with the words of the API, when it would refuse the object */
function checkManifest({ row, namespace, name, object: value, place }: Manifest): void {
  try {
    const { object } = decodeAs(structuredClone(value), row, { fieldValidation: 'Strict' });
    if (row.namespaced) object.metadata.namespace = namespace;
    object.metadata.uid ??= 'unborn';
    strategyOf(row).prepareCreate?.(object, NOBODY);
    const errors = validateCreate(object as KubeObject);
    if (errors.length > 0) throw toInvalidError(row, name, errors);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new ScenarioError(place, `the API would refuse it: ${error.message}`, { cause: error });
  }
}

function findRow({ group, version, kind }: GroupVersionKind, place: string): ResourceRow {
  const row = findKind(group, version, kind);
  if (row !== undefined && !row.virtual && schemaForKind({ group, version, kind }) !== undefined) return row;
  const kinds = new Set(allResources().map((known) => known.kind));
  const near = kinds.has(kind) ? '' : suggestion(kind, kinds);
  throw new ScenarioError(place, `there is no kind "${kind}" in ${toApiVersion(group, version)}${near}`);
}
