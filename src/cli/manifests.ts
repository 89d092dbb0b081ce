/** Reads what `-f` names: files, directories, standard input; YAML documents and JSON; a `List` opened. */
import { isJsonObject, type JsonObject, type JsonValue } from '../api/json.ts';
import { type GroupVersionKind, gvkOf, type KubeObject } from '../api/meta.ts';
import { findKind, type ResourceRow } from '../api/resources.ts';
import { parseYamlDocuments } from '../api/yaml.ts';
import { StatusError } from '../base/status-error.ts';
import type { CliWorld } from './cli-world.ts';
import { CommandError } from './usage-error.ts';

/** An object as it was written, and the row of its kind. */
export interface Manifest {
  object: KubeObject & JsonObject;
  row: ResourceRow;
  /** Where it came from, for messages. */
  source: string;
}

/** What files hold. One wrong document, or file, does not keep the others away. */
export interface ManifestSet {
  manifests: Manifest[];
  /** Why the others are no manifests; each message names its source. */
  problems: CommandError[];
}

/** In the order given; of a directory in the order of its files. @throws CommandError when a path cannot be read */
export async function readManifests(
  world: Pick<CliWorld, 'readStdin' | 'readText' | 'listManifests'>,
  paths: readonly string[],
): Promise<ManifestSet> {
  const sets: ManifestSet[] = [];
  for (const path of paths) {
    const files = path === '-' ? ['-'] : await world.listManifests(path);
    for (const file of files) {
      const text = file === '-' ? await world.readStdin() : await world.readText(file);
      sets.push(parseManifests(text, file === '-' ? 'standard input' : file));
    }
  }
  const manifests = sets.flatMap((set) => set.manifests);
  const problems = sets.flatMap((set) => set.problems);
  if (manifests.length + problems.length === 0)
    throw new CommandError(`no objects found in ${paths.join(', ')}`);
  return { manifests, problems };
}

function parseManifests(text: string, source: string): ManifestSet {
  const documents = parseDocuments(text, source);
  if (documents instanceof CommandError) return { manifests: [], problems: [documents] };
  const set: ManifestSet = { manifests: [], problems: [] };
  for (const value of documents.flatMap(openList)) {
    const manifest = toManifest(value, source);
    if (manifest instanceof CommandError) set.problems.push(manifest);
    else set.manifests.push(manifest);
  }
  return set;
}

/** The parser speaks to servers; here it is the user's own file that is wrong. */
function parseDocuments(text: string, source: string): JsonValue[] | CommandError {
  try {
    return parseYamlDocuments(text, source);
  } catch (error) {
    if (error instanceof StatusError) return new CommandError(error.message, { cause: error });
    throw error;
  }
}

/** The objects of a `List`, or the value itself. */
export function openList(value: JsonValue): JsonValue[] {
  if (!isJsonObject(value)) return [value];
  const { kind, items } = value;
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
    ? items.flatMap(openList)
    : [value];
}

/** @param findRow  knows the kinds that there are; default the built-in ones */
export function toManifest(
  value: JsonValue,
  source: string,
  findRow: typeof findKind = findKind,
): Manifest | CommandError {
  if (!isJsonObject(value))
    return new CommandError(`error parsing ${source}: an object is expected, not ${typeof value}`);
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '') return incomplete(source, 'apiVersion');
  if (typeof kind !== 'string' || kind === '') return incomplete(source, 'kind');
  const gvk = gvkOf({ apiVersion, kind });
  const row = findRow(gvk.group, gvk.version, gvk.kind);
  if (row === undefined) return unknownKind(source, gvk);
  const name = isJsonObject(metadata) ? (metadata['name'] ?? metadata['generateName']) : undefined;
  if (typeof name !== 'string' || name === '') return incomplete(source, 'metadata.name');
  return { object: value as unknown as Manifest['object'], row, source };
}

function incomplete(source: string, field: string): CommandError {
  return new CommandError(`error validating ${source}: ${field} is not set`);
}

function unknownKind(source: string, { group, version, kind }: GroupVersionKind): CommandError {
  const groupVersion = group === '' ? version : `${group}/${version}`;
  return new CommandError(
    `unable to recognize ${source}: no matches for kind "${kind}" in version "${groupVersion}"`,
  );
}
