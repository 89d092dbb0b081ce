/**
 * The one loop that all controllers share: takes keys from a queue, syncs each, and decides what follows.
 *
 * Invariants: a key is never synced twice at once; what changes while it is synced is synced again; no sync runs before the
 * informers it reads are filled. This is the only place where a controller's operating errors are caught.
 */
import { type KubeObject, keyOf } from '../../api/meta.ts';
import { isCancellation, newScope } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { hasReason, StatusError } from '../../base/status-error.ts';
import type { Informer, Lister } from '../../client/informer.ts';
import { newWorkQueue, type WorkQueue } from '../../client/work-queue.ts';
import type { Controller } from './controller.ts';
import type { ControllerMetrics, SyncOutcome } from './metrics.ts';

/**
 * What a sync that did not fail says of its key.
 * `{}`: nothing more until something changes. `requeueAfterMs`: again after that time at the latest, since time alone will
 * change the outcome; the loop never waits for it with a worker.
 */
export interface SyncResult {
  requeueAfterMs?: number;
}

export interface WorkerLoopDefinition {
  name: string;
  /** How many keys are synced at the same time. */
  workers: number;
  /**
   * Brings the world one step closer to what the object of `key` wants. Must be idempotent: it may run at any time, with any
   * cache that is stale but was true once, also for a key whose object is gone.
   *
   * - resolves: the key's back-off is forgotten, see {@link SyncResult};
   * - rejects with StatusError: the key comes again after its back-off, 5 ms doubling to 1000 s. A `Conflict` or `NotFound`
   *   is the ordinary fate of a stale cache and is not logged as a failure;
   * - rejects with `signal.reason`: the loop is ending;
   * - rejects with anything else: a bug. The loop rejects with it.
   */
  sync(key: string, signal: AbortSignal): Promise<SyncResult>;
  /** The caches that `sync` reads: no sync before they are filled. */
  informers: readonly Pick<Informer<KubeObject>, 'whenSynced'>[];
  /** A safety net: enqueues everything in `lister` again every `intervalMs`. */
  resync?: { lister: Pick<Lister<KubeObject>, 'list'>; intervalMs: number };
}

export interface WorkerLoopContext {
  clock: Clock;
  log: Logger;
  metrics: ControllerMetrics;
}

/** A controller whose event handlers call {@link enqueue}. */
export interface WorkerLoop extends Controller {
  enqueue(key: string): void;
  enqueueAfter(key: string, delayMs: number): void;
  /** Nothing waits for a worker or is worked on; delayed keys do not count. */
  readonly idle: boolean;
}

/** Upstream's informers resync every 12 h (jittered to 24 h); our net is finer, since a resync without change is cheap. */
export const DEFAULT_RESYNC_MS = 30 * 60_000;

export function newWorkerLoop(context: WorkerLoopContext, definition: WorkerLoopDefinition): WorkerLoop {
  return new QueueLoop(context, definition);
}

class QueueLoop implements WorkerLoop {
  readonly name: string;
  readonly #context: WorkerLoopContext;
  readonly #definition: WorkerLoopDefinition;
  readonly #queue: WorkQueue;

  constructor(context: WorkerLoopContext, definition: WorkerLoopDefinition) {
    this.name = definition.name;
    this.#context = context;
    this.#definition = definition;
    this.#queue = newWorkQueue({ clock: context.clock });
  }

  get idle(): boolean {
    return this.#queue.idle;
  }

  enqueue(key: string): void {
    this.#queue.add(key);
  }

  enqueueAfter(key: string, delayMs: number): void {
    this.#queue.addAfter(key, delayMs);
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = newScope(signal);
    const both = stop.signal;
    const tasks = [this.#resync(both)];
    for (let i = 0; i < this.#definition.workers; i++) tasks.push(this.#work(both));
    const ends = tasks.map((task) =>
      task.catch((error: unknown) => {
        stop.abort(error);
        if (!isCancellation(error, both) || !signal.aborted) throw error;
      }),
    );
    const outcomes = await Promise.allSettled(ends);
    stop.abort();
    this.#queue.close();
    const broken = outcomes.find((outcome) => outcome.status === 'rejected');
    if (broken !== undefined) throw broken.reason;
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (const informer of this.#definition.informers) await informer.whenSynced(signal);
    for (;;) {
      const key = await this.#queue.get(signal);
      this.#context.metrics.queueDepth(this.name, this.#queue.depth);
      const startMs = this.#context.clock.monotonicMs();
      const outcome = await this.#syncOne(key, signal);
      this.#queue.done(key);
      this.#context.metrics.synced(this.name, outcome, this.#context.clock.monotonicMs() - startMs);
    }
  }

  async #syncOne(key: string, signal: AbortSignal): Promise<SyncOutcome> {
    try {
      const { requeueAfterMs } = await this.#definition.sync(key, signal);
      this.#queue.forget(key);
      if (requeueAfterMs === undefined) return 'done';
      this.#queue.addAfter(key, requeueAfterMs);
      return 'requeued';
    } catch (error) {
      if (isCancellation(error, signal) || !(error instanceof StatusError)) throw error;
      this.#logFailure(key, error);
      this.#queue.addRateLimited(key);
      return 'failed';
    }
  }

  #logFailure(key: string, error: StatusError): void {
    const fields = { controller: this.name, key, failures: this.#queue.failuresOf(key), error };
    if (hasReason(error, 'Conflict', 'NotFound', 'AlreadyExists')) {
      this.#context.log.debug('sync met a stale cache', fields);
    } else {
      this.#context.log.warn('sync failed, will retry', fields);
    }
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const { resync } = this.#definition;
    if (resync === undefined) return;
    for (;;) {
      await this.#context.clock.sleep(resync.intervalMs, signal);
      for (const object of resync.lister.list()) this.#queue.add(keyOf(object));
    }
  }
}
