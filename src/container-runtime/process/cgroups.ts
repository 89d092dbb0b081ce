/**
 * Limits and use, through control groups: version 2, or version 1 where that is what is mounted. One group per
 * sandbox, one per container in it. Where groups cannot be made, limits are not enforced, and the status says so.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ContainerResources } from '../runtime.ts';

export interface CgroupUse {
  cpuUsageNanos: number;
  memoryWorkingSetBytes: number;
}

export interface Cgroups {
  /** Makes the group; returns the files that a process writes `0` to in order to join it. */
  create(name: string, resources: ContainerResources): string[];
  /** Those files of a group that exists. */
  joinFiles(name: string): string[];
  update(name: string, resources: ContainerResources): void;
  /** True when the kernel killed a process of the group for its memory. */
  wasOomKilled(name: string): boolean;
  use(name: string): CgroupUse | undefined;
  /** Removes the group and those in it; one with living processes stays. Absent is no error. */
  remove(name: string): void;
  /** Removes the group above all, unless another node of the cluster still has groups in it. */
  removeParent(): void;
}

const CPU_PERIOD_MICROS = 100_000;
const CPU_SHARES_MIN = 2;
const CPU_SHARES_MAX = 262_144;
const CPU_QUOTA_MIN_MICROS = 1000;
const VERSION_1_CONTROLLERS = ['memory', 'cpu', 'cpuacct', 'pids', 'freezer'];

/**
 * @param parent  the group above ours, relative to the hierarchy's root, e.g. `kintsugi-3fa9c1`
 * @returns `undefined` where no group can be made
 */
export function openCgroups(parent: string): Cgroups | undefined {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const hierarchies = mounts
    .map((line) => line.split(' '))
    .filter(([, , type]) => type?.startsWith('cgroup'));
  const unified = hierarchies.find(([, , type]) => type === 'cgroup2')?.[1];
  const controllersOf = (root: string) => readOrEmpty(join(root, 'cgroup.controllers')).trim().split(' ');
  if (unified !== undefined && controllersOf(unified).includes('memory')) {
    return canMake(join(unified, parent)) ? new UnifiedCgroups(unified, parent) : undefined;
  }
  const roots = new Map<string, string>();
  for (const [, root, type, options] of hierarchies) {
    if (type !== 'cgroup' || root === undefined) continue;
    for (const controller of options?.split(',') ?? []) {
      if (VERSION_1_CONTROLLERS.includes(controller)) roots.set(controller, root);
    }
  }
  if (!roots.has('memory') || !roots.has('cpu')) return undefined;
  const usable = [...roots.values()].every((root) => canMake(join(root, parent)));
  return usable ? new SplitCgroups(roots, parent) : undefined;
}

/** Version 1: a hierarchy per controller (some may share one). */
class SplitCgroups implements Cgroups {
  readonly #roots: ReadonlyMap<string, string>;
  readonly #parent: string;

  constructor(roots: ReadonlyMap<string, string>, parent: string) {
    this.#roots = roots;
    this.#parent = parent;
  }

  create(name: string, resources: ContainerResources): string[] {
    const paths = this.#paths(name);
    for (const path of paths) mkdirSync(path, { recursive: true });
    this.update(name, resources);
    return this.joinFiles(name);
  }

  joinFiles(name: string): string[] {
    return this.#paths(name).map((path) => join(path, 'cgroup.procs'));
  }

  update(name: string, { memoryLimitBytes, cpuRequestMillis, cpuLimitMillis }: ContainerResources): void {
    const memory = this.#path('memory', name);
    const cpu = this.#path('cpu', name);
    if (memoryLimitBytes !== undefined)
      writeFileSync(join(memory, 'memory.limit_in_bytes'), `${memoryLimitBytes}`);
    if (cpuRequestMillis !== undefined)
      writeFileSync(join(cpu, 'cpu.shares'), `${toShares(cpuRequestMillis)}`);
    if (cpuLimitMillis !== undefined) {
      writeFileSync(join(cpu, 'cpu.cfs_period_us'), `${CPU_PERIOD_MICROS}`);
      writeFileSync(join(cpu, 'cpu.cfs_quota_us'), `${toQuotaMicros(cpuLimitMillis)}`);
    }
  }

  wasOomKilled(name: string): boolean {
    return keyed(readOrEmpty(join(this.#path('memory', name), 'memory.oom_control')), 'oom_kill') > 0;
  }

  use(name: string): CgroupUse | undefined {
    const memory = this.#path('memory', name);
    const usage = Number.parseInt(readOrEmpty(join(memory, 'memory.usage_in_bytes')), 10);
    if (Number.isNaN(usage)) return undefined;
    const inactive = keyed(readOrEmpty(join(memory, 'memory.stat')), 'total_inactive_file');
    const accounting = this.#roots.has('cpuacct') ? this.#path('cpuacct', name) : undefined;
    const cpu = accounting === undefined ? '' : readOrEmpty(join(accounting, 'cpuacct.usage'));
    return {
      cpuUsageNanos: Number.parseInt(cpu, 10) || 0,
      memoryWorkingSetBytes: Math.max(0, usage - inactive),
    };
  }

  remove(name: string): void {
    for (const path of this.#paths(name)) removeGroups(path);
  }

  removeParent(): void {
    for (const path of this.#paths('')) removeEmptyGroup(path);
  }

  #path(controller: string, name: string): string {
    return join(this.#roots.get(controller) ?? '', this.#parent, name);
  }

  #paths(name: string): string[] {
    return [...new Set(this.#roots.values())].map((root) => join(root, this.#parent, name));
  }
}

/** Version 2: one hierarchy for all controllers, each to be handed down level by level. */
class UnifiedCgroups implements Cgroups {
  readonly #root: string;
  readonly #parent: string;

  constructor(root: string, parent: string) {
    this.#root = root;
    this.#parent = parent;
  }

  create(name: string, resources: ContainerResources): string[] {
    const path = this.#path(name);
    mkdirSync(path, { recursive: true });
    for (let level = dirname(path); level.startsWith(this.#root); level = dirname(level)) {
      // Refused where it is on already by a group above that we may not change; the write below tells if it matters.
      writeOrNothing(join(level, 'cgroup.subtree_control'), '+memory +cpu +pids');
      if (level === this.#root) break;
    }
    writeOrNothing(join(path, 'memory.oom.group'), '1');
    this.update(name, resources);
    return this.joinFiles(name);
  }

  joinFiles(name: string): string[] {
    return [join(this.#path(name), 'cgroup.procs')];
  }

  update(name: string, { memoryLimitBytes, cpuRequestMillis, cpuLimitMillis }: ContainerResources): void {
    const path = this.#path(name);
    if (memoryLimitBytes !== undefined) writeFileSync(join(path, 'memory.max'), `${memoryLimitBytes}`);
    if (cpuRequestMillis !== undefined) {
      // The mapping of shares [2, 262144] onto weights [1, 10000] that Kubernetes uses.
      const weight =
        1 +
        Math.floor(
          ((toShares(cpuRequestMillis) - CPU_SHARES_MIN) * 9999) / (CPU_SHARES_MAX - CPU_SHARES_MIN),
        );
      writeFileSync(join(path, 'cpu.weight'), `${weight}`);
    }
    if (cpuLimitMillis !== undefined) {
      writeFileSync(join(path, 'cpu.max'), `${toQuotaMicros(cpuLimitMillis)} ${CPU_PERIOD_MICROS}`);
    }
  }

  wasOomKilled(name: string): boolean {
    return keyed(readOrEmpty(join(this.#path(name), 'memory.events')), 'oom_kill') > 0;
  }

  use(name: string): CgroupUse | undefined {
    const path = this.#path(name);
    const current = Number.parseInt(readOrEmpty(join(path, 'memory.current')), 10);
    if (Number.isNaN(current)) return undefined;
    const inactive = keyed(readOrEmpty(join(path, 'memory.stat')), 'inactive_file');
    return {
      cpuUsageNanos: keyed(readOrEmpty(join(path, 'cpu.stat')), 'usage_usec') * 1000,
      memoryWorkingSetBytes: Math.max(0, current - inactive),
    };
  }

  remove(name: string): void {
    removeGroups(this.#path(name));
  }

  removeParent(): void {
    removeEmptyGroup(this.#path(''));
  }

  #path(name: string): string {
    return join(this.#root, this.#parent, name);
  }
}

/** @see Kubernetes kubelet, MilliCPUToShares */
function toShares(millis: number): number {
  return Math.min(CPU_SHARES_MAX, Math.max(CPU_SHARES_MIN, Math.floor((millis * 1024) / 1000)));
}

/** @see Kubernetes kubelet, MilliCPUToQuota */
function toQuotaMicros(millis: number): number {
  return Math.max(CPU_QUOTA_MIN_MICROS, Math.floor((millis * CPU_PERIOD_MICROS) / 1000));
}

/** The number after `key` in a file of `key value` lines; 0 if absent. */
function keyed(text: string, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

function canMake(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true });
    return true;
  } catch {
    return false;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function writeOrNothing(path: string, content: string): void {
  try {
    writeFileSync(path, content);
  } catch {
    // The caller says why this may fail.
  }
}

function removeGroups(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroups(join(path, entry.name));
  }
  removeEmptyGroup(path);
}

function removeEmptyGroup(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Absent, or not empty: a process in it is still ending, and the next removal takes it.
  }
}
