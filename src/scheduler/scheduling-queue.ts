/**
 * Pods that wait for a node.
 *
 *     set ──► active ──► taken ──► (bound: removed)
 *              ▲ ▲           └──► unschedulable ──► a change that may help, or 5 min ──► back-off ──┐
 *              │ └────────────────────────────────── idle, or time over ─────────────────────────┘
 *              └────── time over ── error (its own back-off) ◄── taken, and its binding failed
 *
 * Active Pods come out by priority, then by how long they have been active. The back-off, 1 s doubling to 10 s by attempts,
 * keeps Pods that fit nowhere out of the way of others; when nothing else waits there is no reason to make them wait. A
 * binding that failed always waits out its back-off.
 *
 * Its size is that of the Pods without a node in the informer's copy.
 * @see k8s.io/kubernetes/pkg/scheduler/backend/queue/scheduling_queue.go
 */
import type { Pod } from '../api/generated/core-v1.ts';
import { equalJson } from '../api/json.ts';
import { keyOf } from '../api/meta.ts';
import { abortable } from '../base/abort.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { type ClusterChange, HELPED_BY } from './cluster-changes.ts';
import { BACKOFF_INITIAL_MS, BACKOFF_MAX_MS, UNSCHEDULABLE_MAX_MS } from './defaults.ts';
import type { FilterName } from './filters/filter.ts';

type State = 'active' | 'taken' | 'unschedulable' | 'backoff' | 'error';

interface QueuedPod {
  pod: Pod;
  attempts: number;
  /** Not before this monotonic moment. */
  notBeforeMs: number;
  state: State;
  /** Who said no; empty when anything may help. */
  rejectedBy: ReadonlySet<FilterName>;
  timer?: Timer | undefined;
}

const ANYTHING: ReadonlySet<FilterName> = new Set();

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #pods = new Map<string, QueuedPod>();
  readonly #active = new PriorityLine();
  readonly #backoff = new PriorityLine();
  readonly #unschedulable = new Set<string>();
  #waiter: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many Pods wait, whatever for. */
  get size(): number {
    return this.#pods.size;
  }

  /** A new Pod, or a new version of a waiting one, which is tried again at once when its spec or labels have changed. */
  set(pod: Pod): void {
    const key = keyOf(pod);
    const queued = this.#pods.get(key);
    if (queued === undefined || queued.pod.metadata.uid !== pod.metadata.uid) {
      this.remove(key);
      const notBeforeMs = this.#clock.monotonicMs();
      const added: QueuedPod = { pod, attempts: 0, notBeforeMs, state: 'taken', rejectedBy: ANYTHING };
      this.#pods.set(key, added);
      this.#move(key, added, 'active');
      return;
    }
    const changed = isAskingAnew(queued.pod, pod);
    queued.pod = pod;
    if (changed && queued.state === 'unschedulable') this.#move(key, queued, 'active');
  }

  remove(key: string): void {
    const queued = this.#pods.get(key);
    if (queued === undefined) return;
    this.#leave(key, queued);
    this.#pods.delete(key);
  }

  /** The next Pod to decide on. `undefined` when none is active or has only a back-off to wait out. */
  take(): Pod | undefined {
    const key = this.#active.first() ?? this.#backoff.first();
    if (key === undefined) return undefined;
    const queued = this.#pods.get(key)!;
    this.#move(key, queued, 'taken');
    queued.attempts++;
    return queued.pod;
  }

  /**
   * No node fits `key` now: it waits for a change that may help, for {@link UNSCHEDULABLE_MAX_MS} at most.
   *
   * @param rejectedBy  the filters that said no
   */
  unschedulable(key: string, rejectedBy: ReadonlySet<FilterName> = ANYTHING): void {
    const queued = this.#pods.get(key);
    if (queued === undefined) return;
    queued.rejectedBy = rejectedBy;
    queued.notBeforeMs = this.#clock.monotonicMs() + backoffMs(queued.attempts);
    this.#move(key, queued, 'unschedulable');
    queued.timer = this.#clock.setTimer(UNSCHEDULABLE_MAX_MS, () => this.#move(key, queued, 'active'));
  }

  /** The binding of `key`, which was taken, has failed: again after its back-off. */
  retry(key: string): void {
    this.#retryFrom('taken', key);
  }

  /** What was to be done for `key`, which is unschedulable, has failed: again after its back-off, whatever changes. */
  reconsider(key: string): void {
    this.#retryFrom('unschedulable', key);
  }

  #retryFrom(state: State, key: string): void {
    const queued = this.#pods.get(key);
    if (queued?.state !== state) return;
    this.#move(key, queued, 'error');
    queued.timer = this.#clock.setTimer(backoffMs(queued.attempts), () => this.#move(key, queued, 'active'));
  }

  /** Something changed in the cluster: Pods that it may help are tried again. */
  flush(change: ClusterChange): void {
    const helped = HELPED_BY[change];
    for (const key of this.#unschedulable) {
      const queued = this.#pods.get(key)!;
      if (mayHelp(helped, queued.rejectedBy)) this.#afterBackoff(key, queued);
    }
  }

  /** Resolves when there is a Pod to take. */
  async whenActive(signal: AbortSignal): Promise<void> {
    if (this.#active.size + this.#backoff.size > 0) return;
    await abortable(new Promise<void>((resolve) => (this.#waiter = resolve)), signal);
  }

  /** Cancels all timers. */
  close(): void {
    for (const queued of this.#pods.values()) queued.timer?.cancel();
  }

  #afterBackoff(key: string, queued: QueuedPod): void {
    const waitMs = queued.notBeforeMs - this.#clock.monotonicMs();
    this.#move(key, queued, waitMs <= 0 ? 'active' : 'backoff');
    if (waitMs > 0) queued.timer = this.#clock.setTimer(waitMs, () => this.#move(key, queued, 'active'));
  }

  /** The one place where a Pod changes its state. */
  #move(key: string, queued: QueuedPod, state: State): void {
    if (this.#pods.get(key) !== queued) return;
    this.#leave(key, queued);
    queued.state = state;
    const priority = queued.pod.spec.priority ?? 0;
    if (state === 'active') this.#active.add(key, priority);
    else if (state === 'backoff') this.#backoff.add(key, priority);
    else if (state === 'unschedulable') this.#unschedulable.add(key);
    if (this.#active.size + this.#backoff.size > 0) this.#wake();
  }

  #leave(key: string, queued: QueuedPod): void {
    queued.timer?.cancel();
    queued.timer = undefined;
    this.#unschedulable.delete(key);
    this.#active.delete(key);
    this.#backoff.delete(key);
  }

  #wake(): void {
    const wake = this.#waiter;
    this.#waiter = undefined;
    wake?.();
  }
}

/** Keys by priority, the highest first, and in each in the order in which they came. */
class PriorityLine {
  readonly #byPriority = new Map<number, Line>();
  readonly #priorities = new Map<string, number>();

  get size(): number {
    return this.#priorities.size;
  }

  add(key: string, priority: number): void {
    const line = this.#byPriority.get(priority) ?? new Line();
    this.#byPriority.set(priority, line);
    line.keys.add(key);
    this.#priorities.set(key, priority);
  }

  delete(key: string): void {
    const priority = this.#priorities.get(key);
    if (priority === undefined) return;
    this.#priorities.delete(key);
    const { keys } = this.#byPriority.get(priority)!;
    keys.delete(key);
    if (keys.size === 0) this.#byPriority.delete(priority);
  }

  first(): string | undefined {
    return this.size === 0 ? undefined : this.#byPriority.get(Math.max(...this.#byPriority.keys()))!.first();
  }
}

/** Remembers how far it has gone: looking for the first key of a set passes by everything that was ever deleted. */
class Line {
  readonly keys = new Set<string>();
  #cursor = this.keys.values();
  #head: string | undefined;

  first(): string | undefined {
    while (this.#head === undefined || !this.keys.has(this.#head)) {
      const { done, value } = this.#cursor.next();
      if (done && this.keys.size === 0) return undefined;
      if (done) this.#cursor = this.keys.values();
      this.#head = value;
    }
    return this.#head;
  }
}

function mayHelp(helped: ReadonlySet<FilterName>, rejectedBy: ReadonlySet<FilterName>): boolean {
  if (rejectedBy.size === 0) return true;
  for (const filter of rejectedBy) if (helped.has(filter)) return true;
  return false;
}

function backoffMs(attempts: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_INITIAL_MS * 2 ** Math.max(0, attempts - 1));
}

/** Tolerations, affinity, labels may change while a Pod waits; its status and annotations do not matter here. */
function isAskingAnew(before: Pod, after: Pod): boolean {
  return !equalJson(before.spec, after.spec) || !equalJson(before.metadata.labels, after.metadata.labels);
}
