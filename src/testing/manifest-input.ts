/**
 * Manifests as a test gives them: YAML or JSON text, the path of a file or a folder, a file URL, objects, or a list of
 * these. What is a text and what is a path: a text has several lines, or begins as JSON does.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonValue } from '../api/json.ts';
import type { KubeObject } from '../api/meta.ts';
import { parseYamlDocuments } from '../api/yaml.ts';
import { StatusError } from '../base/status-error.ts';
import { applyManifest } from '../cli/commands/apply.ts';
import { type Manifest, openList, toManifest } from '../cli/manifests.ts';
import { qualifiedName } from '../cli/printers/object-output.ts';
import { CommandError } from '../cli/usage-error.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { KnownKinds } from './known-kinds.ts';
import { type Applied, ManifestError, type ManifestSource, type Manifests } from './manifests.ts';
import type { TimeDriver } from './time-driver.ts';

interface Target {
  client: ApiClient;
  kinds: KnownKinds;
  time: TimeDriver;
  namespace: string;
}

/** Until a definition's kinds are served; in virtual time it is at once. */
const SERVED_WITHIN_MS = 10_000;
const SERVED_STEP_MS = 100;

/** In the order given. What can be applied is, also when something else cannot. @throws ManifestError */
export async function applyManifests(
  manifests: Manifests,
  target: Target,
  signal: AbortSignal,
): Promise<Applied[]> {
  const applied: Applied[] = [];
  const problems: { message: string; cause: unknown }[] = [];
  for (const source of toList(manifests)) {
    for (const { place, value } of read(source)) {
      try {
        applied.push(await applyOne(toManifestIn(value, place, target), target, signal));
      } catch (error) {
        if (!(error instanceof StatusError || error instanceof CommandError)) throw error;
        const message =
          error instanceof StatusError ? `${place}: ${nameOf(value)}: ${error.message}` : error.message;
        problems.push({ message, cause: error });
      }
    }
  }
  const [first] = problems;
  if (first === undefined) return applied;
  throw new ManifestError(problems.map(({ message }) => message).join('\n'), { cause: first.cause });
}

/** One document, and where it stands. */
interface Document {
  place: string;
  value: JsonValue;
}

/** A kind may be defined by a manifest before it. */
function toManifestIn(value: JsonValue, place: string, { kinds }: Target): Manifest {
  const manifest = toManifest(value, place, (group, version, kind) => kinds.byKind(group, version, kind));
  if (manifest instanceof CommandError) throw manifest;
  return manifest;
}

async function applyOne(manifest: Manifest, target: Target, signal: AbortSignal): Promise<Applied> {
  const outcome = await applyManifest(target, manifest, signal);
  const { kind, metadata } = manifest.object;
  if (kind === 'CustomResourceDefinition') await untilServed(metadata.name, target);
  return { name: qualifiedName(manifest.object), outcome };
}

/** What follows may be of that kind. A definition that is never served is left to its conditions. */
async function untilServed(name: string, { kinds, time }: Target): Promise<void> {
  for (let waitedMs = 0; !kinds.isServed(name) && waitedMs < SERVED_WITHIN_MS; waitedMs += SERVED_STEP_MS) {
    await time.untilMoreThan(time.happenings, SERVED_STEP_MS);
  }
}

function nameOf(value: JsonValue): string {
  return qualifiedName(value as unknown as KubeObject);
}

function toList(manifests: Manifests): readonly ManifestSource[] {
  return Array.isArray(manifests) ? manifests : [manifests as ManifestSource];
}

function read(source: ManifestSource): Document[] {
  if (source instanceof URL) return readFiles(fileURLToPath(source));
  if (typeof source !== 'string') return readText(JSON.stringify(source) ?? 'null', 'an object');
  return isText(source) ? readText(source, 'a text') : readFiles(source);
}

function isText(source: string): boolean {
  return /\n|^\s*[{[]/.test(source);
}

/** @throws ManifestError for what is no YAML */
function readText(text: string, place: string): Document[] {
  try {
    return parseYamlDocuments(text, place)
      .flatMap(openList)
      .map((value) => ({ place, value }));
  } catch (error) {
    throw new ManifestError((error as Error).message, { cause: error });
  }
}

function readFiles(file: string): Document[] {
  return reading(file, () => listFiles(file)).flatMap((name) =>
    readText(
      reading(name, () => readFileSync(name, 'utf8')),
      name,
    ),
  );
}

function listFiles(file: string): string[] {
  if (!statSync(file).isDirectory()) return [file];
  return readdirSync(file)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => path.join(file, name));
}

function reading<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new ManifestError(`cannot read the manifests in "${file}": ${(error as Error).message}`, {
      cause: error,
    });
  }
}
