/**
 * Files that are never seen half-written: the contents go to a file beside the target, reach the disk, and take the
 * target's place in one rename. Whoever reads sees the old contents or the new ones, also after a crash.
 */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces `path` with `contents`, readable as `mode` says from its first moment. The directory must exist. */
export async function writeFileDurably(path: string, contents: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeDurably(temporary, contents, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeDurably(path: string, contents: string, mode: number): Promise<void> {
  await using file = await open(path, 'wx', mode);
  await file.chmod(mode);
  await file.writeFile(contents);
  await file.sync();
}

/** A rename is durable once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
