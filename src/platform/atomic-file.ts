/** Small files that are replaced as a whole: a reader sees the old content or the new one. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface AtomicWriteOptions {
  mode?: number;
  /** On disk before the call returns: the content survives the loss of power, not only the death of this process. */
  durable?: boolean;
}

export function writeFileAtomically(path: string, content: string, options: AtomicWriteOptions = {}): void {
  const temporary = `${path}.new`;
  const fd = openSync(temporary, 'w', options.mode ?? 0o600);
  try {
    writeSync(fd, content);
    if (options.durable === true) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

/** `undefined` when the file is absent or holds no JSON (as after a loss of power). */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
