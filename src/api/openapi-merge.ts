/**
 * One OpenAPI document of version 2 out of several: that of this server, and of extension API servers what belongs to their
 * group versions. Pure; nothing of a foreign document is believed to have the right shape.
 *
 * @see k8s.io/kube-openapi/pkg/aggregator/aggregator.go FilterSpecByPaths, MergeSpecsIgnorePathConflict…
 */
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** What of a document is put into another. */
export interface OpenApiPart {
  paths: JsonObject;
  /** Everything that is referred to, from the paths on. */
  definitions: JsonObject;
  parameters: JsonObject;
}

type Section = 'definitions' | 'parameters';
const SECTIONS: readonly Section[] = ['definitions', 'parameters'];
const REFERENCE = /^#\/(definitions|parameters)\/(.+)$/s;
const KINDS = 'x-kubernetes-group-version-kind';

/** Of `document` the paths that begin with `prefix`, and what they refer to. */
export function selectPaths(document: JsonObject, prefix: string): OpenApiPart {
  const paths = objectsIn(document['paths']).filter(([path]) => path.startsWith(prefix));
  const known = {
    definitions: sectionOf(document, 'definitions'),
    parameters: sectionOf(document, 'parameters'),
  };
  const used: Record<Section, Map<string, JsonObject>> = { definitions: new Map(), parameters: new Map() };
  const open: JsonValue[] = paths.map(([, item]) => item);
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const target = referenceOf(value);
    const found = target && known[target.section].get(target.name);
    if (target !== undefined && found !== undefined && !used[target.section].has(target.name)) {
      used[target.section].set(target.name, found);
      open.push(found);
    }
    if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) open.push(inner);
  }
  const toObject = (section: Section) => Object.fromEntries(used[section]);
  return {
    paths: Object.fromEntries(paths),
    definitions: toObject('definitions'),
    parameters: toObject('parameters'),
  };
}

/**
 * `document` with `part` in it, which it is not changed by. Paths that are there already stay. What has a name that is taken
 * by something else gets another: `NAME_v2`; what differs in nothing but the kinds that it is for is one.
 */
export function mergePart(document: JsonObject, part: OpenApiPart): JsonObject {
  const merged: JsonObject = { ...document };
  const renamed: Record<Section, Map<string, string>> = {
    definitions: newNames(sectionOf(document, 'definitions'), part.definitions),
    parameters: newNames(sectionOf(document, 'parameters'), part.parameters),
  };
  for (const section of SECTIONS) {
    const entries = sectionOf(document, section);
    for (const [name, value] of objectsIn(part[section])) {
      const target = renamed[section].get(name) ?? name;
      const own = entries.get(target);
      entries.set(
        target,
        own === undefined ? (withNames(value, renamed) as JsonObject) : withKinds(own, value),
      );
    }
    if (entries.size > 0) merged[section] = Object.fromEntries(entries);
  }
  const paths = new Map(objectsIn(document['paths']));
  for (const [path, item] of objectsIn(part.paths)) {
    if (!paths.has(path)) paths.set(path, withNames(item, renamed) as JsonObject);
  }
  merged['paths'] = Object.fromEntries(paths);
  return merged;
}

/** Of what is in `theirs` and means something else in `own`. */
function newNames(own: ReadonlyMap<string, JsonObject>, theirs: JsonObject): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(own.keys());
  for (const [name, value] of objectsIn(theirs)) {
    const there = own.get(name);
    if (there === undefined || equalJson(withoutKinds(there), withoutKinds(value))) continue;
    let number = 2;
    while (taken.has(`${name}_v${number}`) || Object.hasOwn(theirs, `${name}_v${number}`)) number++;
    names.set(name, `${name}_v${number}`);
    taken.add(`${name}_v${number}`);
  }
  return names;
}

function withNames(
  value: JsonValue,
  renamed: Readonly<Record<Section, ReadonlyMap<string, string>>>,
): JsonValue {
  if (Array.isArray(value)) return value.map((item) => withNames(item, renamed));
  if (!isJsonObject(value)) return value;
  const target = referenceOf(value);
  const name = target && renamed[target.section].get(target.name);
  const entries = Object.entries(value).map(([key, item]): [string, JsonValue] => {
    if (key === '$ref' && name !== undefined) return [key, `#/${target!.section}/${name}`];
    return [key, withNames(item, renamed)];
  });
  return Object.fromEntries(entries);
}

/** `own`, for the kinds of `other` as well. */
function withKinds(own: JsonObject, other: JsonObject): JsonObject {
  const [there, more] = [own[KINDS], other[KINDS]];
  if (!Array.isArray(there) || !Array.isArray(more)) return own;
  const added = more.filter((kind) => !there.some((known) => equalJson(known, kind)));
  return added.length === 0 ? own : { ...own, [KINDS]: [...there, ...added] };
}

function withoutKinds(definition: JsonObject): JsonObject {
  const rest = { ...definition };
  delete rest[KINDS];
  return rest;
}

function referenceOf(value: JsonValue): { section: Section; name: string } | undefined {
  const reference = isJsonObject(value) ? value['$ref'] : undefined;
  const match = typeof reference === 'string' ? REFERENCE.exec(reference) : null;
  return match === null ? undefined : { section: match[1] as Section, name: match[2]! };
}

function sectionOf(document: JsonObject, section: Section): Map<string, JsonObject> {
  return new Map(objectsIn(document[section]));
}

function objectsIn(value: JsonValue | undefined): [string, JsonObject][] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1]));
}
