/**
 * Keeps a local copy of one resource equal to the server's, by one explicit state machine:
 *
 *     start ─► streaming-list ─► watching ─┐ stream ended, or failed: resume at the last revision
 *                │    ▲  │          ▲──────┘
 *       rejected │    │  └── Expired: everything anew
 *                ▼    │
 *              listing ─► watching …            every failure passes through backing-off
 *
 * Invariant, never a gap: the copy moves from one revision to the next only by the events between them, or is replaced as
 * a whole. `streaming-list` (`sendInitialEvents`) is asked for first; a server that refuses it gets paged lists from then on.
 *
 * @see k8s.io/client-go/tools/cache/reflector.go
 */
import type { KubeObject } from '../api/meta.ts';
import { keyOf } from '../api/meta.ts';
import type { ResourceRef } from '../api/resources.ts';
import { isCancellation } from '../base/abort.ts';
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import { hasReason, StatusError } from '../base/status-error.ts';
import type { ApiClient, WatchEvent } from './api-client.ts';
import type { InformerSelector } from './informer.ts';
import { exponentialDelayMs } from './rate-limiter.ts';

/** Where the copy goes. Calls are synchronous and in order. */
export interface ReflectorSink<T> {
  /** The whole state at one revision. */
  replace(objects: Iterable<T>): void;
  upsert(object: T): void;
  remove(object: T): void;
}

export type ReflectorState =
  | { phase: 'streaming-list' }
  | { phase: 'listing' }
  | { phase: 'watching'; revision: string }
  | { phase: 'backing-off'; next: ConnectedState; failures: number };

type ConnectedState = Exclude<ReflectorState, { phase: 'backing-off' }>;

export interface ReflectorOptions<T extends KubeObject> {
  client: Pick<ApiClient, 'list' | 'watch'>;
  clock: Clock;
  random: Random;
  log: Logger;
  resource: ResourceRef<T>;
  selector: InformerSelector;
  /** Of a server that might take a `streaming-list` for an ordinary watch, and never end it. */
  isListedFirst?: boolean;
}

/** A server that restarts is back within a second, so the first attempts come quickly; upstream's 30 s cap. */
const BACKOFF = { baseDelayMs: 100, maxDelayMs: 30_000 };

/** A watch that lived this long proves the server healthy: its end starts the back-off anew. */
const HEALTHY_AFTER_MS = 10_000;

/** Watches end by themselves after 5-10 min, so that they spread over servers. Source: client-go minWatchTimeout. */
const WATCH_TIMEOUT_SECONDS = 300;

const PAGE_SIZE = 500;

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #sink: ReflectorSink<T>;
  #state: ReflectorState;
  #failures = 0;
  /** The copy shows every change up to here; empty before the first list. */
  revision = '';
  #canStreamList: boolean;

  constructor(options: ReflectorOptions<T>, sink: ReflectorSink<T>) {
    this.#options = options;
    this.#sink = sink;
    this.#canStreamList = options.isListedFirst !== true;
    this.#state = this.#fromScratch();
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** Runs until `signal` aborts. Only a broken invariant makes it reject. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) this.#state = await this.#step(this.#state, signal);
  }

  /** The worker loop's body: the one place where failures become the next state. */
  async #step(state: ReflectorState, signal: AbortSignal): Promise<ReflectorState> {
    const startMs = this.#options.clock.monotonicMs();
    try {
      return await this.#enter(state, signal);
    } catch (error) {
      if (isCancellation(error, signal)) return state;
      if (!(error instanceof StatusError)) throw error;
      const livedMs = this.#options.clock.monotonicMs() - startMs;
      return this.#afterFailure(error, livedMs);
    }
  }

  #enter(state: ReflectorState, signal: AbortSignal): Promise<ReflectorState> {
    switch (state.phase) {
      case 'streaming-list':
        return this.#streamList(signal);
      case 'listing':
        return this.#list(signal);
      case 'watching':
        return this.#watch(state.revision, signal);
      case 'backing-off':
        return this.#options.clock.sleep(this.#backoffMs(state.failures), signal).then(() => state.next);
    }
  }

  /** Goes on from where the failed state stands now: a watch has moved since it was entered. */
  #afterFailure(error: StatusError, livedMs: number): ReflectorState {
    const state = this.#state;
    assert(state.phase !== 'backing-off', 'waiting cannot fail');
    const { log, resource } = this.#options;
    this.#failures = livedMs >= HEALTHY_AFTER_MS ? 1 : this.#failures + 1;
    log.debug('watch interrupted', { resource: resource.resource, phase: state.phase, error });
    if (state.phase === 'streaming-list' && hasReason(error, 'BadRequest', 'Invalid', 'MethodNotAllowed')) {
      this.#canStreamList = false;
      return { phase: 'listing' };
    }
    const next = hasReason(error, 'Expired', 'Gone') ? this.#fromScratch() : state;
    // The first Expired is ordinary (a long pause): begin anew at once.
    if (next !== state && this.#failures === 1) return next;
    return { phase: 'backing-off', next, failures: this.#failures };
  }

  #fromScratch(): ConnectedState {
    return { phase: this.#canStreamList ? 'streaming-list' : 'listing' };
  }

  /** Half of the delay is random, so that clients of a server that comes back do not come as one. */
  #backoffMs(failures: number): number {
    return exponentialDelayMs(failures - 1, BACKOFF) * (0.5 + this.#options.random.next() / 2);
  }

  /** One stream for the list and the watch after it: the initial events, the bookmark that ends them, then changes. */
  async #streamList(signal: AbortSignal): Promise<ReflectorState> {
    const initial = new Map<string, T>();
    let complete = false;
    const stream = this.#options.client.watch(
      this.#options.resource,
      { ...this.#options.selector, sendInitialEvents: true, timeoutSeconds: this.#timeoutSeconds() },
      signal,
    );
    for await (const event of stream) {
      if (complete) {
        this.#apply(event);
      } else if (event.type === 'BOOKMARK') {
        if (!event.initialEventsEnd) continue;
        complete = true;
        this.#moveTo(event.resourceVersion);
        this.#sink.replace(initial.values());
      } else if (event.type === 'DELETED') {
        initial.delete(keyOf(event.object));
      } else {
        initial.set(keyOf(event.object), event.object);
      }
    }
    if (!complete) throw new StatusError('ServiceUnavailable', 'the watch ended within its initial events');
    return this.#afterEnd();
  }

  async #list(signal: AbortSignal): Promise<ReflectorState> {
    const { client, resource, selector } = this.#options;
    const objects: T[] = [];
    let page = await client.list(resource, { ...selector, limit: PAGE_SIZE }, signal);
    objects.push(...page.items);
    while (page.metadata.continue) {
      const options = { ...selector, limit: PAGE_SIZE, continue: page.metadata.continue };
      page = await client.list(resource, options, signal);
      objects.push(...page.items);
    }
    const revision = page.metadata.resourceVersion;
    assert(revision !== undefined, 'a list carries its revision');
    this.revision = revision;
    this.#sink.replace(objects);
    return { phase: 'watching', revision };
  }

  async #watch(revision: string, signal: AbortSignal): Promise<ReflectorState> {
    const startMs = this.#options.clock.monotonicMs();
    const stream = this.#options.client.watch(
      this.#options.resource,
      { ...this.#options.selector, resourceVersion: revision, timeoutSeconds: this.#timeoutSeconds() },
      signal,
    );
    for await (const event of stream) this.#apply(event);
    const endedAtOnce = this.#options.clock.monotonicMs() - startMs < 1000 && this.#revision() === revision;
    if (endedAtOnce) throw new StatusError('ServiceUnavailable', 'the watch ended as soon as it had begun');
    return this.#afterEnd();
  }

  #afterEnd(): ReflectorState {
    this.#failures = 0;
    return { phase: 'watching', revision: this.#revision() };
  }

  #apply(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      this.#moveTo(event.resourceVersion);
      return;
    }
    if (event.type === 'DELETED') this.#sink.remove(event.object);
    else this.#sink.upsert(event.object);
    this.#moveTo(event.object.metadata.resourceVersion);
  }

  #moveTo(revision: string): void {
    this.revision = revision;
    this.#state = { phase: 'watching', revision };
  }

  #revision(): string {
    assert(this.#state.phase === 'watching', 'a revision is known only while watching');
    return this.#state.revision;
  }

  #timeoutSeconds(): number {
    return Math.floor(WATCH_TIMEOUT_SECONDS * (1 + this.#options.random.next()));
  }
}
