/**
 * `kintsugi/testing` of a checkout: the bundle in dist/, unless there is none or a source file is newer; then the sources
 * as they are. What is packed has only the bundle. Loaded without `await`, so that `require` works too.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const bundle = path.join(root, 'dist/testing.js');
const sources = path.join(root, 'src');

function isBundleCurrent() {
  if (!existsSync(sources)) return true;
  if (!existsSync(bundle)) return false;
  const builtMs = statSync(bundle).mtimeMs;
  return readdirSync(sources, { recursive: true, withFileTypes: true }).every(
    (entry) => !entry.isFile() || statSync(path.join(entry.parentPath, entry.name)).mtimeMs <= builtMs,
  );
}

const entry = isBundleCurrent() ? bundle : path.join(sources, 'testing/entry.ts');

export const { ConditionTimeoutError, crashAfter, LeakError, ManifestError, StatusError, startCluster } =
  createRequire(import.meta.url)(entry);
