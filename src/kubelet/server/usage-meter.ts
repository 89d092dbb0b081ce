/**
 * What containers and the node use now: counters that the runtime keeps, and rates between two looks at them. It looks only
 * when it is asked. Asked for the first time in a while it looks twice, a second apart; later on rates are over the time
 * since an earlier look, some seconds to half a minute.
 *
 * Bounded: two looks are kept.
 */
import { abortable } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import type { ContainerRuntime, ContainerStats, ContainerStatus } from '../../container-runtime/runtime.ts';

/** Of a whole machine. */
export interface NodeUse {
  cpuUsageNanos: number;
  memoryWorkingSetBytes: number;
  memoryAvailableBytes: number;
}

export interface UsageMeterDeps {
  clock: Clock;
  runtime: Pick<ContainerRuntime, 'stats' | 'listContainers'>;
  /** Absent where there is no machine: the node then uses what its containers do. */
  nodeUse?: (() => NodeUse) | undefined;
}

export interface Usage {
  /** Wall time of the look. */
  atMs: number;
  /** Over which the rates are. */
  windowMs: number;
  node: NodeUse & { cpuNanoCores: number };
  containers: readonly ContainerUsage[];
}

export interface ContainerUsage extends Omit<ContainerStats, 'containerId'> {
  container: ContainerStatus;
  cpuNanoCores: number;
}

interface Look {
  atMs: number;
  monotonicMs: number;
  node: NodeUse;
  stats: ReadonlyMap<string, ContainerStats>;
}

const never = new AbortController().signal;

const WINDOW_MIN_MS = 1000;
/** A look is kept for so long before the next one takes its place: as metrics-server's resolution. */
const WINDOW_MS = 15_000;
const STALE_MS = 60_000;

export class UsageMeter {
  readonly #deps: UsageMeterDeps;
  /** Oldest first, two at most. */
  #looks: Look[] = [];
  #reading: Promise<Usage> | undefined;

  constructor(deps: UsageMeterDeps) {
    this.#deps = deps;
  }

  /** Askers at the same time share one look, which does not end with any of them. */
  read(signal: AbortSignal): Promise<Usage> {
    this.#reading ??= this.#read(never).finally(() => {
      this.#reading = undefined;
    });
    return abortable(this.#reading, signal);
  }

  async #read(signal: AbortSignal): Promise<Usage> {
    const before = await this.#base(signal);
    const now = await this.#look(signal);
    const newest = this.#looks.at(-1)!;
    if (now.monotonicMs - newest.monotonicMs >= WINDOW_MS) this.#looks = [newest, now];
    const windowMs = now.monotonicMs - before.monotonicMs;
    const containers = await this.#deps.runtime.listContainers(signal);
    const { atMs, node } = now;
    const cpuNanoCores = rate(node.cpuUsageNanos - before.node.cpuUsageNanos, windowMs);
    const uses = containers.flatMap((container) => {
      const use = now.stats.get(container.id);
      if (use === undefined) return [];
      const past = before.stats.get(container.id);
      // One that has started meanwhile: since its start.
      const sinceMs = past === undefined ? Math.max(1, atMs - container.startedAtMs) : windowMs;
      const nanos = use.cpuUsageNanos - (past?.cpuUsageNanos ?? 0);
      const { cpuUsageNanos, memoryWorkingSetBytes } = use;
      return [{ container, cpuUsageNanos, memoryWorkingSetBytes, cpuNanoCores: rate(nanos, sinceMs) }];
    });
    return { atMs, windowMs, node: { ...node, cpuNanoCores }, containers: uses };
  }

  /** The newest look that is old enough, and not too old. */
  async #base(signal: AbortSignal): Promise<Look> {
    const { clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const ageMs = (look: Look) => nowMs - look.monotonicMs;
    const found = this.#looks.findLast((look) => ageMs(look) >= WINDOW_MIN_MS && ageMs(look) <= STALE_MS);
    if (found !== undefined) return found;
    const first = await this.#look(signal);
    this.#looks = [first];
    await clock.sleep(WINDOW_MIN_MS, signal);
    return first;
  }

  async #look(signal: AbortSignal): Promise<Look> {
    const { clock, runtime, nodeUse } = this.#deps;
    const stats = await runtime.stats(signal);
    return {
      atMs: clock.now(),
      monotonicMs: clock.monotonicMs(),
      node: nodeUse?.() ?? sumOf(stats),
      stats: new Map(stats.map((one) => [one.containerId, one])),
    };
  }
}

function sumOf(stats: readonly ContainerStats[]): NodeUse {
  const sum = { cpuUsageNanos: 0, memoryWorkingSetBytes: 0, memoryAvailableBytes: 0 };
  for (const { cpuUsageNanos, memoryWorkingSetBytes } of stats) {
    sum.cpuUsageNanos += cpuUsageNanos;
    sum.memoryWorkingSetBytes += memoryWorkingSetBytes;
  }
  return sum;
}

/** Billionths of a core. A counter that went back (processes that ended are counted no more) is no use at all. */
function rate(nanos: number, overMs: number): number {
  return Math.max(0, Math.round((nanos / overMs) * 1000));
}
