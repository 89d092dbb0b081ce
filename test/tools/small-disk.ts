/** A file system of its own for a test, that can be full or read-only. Needs root. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  /** Takes all the space that is left but for `leaveBytes`. */
  fill(leaveBytes: number): Promise<void>;
  /** Gives the space back. */
  empty(): Promise<void>;
  setReadOnly(): void;
}

interface TestScope {
  after(cleanUp: () => Promise<void>): void;
}

/** Why a test that needs a {@link SmallDisk} cannot run; false when it can. */
export const smallDiskSkip =
  process.getuid?.() === 0 && process.platform === 'linux' ? false : 'only root can mount a file system';

export async function mountSmallDisk(t: TestScope, sizeBytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'kintsugi-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0755`, 'kintsugi-test', path]);
  t.after(async () => {
    execFileSync('umount', ['--lazy', path]);
    await rm(path, { recursive: true, force: true });
  });
  const filler = join(path, 'filler');
  return {
    path,
    async fill(leaveBytes) {
      const { bavail, bsize } = await statfs(path);
      await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)));
    },
    empty: () => rm(filler, { force: true }),
    setReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', path]),
  };
}
