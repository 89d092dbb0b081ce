/**
 * The OpenAPI documents that the API publishes, built from the schema data and the table of kinds on first request and kept.
 *
 * Version 3 is one document per group version behind an index; version 2 is one document for all. They never change while
 * the program runs, so the index's hash is that of what they are built from and clients may cache for good.
 */
import { customDefinitionName, customDefinitions, findCustomRow } from './custom/custom-openapi.ts';
import { allDescriptions } from './descriptions/description.ts';
import type { JsonObject } from './json.ts';
import type { GroupVersionKind } from './meta.ts';
import { addPaths, type BodyRefs } from './openapi-paths.ts';
import { DefinitionSet, type Dialect, PATCH_NAME, REF_PREFIX } from './openapi-schema.ts';
import type { ResourceRow } from './resource-row.ts';
import { allResources } from './resources.ts';
import { schemaByName, schemaDigest, schemaForKind, textDigest } from './schema.ts';

const INFO: JsonObject = { title: 'Kubernetes', version: 'v1.36.4' };
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const WATCH_EVENT = `${META}.WatchEvent`;
/** Kinds that exist in every group, with meta's schema. */
const EVERYWHERE = ['DeleteOptions', 'WatchEvent'];

const documents = new Map<string, JsonObject>();

/** What `GET /openapi/v3` answers: where each group version's document is. */
export function openApiV3Index(custom: readonly ResourceRow[] = []): {
  paths: Record<string, { serverRelativeURL: string }>;
} {
  const paths: Record<string, { serverRelativeURL: string }> = {};
  const hash = builtInDigest();
  for (const row of allResources()) {
    const path = openApiPath(row.group, row.version);
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  for (const { group, version } of custom) {
    const path = openApiPath(group, version);
    const own = customDigest(custom.filter((row) => row.group === group && row.version === version));
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}${own}` };
  }
  return { paths };
}

let digest: string | undefined;

/** Of all that the documents of built-in kinds are made from. */
function builtInDigest(): string {
  digest ??= textDigest(schemaDigest() + JSON.stringify([...allDescriptions()]));
  return digest;
}

/** `api/v1` or `apis/apps/v1`: a group version's place below `/openapi/v3/`. */
export function openApiPath(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** The version 3 document of a built-in group version; undefined when there is none. */
export function openApiV3(
  group: string,
  version: string,
  custom: readonly ResourceRow[] = [],
): JsonObject | undefined {
  const customRows = custom.filter((row) => row.group === group && row.version === version);
  if (customRows.length > 0) return toV3(customRows);
  const rows = allResources().filter((row) => row.group === group && row.version === version);
  if (rows.length === 0) return undefined;
  return kept(`v3/${group}/${version}`, () => toV3(rows));
}

function toV3(rows: readonly ResourceRow[]): JsonObject {
  const { definitions, paths } = assemble(rows, 'v3');
  return { openapi: '3.0.0', info: INFO, paths, components: { schemas: definitions } };
}

/** Changes whenever what the rows publish does. */
function customDigest(rows: readonly ResourceRow[]): string {
  const text = JSON.stringify(rows.map(({ custom, ...row }) => [row, custom?.schema, custom?.listKind]));
  return textDigest(text);
}

/** The version 2 document of everything built in. */
export function openApiV2(custom: readonly ResourceRow[] = []): JsonObject {
  if (custom.length > 0) {
    const { definitions, paths } = assemble([...allResources(), ...custom], 'v2');
    return { swagger: '2.0', info: INFO, paths, definitions };
  }
  return kept('v2', () => {
    const { definitions, paths } = assemble(allResources(), 'v2');
    return { swagger: '2.0', info: INFO, paths, definitions };
  });
}

function kept(key: string, build: () => JsonObject): JsonObject {
  const known = documents.get(key);
  if (known) return known;
  const built = build();
  documents.set(key, built);
  return built;
}

function assemble(
  rows: readonly ResourceRow[],
  dialect: Dialect,
): { definitions: JsonObject; paths: JsonObject } {
  const set = new DefinitionSet(dialect);
  const customRows = rows.filter(({ custom }) => custom !== undefined);
  const refs: BodyRefs = {
    kind(gvk: GroupVersionKind) {
      const customRow = findCustomRow(customRows, gvk);
      if (customRow !== undefined) return customReference(customRow, gvk.kind, dialect);
      const schema = schemaForKind(gvk);
      return schema && set.add(schema);
    },
    patch: set.addNamed(PATCH_NAME),
  };
  const paths: JsonObject = {};
  for (const row of rows) {
    addPaths(paths, row, refs, dialect);
    const watchEvent = schemaByName(WATCH_EVENT);
    if (row.verbs.includes('watch') && watchEvent) set.add(watchEvent);
  }
  for (const name of customRows.length > 0 ? [`${META}.ObjectMeta`, `${META}.ListMeta`] : []) {
    const schema = schemaByName(name);
    if (schema !== undefined) set.add(schema);
  }
  const definitions = set.toJson();
  for (const row of customRows) Object.assign(definitions, customDefinitions(row, dialect));
  for (const kind of EVERYWHERE) addEveryGroup(definitions, kind);
  return { definitions, paths };
}

function customReference(row: ResourceRow, kind: string, dialect: Dialect): JsonObject {
  const isList = kind !== row.kind;
  const name = customDefinitionName(row, isList ? row.custom!.listKind : kind);
  return { $ref: `${REF_PREFIX[dialect]}${name}` };
}

/** Lists every group version for a kind that all of them share. */
function addEveryGroup(definitions: JsonObject, kind: string): void {
  const definition = definitions[`${META}.${kind}`] as JsonObject | undefined;
  if (!definition) return;
  const groupVersions = new Map(allResources().map((row) => [`${row.group}/${row.version}`, row]));
  definition['x-kubernetes-group-version-kind'] = [...groupVersions.values()]
    .sort((a, b) => (a.group === b.group ? (a.version < b.version ? -1 : 1) : a.group < b.group ? -1 : 1))
    .map(({ group, version }) => ({ group, kind, version }));
}
