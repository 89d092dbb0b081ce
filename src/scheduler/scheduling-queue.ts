/**
 * Pods that wait for a node.
 *
 *     add ──► active ──► next ──► (bound: gone)
 *               ▲           └──► unschedulable ──► something changed, or 5 min ──► back-off ──► active
 *
 * Active Pods come out by priority, then by how long they have waited. An unschedulable Pod waits until something changes
 * in the cluster, and then out its back-off: 1 s doubling to 10 s by attempts.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/backend/queue/scheduling_queue.go
 */
import type { Pod } from '../api/generated/core-v1.ts';
import { keyOf } from '../api/meta.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { BACKOFF_INITIAL_MS, BACKOFF_MAX_MS, UNSCHEDULABLE_MAX_MS } from './defaults.ts';

interface QueuedPod {
  pod: Pod;
  attempts: number;
  addedAtMs: number;
  /** Not before this monotonic moment. */
  notBeforeMs: number;
  state: 'active' | 'backoff' | 'unschedulable';
  timer?: Timer | undefined;
}

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #pods = new Map<string, QueuedPod>();
  /** In waiting order. */
  readonly #active = new Set<string>();
  /** Of the active Pods, and perhaps of some that were active lately. */
  readonly #priorities = new Set<number>();
  #waiter: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many Pods wait, whatever for. */
  get size(): number {
    return this.#pods.size;
  }

  /** A new Pod, or a new version of a waiting one, which is tried again at once. */
  set(pod: Pod): void {
    const key = keyOf(pod);
    const queued = this.#pods.get(key);
    if (queued !== undefined) {
      const changed =
        queued.pod.metadata.generation !== pod.metadata.generation || specChanged(queued.pod, pod);
      queued.pod = pod;
      if (changed && queued.state === 'unschedulable') this.#activate(key, queued);
      return;
    }
    const nowMs = this.#clock.monotonicMs();
    const added: QueuedPod = { pod, attempts: 0, addedAtMs: nowMs, notBeforeMs: nowMs, state: 'active' };
    this.#pods.set(key, added);
    this.#activate(key, added);
  }

  remove(key: string): void {
    this.#pods.get(key)?.timer?.cancel();
    this.#pods.delete(key);
    this.#active.delete(key);
  }

  /** The next Pod to decide on: highest priority first, then longest waiting. `undefined` when none is active. */
  take(): Pod | undefined {
    let best: { key: string; queued: QueuedPod } | undefined;
    for (const key of this.#active) {
      const queued = this.#pods.get(key)!;
      if (best === undefined || comesBefore(queued, best.queued)) best = { key, queued };
      if (best.queued === queued && this.#hasOnePriority(queued)) break;
    }
    if (best === undefined) return undefined;
    this.#active.delete(best.key);
    best.queued.attempts++;
    return best.queued.pod;
  }

  /** Insertion order is waiting order: with one priority only, the first is the best. */
  #hasOnePriority(queued: QueuedPod): boolean {
    return this.#priorities.size === 1 && this.#priorities.has(queued.pod.spec.priority ?? 0);
  }

  /** No node fits `key` now: it waits for a change, for {@link UNSCHEDULABLE_MAX_MS} at most. */
  unschedulable(key: string): void {
    const queued = this.#pods.get(key);
    if (queued === undefined) return;
    queued.state = 'unschedulable';
    queued.notBeforeMs = this.#clock.monotonicMs() + backoffMs(queued.attempts);
    queued.timer?.cancel();
    queued.timer = this.#clock.setTimer(UNSCHEDULABLE_MAX_MS, () => this.#activate(key, queued));
  }

  /** Something went wrong with `key` (not a lack of nodes): again after its back-off. */
  retry(key: string): void {
    const queued = this.#pods.get(key);
    if (queued === undefined) return;
    this.unschedulable(key);
    this.#afterBackoff(key, queued);
  }

  /** Something changed in the cluster: waiting Pods may fit now. */
  flush(): void {
    for (const [key, queued] of this.#pods)
      if (queued.state === 'unschedulable') this.#afterBackoff(key, queued);
  }

  /** Resolves when a Pod is active. */
  async whenActive(signal: AbortSignal): Promise<void> {
    if (this.#active.size > 0) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiter = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      if (signal.aborted) onAbort();
    });
  }

  /** Cancels all timers. */
  close(): void {
    for (const queued of this.#pods.values()) queued.timer?.cancel();
  }

  #afterBackoff(key: string, queued: QueuedPod): void {
    queued.timer?.cancel();
    const waitMs = queued.notBeforeMs - this.#clock.monotonicMs();
    if (waitMs <= 0) {
      this.#activate(key, queued);
      return;
    }
    queued.state = 'backoff';
    queued.timer = this.#clock.setTimer(waitMs, () => this.#activate(key, queued));
  }

  #activate(key: string, queued: QueuedPod): void {
    if (this.#pods.get(key) !== queued) return;
    queued.timer?.cancel();
    queued.timer = undefined;
    queued.state = 'active';
    if (this.#active.size === 0) this.#priorities.clear();
    this.#active.add(key);
    this.#priorities.add(queued.pod.spec.priority ?? 0);
    const wake = this.#waiter;
    this.#waiter = undefined;
    wake?.();
  }
}

function comesBefore(a: QueuedPod, b: QueuedPod): boolean {
  const difference = (a.pod.spec.priority ?? 0) - (b.pod.spec.priority ?? 0);
  return difference !== 0 ? difference > 0 : a.addedAtMs < b.addedAtMs;
}

function backoffMs(attempts: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_INITIAL_MS * 2 ** Math.max(0, attempts - 1));
}

/** Tolerations, affinity and gates may change while a Pod waits; its status and annotations do not matter here. */
function specChanged(before: Pod, after: Pod): boolean {
  return before.spec !== after.spec && JSON.stringify(before.spec) !== JSON.stringify(after.spec);
}
