/**
 * The root directory that a container sees: the machine's own files, with the container's volumes at their paths.
 *
 * Nothing is created on the machine for that. A *skeleton* directory is laid out with an empty place for each entry of
 * `/`, and in the container's own mount namespace the machine's directories are bound onto those places. Where a
 * volume's path does not exist on the machine, the deepest directory above it that does is laid out in the same way:
 *
 * ```text
 *   volume at /run/secrets/token         skeleton/bin -> usr/bin        (a link, as on the machine)
 *   (the machine has /run, not           skeleton/usr          <- /usr
 *    /run/secrets)                       skeleton/run/lock     <- /run/lock, and so on for all of /run
 *                                        skeleton/run/secrets/token <- the volume
 * ```
 *
 * What the program writes directly into `/` (or into another laid-out directory) is its own and goes with it.
 *
 * `/dev` is always laid out: it holds the devices that any user may open, and the container's own terminals. The machine's
 * `ptmx` bound alone would find no `pts` beside it.
 */
import { lstatSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ContainerMount } from '../runtime.ts';
import type { SkeletonStock } from './skeleton-stock.ts';

export interface SkeletonOptions {
  /** Where the skeleton goes; absent yet. */
  directory: string;
  mounts: readonly ContainerMount[];
  readonlyRoot: boolean;
  /** In a user namespace a mount keeps the restrictions of the file system it comes from. */
  keepMountFlags: boolean;
}

interface Bind {
  source: string;
  target: string;
  readonly: boolean;
}

/** What stays writable under a read-only root: these are the kernel's, not files. */
const KERNEL_DIRECTORIES = ['/dev', '/proc', '/sys'];

/** Lays the skeleton out and returns the mounts to make, in the format of fstab(5), in order. */
export function layOutSkeleton(options: SkeletonOptions, stock: SkeletonStock): string {
  const { directory, readonlyRoot } = options;
  const volumes = placeVolumes(options.mounts);
  const laidOut = new Set(['/', '/dev']);
  for (const { target, existing } of volumes) {
    if (existing === target) continue;
    for (let path = existing; path !== '/'; path = dirname(path)) laidOut.add(path);
  }
  const binds = stock.take([...laidOut].sort(), directory).map(({ source, target }): Bind => {
    return { source, target: join(directory, target), readonly: false };
  });
  for (const volume of volumes)
    if (volume.existing !== volume.target) makePlace(volume, join(directory, volume.target));
  const holdsSkeleton = ({ source }: Bind) => `${directory}/`.startsWith(`${source}/`);
  // First the directory that the skeleton lies in: bound later, it would bring along what is bound before.
  const ordered = [...binds.filter(holdsSkeleton), ...binds.filter((bind) => !holdsSkeleton(bind))];
  const lines = ordered.map((bind) =>
    bindLine({ ...bind, readonly: readonlyRoot && !isOfKernel(bind.source) }, options),
  );
  lines.push(
    `proc ${toField(join(directory, 'proc'))} proc nosuid,nodev,noexec 0 0`,
    terminalLine(directory),
  );
  for (const { source, target, readonly } of volumes) {
    lines.push(bindLine({ source, target: join(directory, target), readonly }, options));
  }
  if (!readonlyRoot) return `${lines.join('\n')}\n`;
  const self = toField(directory);
  return `${[`${self} ${self} none rbind 0 0`, ...lines, `${self} ${self} none remount,bind,ro 0 0`].join('\n')}\n`;
}

function isOfKernel(path: string): boolean {
  return KERNEL_DIRECTORIES.some((directory) => path === directory || path.startsWith(`${directory}/`));
}

/** Terminals of the container's own. @see runc, default mounts */
function terminalLine(skeleton: string): string {
  const place = join(skeleton, 'dev/pts');
  mkdirSync(place, { recursive: true });
  symlinkSync('pts/ptmx', join(skeleton, 'dev/ptmx'));
  return `devpts ${toField(place)} devpts newinstance,ptmxmode=0666,mode=0620,nosuid,noexec 0 0`;
}

interface Volume extends Bind {
  /** The deepest existing directory on the way to `target`; `target` itself when it exists. */
  existing: string;
}

/** Outer volumes come before those inside them; a place inside a volume is made in the volume. */
function placeVolumes(mounts: readonly ContainerMount[]): Volume[] {
  const placed: Volume[] = [];
  for (const { containerPath, hostPath, readonly } of mounts.toSorted((a, b) => depth(a) - depth(b))) {
    const { existing, below } = resolvePlace(containerPath);
    const target = join(existing, below);
    const volume: Volume = { source: hostPath, target, readonly, existing };
    const outer = placed.findLast((other) => target.startsWith(`${other.target}/`));
    if (outer !== undefined) {
      makePlace(volume, join(outer.source, target.slice(outer.target.length)));
      volume.existing = target;
    }
    placed.push(volume);
  }
  return placed;
}

function depth({ containerPath }: ContainerMount): number {
  return containerPath.split('/').filter((part) => part !== '').length;
}

/**
 * The deepest existing part of `path`, and the rest below it. Links on the way are followed, as the kernel will:
 * `/var/run/x` is `x` below `/run`.
 */
function resolvePlace(path: string): { existing: string; below: string } {
  for (let candidate = path, below = ''; ; candidate = dirname(candidate)) {
    const existing = realPathOrNothing(candidate);
    if (existing !== undefined) return { existing, below };
    below = join(basename(candidate), below);
  }
}

function realPathOrNothing(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function makePlace({ source }: Bind, place: string): void {
  if (lstatSync(source).isDirectory()) {
    mkdirSync(place, { recursive: true });
    return;
  }
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, '', { flag: 'a' });
}

function bindLine({ source, target, readonly }: Bind, { keepMountFlags }: SkeletonOptions): string {
  const flags = !readonly ? '' : keepMountFlags ? `,ro${restrictionsOf(source)}` : ',ro';
  return `${toField(source)} ${toField(target)} none rbind${flags} 0 0`;
}

/** Flags of the mount that `path` lies in which a user namespace may not take away: `,nosuid,nodev`. */
function restrictionsOf(path: string): string {
  let longest = '';
  let flags: string[] = [];
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [, , , , point, options] = line.split(' ');
    if (point === undefined || options === undefined || point.length < longest.length) continue;
    if (point !== '/' && path !== point && !path.startsWith(`${point}/`)) continue;
    longest = point;
    flags = options.split(',');
  }
  return flags
    .filter((flag) => /^(nosuid|nodev|noexec|noatime|nodiratime|relatime)$/.test(flag))
    .map((flag) => `,${flag}`)
    .join('');
}

/** fstab(5) separates fields by white space. */
function toField(path: string): string {
  return path.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
