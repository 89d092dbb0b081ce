/**
 * A container that ends is started again at once, then after 10, 20, 40 … 300 s, and anew from the beginning when it ran
 * for more than 10 min: never sooner, whatever dies meanwhile; and, once faults have stopped, not much later either.
 * Only for containers that are always restarted.
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { isPodActive } from '../../api/pod-conditions.ts';
import { parseGoDuration } from '../../base/duration.ts';
import type { ContainerChanged } from '../world/world-event.ts';
import type { CheckedCluster, Checker, CheckerFactory } from './checker.ts';
import { PODS_PREFIX } from './storage-prefixes.ts';

/** A start takes a while; and what is in the way of it is noticed by a look every minute. */
const SLACK_MS = 90_000;
const BASE_MS = 10_000;
const MAX_MS = 300_000;

/** With the error of the node's wall clock, by which the agent counts. */
interface Moment {
  atMs: number;
  skewMs: number;
}

interface Runs {
  /** What the next start has to wait for after the end of this run; 0 after the first. */
  waitMs: number;
  created: Moment;
  ended: Moment | undefined;
  /** The machine that it went with; its agent sees only that it is gone, and counts from when the machine is back. */
  vanishedWith: string | undefined;
  found: Moment | undefined;
  /**
   * The longest that the end was ago by the clock of `node`. An agent that finds the wait over starts the container also
   * when its clock is set back before the runtime has made it.
   */
  longestMs: number;
  node: string;
  /** Of the container in the Pod's spec, by which it was made. */
  madeOf: string;
}

export const newRestartBackoffChecker: CheckerFactory = (cluster, report) => {
  const book = new RunBook(cluster, report);
  const checker: Checker = {
    onEvent(event) {
      book.onTime(event.atMs);
      if (event.kind === 'container') book.onContainer(event, event.atMs);
      else if (event.kind === 'process' && event.what === 'started') book.onStart(event.process, event.atMs);
      else if (event.kind === 'commit' && event.type === 'delete' && event.key.startsWith(PODS_PREFIX)) {
        book.forget((event.object as unknown as Pod).metadata.uid);
      }
    },
    unconverged: () => book.overdue(),
  };
  return checker;
};

class RunBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** By Pod, then by container name. Bounded by the Pods that exist. */
  readonly #byPod = new Map<string, Map<string, Runs>>();
  /** Those that have ended and may start again. */
  readonly #waiting = new Set<Runs>();

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
  }

  onContainer({ type, node, podUid, name, reason }: ContainerChanged, atMs: number): void {
    const pod = this.#cluster.pods.get(podUid);
    if (pod === undefined) return;
    const container = pod.spec.containers.find((entry) => entry.name === name);
    if (container === undefined || (pod.spec.restartPolicy ?? 'Always') !== 'Always') return;
    const skewMs = this.#cluster.world.machine(node).skewMs;
    const runs = this.#byPod.get(podUid)?.get(name);
    if (type === 'stopped' && runs !== undefined) {
      runs.ended ??= { atMs, skewMs };
      this.#waiting.add(runs);
      if (reason === 'ContainerStatusUnknown') runs.vanishedWith = node;
    }
    if (type !== 'created') return;
    const madeOf = JSON.stringify([container, pod.metadata.annotations?.['kintsugi.dev/retry']]);
    const waitMs = runs === undefined ? 0 : this.#restart(pod, runs, { name, atMs, skewMs, madeOf });
    this.#set(podUid, name, {
      waitMs,
      created: { atMs, skewMs },
      ended: undefined,
      vanishedWith: undefined,
      found: undefined,
      longestMs: 0,
      node,
      madeOf,
    });
  }

  onTime(atMs: number): void {
    for (const runs of this.#waiting) {
      const { skewMs } = this.#cluster.world.machine(runs.node);
      runs.longestMs = Math.max(runs.longestMs, wallMsBetween(runs.found ?? runs.ended!, { atMs, skewMs }));
    }
  }

  onStart(process: string, atMs: number): void {
    const [node = '', program] = process.split('/');
    if (program !== 'agent') return;
    const { skewMs } = this.#cluster.world.machine(node);
    for (const byName of this.#byPod.values()) {
      for (const runs of byName.values()) {
        if (runs.vanishedWith !== node || runs.found !== undefined) continue;
        runs.found = { atMs, skewMs };
        runs.longestMs = 0;
      }
    }
  }

  forget(podUid: string): void {
    for (const runs of this.#byPod.get(podUid)?.values() ?? []) this.#waiting.delete(runs);
    this.#byPod.delete(podUid);
  }

  overdue(): string[] {
    const { pods, world, calm } = this.#cluster;
    const late: string[] = [];
    for (const [podUid, byName] of this.#byPod) {
      const pod = pods.get(podUid);
      if (pod === undefined || !isPodActive(pod)) continue;
      for (const [name, { ended, waitMs }] of byName) {
        const allowedMs = waitMs + SLACK_MS;
        if (ended === undefined || calm.forMs(pod.spec.nodeName) < allowedMs) continue;
        const sinceMs = world.clock.now() - ended.atMs;
        if (sinceMs > allowedMs)
          late.push(`container ${name} of Pod ${keyOf(pod)} ended ${sinceMs} ms ago, and is not restarted`);
      }
    }
    return late;
  }

  /** Judges a restart. @returns what the one after it has to wait */
  #restart(
    pod: Pod,
    { ended, found, longestMs, waitMs, created, madeOf }: Runs,
    next: Moment & { name: string; madeOf: string },
  ): number {
    const { baseMs, maxMs } = curveOf(pod);
    // Never begun, or gone with its machine: nothing tells when it ended.
    if (ended === undefined || next.madeOf !== madeOf) return next.madeOf === madeOf ? waitMs : baseMs;
    const ranMs = wallMsBetween(created, found ?? ended);
    const carriedMs = ranMs > 2 * maxMs ? 0 : waitMs;
    // The agent counts by its wall clock; one that was set while the machine was off counts from the boot.
    const waitedMs = Math.max(longestMs, next.atMs - ended.atMs);
    if (waitedMs < carriedMs) {
      this.#report(
        `container ${next.name} of Pod ${keyOf(pod)} is restarted after ${waitedMs} ms; its back-off is ${carriedMs} ms`,
      );
    }
    return carriedMs === 0 ? baseMs : Math.min(carriedMs * 2, maxMs);
  }

  #set(podUid: string, name: string, runs: Runs): void {
    const byName = this.#byPod.get(podUid);
    const before = byName?.get(name);
    if (before !== undefined) this.#waiting.delete(before);
    if (byName === undefined) this.#byPod.set(podUid, new Map([[name, runs]]));
    else byName.set(name, runs);
  }
}

function wallMsBetween(from: Moment, to: Moment): number {
  return to.atMs - from.atMs + (to.skewMs - from.skewMs);
}

/** A workload may have a curve of its own: `kintsugi.dev/restart-backoff: 1s..60s`. */
function curveOf({ metadata }: Pod): { baseMs: number; maxMs: number } {
  const [base = '', max = ''] = (metadata.annotations?.['kintsugi.dev/restart-backoff'] ?? '').split('..');
  return { baseMs: parseGoDuration(base) ?? BASE_MS, maxMs: parseGoDuration(max) ?? MAX_MS };
}
