/**
 * Manifests as a test gives them: YAML or JSON text, the path of a file or a folder, a file URL, objects, or a list of
 * these. What is a text and what is a path: a text has several lines, or begins as JSON does.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { StatusError } from '../base/status-error.ts';
import { type ApplyOutcome, applyManifest } from '../cli/commands/apply.ts';
import { type Manifest, readManifests } from '../cli/manifests.ts';
import { qualifiedName } from '../cli/printers/object-output.ts';
import type { ApiClient } from '../client/api-client.ts';

/** Loose on purpose: what is no manifest is refused with a message. */
type ManifestObject = { apiVersion: string; kind: string; metadata: object; [field: string]: unknown };

export type ManifestSource = string | URL | ManifestObject;
export type Manifests = ManifestSource | readonly ManifestSource[];

/** What `apply` did with one object. */
export interface Applied {
  /** `deployment.apps/web`. */
  name: string;
  outcome: ApplyOutcome;
}

/** Manifests that are none, or that the API refuses. One line for each, with its source. */
export class ManifestError extends Error {
  override name = 'ManifestError';
}

interface Target {
  client: ApiClient;
  namespace: string;
}

/** In the order given. What can be applied is, also when something else cannot. @throws ManifestError */
export async function applyManifests(
  manifests: Manifests,
  target: Target,
  signal: AbortSignal,
): Promise<Applied[]> {
  const applied: Applied[] = [];
  const problems: { message: string; cause: unknown }[] = [];
  for (const source of toList(manifests)) {
    const set = await read(source);
    for (const problem of set.problems) problems.push({ message: problem.message, cause: problem });
    for (const manifest of set.manifests) {
      try {
        const outcome = await applyManifest(target, manifest, signal);
        applied.push({ name: qualifiedName(manifest.object), outcome });
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        problems.push({ message: `${sourceOf(manifest)}: ${error.message}`, cause: error });
      }
    }
  }
  const [first] = problems;
  if (first === undefined) return applied;
  throw new ManifestError(problems.map(({ message }) => message).join('\n'), { cause: first.cause });
}

/** A lone text or object has no source worth a name. */
function sourceOf({ source, object }: Manifest): string {
  return `${source}: ${qualifiedName(object)}`;
}

function toList(manifests: Manifests): readonly ManifestSource[] {
  return Array.isArray(manifests) ? manifests : [manifests as ManifestSource];
}

function read(source: ManifestSource): ReturnType<typeof readManifests> {
  if (source instanceof URL) return readFiles(fileURLToPath(source));
  if (typeof source !== 'string') return readText(JSON.stringify(source) ?? 'null', 'an object');
  return isText(source) ? readText(source, 'a text') : readFiles(source);
}

function isText(source: string): boolean {
  return /\n|^\s*[{[]/.test(source);
}

function readText(text: string, source: string): ReturnType<typeof readManifests> {
  return readManifests(
    { listManifests: async (name) => [name], readText: async () => text, readStdin: async () => text },
    [source],
  );
}

function readFiles(file: string): ReturnType<typeof readManifests> {
  const found = reading(file, () => listFiles(file));
  return readManifests(
    {
      listManifests: async () => found,
      readText: async (name) => reading(name, () => readFileSync(name, 'utf8')),
      readStdin: async () => '',
    },
    [file],
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
