/** What users run is the bundle, not the sources: it is built once before the first benchmark that starts a process. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const BUILD = fileURLToPath(new URL('../tools/build.ts', import.meta.url));

let built: Promise<unknown> | undefined;

export async function buildBundle(): Promise<void> {
  built ??= promisify(execFile)(process.execPath, [BUILD]);
  await built;
}
