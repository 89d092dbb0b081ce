/**
 * The node's files for volumes: atomic payloads through one `..data` link, host paths, memory file systems.
 *
 * Invariant: what a container reads through `..data` is one whole version of the payload, never a mix of two.
 *
 * @see k8s.io/kubernetes/pkg/volume/util/atomic_writer.go
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { type PayloadFile, VolumeError, type VolumeHost } from '../kubelet/volumes/volume-host.ts';

const run = promisify(execFile);

const DATA_LINK = '..data';
const DATA_LINK_NEW = '..data_tmp';

export function newVolumeHost(): VolumeHost {
  return new NodeVolumeHost();
}

class NodeVolumeHost implements VolumeHost {
  async makeDirectory(path: string, mode: number): Promise<void> {
    const made = await mkdir(path, { recursive: true });
    // mkdir's mode goes through the umask.
    if (made !== undefined) await chmod(path, mode);
  }

  async mountMemory(path: string, sizeBytes: number | undefined): Promise<boolean> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
    if (await isMountPoint(path)) return true;
    const options = sizeBytes === undefined ? 'mode=0777' : `mode=0777,size=${sizeBytes}`;
    return run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).then(
      () => true,
      () => false,
    );
  }

  async writePayload(path: string, files: readonly PayloadFile[]): Promise<boolean> {
    const current = await readlink(join(path, DATA_LINK)).catch(() => undefined);
    if (current !== undefined && (await holds(join(path, current), files))) return false;
    const version = await this.#writeVersion(path, files);
    await rm(join(path, DATA_LINK_NEW), { force: true });
    await symlink(version, join(path, DATA_LINK_NEW));
    await rename(join(path, DATA_LINK_NEW), join(path, DATA_LINK));
    await linkTopLevel(path, files);
    if (current !== undefined) await rm(join(path, current), { recursive: true, force: true });
    return true;
  }

  async #writeVersion(path: string, files: readonly PayloadFile[]): Promise<string> {
    const stamp = new Date().toISOString().replaceAll(/[-:T]/g, '_').replace('Z', '');
    const version = `..${stamp}.${process.hrtime.bigint() % 1_000_000_000n}`;
    await mkdir(join(path, version));
    await chmod(join(path, version), 0o755);
    for (const file of files) {
      const target = join(path, version, file.path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, file.content);
      await chmod(target, file.mode);
    }
    return version;
  }

  async prepareHostPath(path: string, type: string): Promise<void> {
    if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
    if (type === 'FileOrCreate') {
      await mkdir(dirname(path), { recursive: true });
      await (await open(path, 'a', 0o644)).close();
    }
    const check = HOST_PATH_CHECKS[type];
    if (check === undefined) return;
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || !check.passes(found)) {
      throw new VolumeError(`hostPath type check failed: ${path} is not a ${check.name}`);
    }
  }

  async prepareSubPath(volumePath: string, subPath: string): Promise<string> {
    const base = await realpath(volumePath);
    const wanted = resolve(base, subPath);
    if (!isWithin(base, wanted)) throw new VolumeError(`subPath "${subPath}" is outside of the volume`);
    await access(wanted).catch(async () => {
      await mkdir(wanted, { recursive: true, mode: 0o755 });
    });
    const real = await realpath(wanted);
    if (!isWithin(base, real)) throw new VolumeError(`subPath "${subPath}" is outside of the volume`);
    return real;
  }

  async setGroup(path: string, gid: number): Promise<void> {
    if (process.getuid?.() !== 0) return;
    await giveToGroup(path, gid);
  }

  async makeWritableFile(path: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await (await open(path, 'a')).close();
    await chmod(path, 0o666);
  }

  async readFile(path: string, maxBytes: number): Promise<Uint8Array> {
    // A container may have put a link or a pipe there: neither is followed nor waited for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags).catch(() => undefined);
    if (file === undefined) return new Uint8Array();
    try {
      if (!(await file.stat()).isFile()) return new Uint8Array();
      const { buffer, bytesRead } = await file.read(new Uint8Array(maxBytes), 0, maxBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async remove(path: string): Promise<void> {
    for (const mount of await mountsBelow(path))
      await run('umount', [mount]).catch(() => run('umount', ['-l', mount]));
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }

  async list(path: string): Promise<string[]> {
    return readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }
}

interface HostPathCheck {
  name: string;
  passes(found: {
    isDirectory(): boolean;
    isFile(): boolean;
    isSocket(): boolean;
    isCharacterDevice(): boolean;
    isBlockDevice(): boolean;
  }): boolean;
}

/** By `hostPath.type`; an absent or empty one is not checked. */
const HOST_PATH_CHECKS: Readonly<Record<string, HostPathCheck>> = {
  Directory: { name: 'directory', passes: (found) => found.isDirectory() },
  DirectoryOrCreate: { name: 'directory', passes: (found) => found.isDirectory() },
  File: { name: 'file', passes: (found) => found.isFile() },
  FileOrCreate: { name: 'file', passes: (found) => found.isFile() },
  Socket: { name: 'socket file', passes: (found) => found.isSocket() },
  CharDevice: { name: 'character device', passes: (found) => found.isCharacterDevice() },
  BlockDevice: { name: 'block device', passes: (found) => found.isBlockDevice() },
};

function isWithin(base: string, path: string): boolean {
  return path === base || path.startsWith(base.endsWith(sep) ? base : base + sep);
}

/** Whether the directory holds exactly `files`, content and modes. */
async function holds(directory: string, files: readonly PayloadFile[]): Promise<boolean> {
  const present = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  if (present.filter((entry) => entry.isFile()).length !== files.length) return false;
  for (const { content, mode, path } of files) {
    const target = join(directory, path);
    const found = await stat(target).catch(() => undefined);
    if (found === undefined || (found.mode & 0o777) !== mode || found.size !== content.length) return false;
    if (!(await readFile(target)).equals(content)) return false;
  }
  return true;
}

/** One link per first path segment, through `..data`; links of files that are gone are removed. */
async function linkTopLevel(path: string, files: readonly PayloadFile[]): Promise<void> {
  const wanted = new Set(files.map((file) => file.path.split('/')[0]!));
  for (const name of await readdir(path)) {
    if (name.startsWith('..')) continue;
    if (!wanted.delete(name)) await unlink(join(path, name));
  }
  for (const name of wanted) await symlink(join(DATA_LINK, name), join(path, name));
}

async function giveToGroup(path: string, gid: number): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return;
  const extra = found.isDirectory() ? 0o2770 : 0o660;
  await chown(path, found.uid, gid);
  await chmod(path, (found.mode & 0o7777) | extra);
  if (!found.isDirectory()) return;
  for (const name of await readdir(path)) await giveToGroup(join(path, name), gid);
}

async function isMountPoint(path: string): Promise<boolean> {
  return (await mountsBelow(path)).includes(path);
}

/** Mount points at or below `path`, innermost first. */
async function mountsBelow(path: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const points = table.split('\n').map((line) => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '));
  return points.filter((point) => isWithin(path, point)).sort((a, b) => b.length - a.length);
}
