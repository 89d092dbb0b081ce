/**
 * One watch as its reader takes it: batches of frames, from the store's events and the clock.
 *
 *     unopened --first next()--> initial events --> live --time is up, signal, reader leaves--> over
 *                                                    └─ failed: an ERROR frame when it is Expired, else the error --> over
 *
 * Of what is due together, events go before the end, and the end before a bookmark, so that a bookmark never says more than
 * the reader was given.
 *
 * An iterator written by hand: there is one for every watch of every client, most of them idle. As generators inside of each
 * other they took four times the memory, and three times the promises for each event.
 */
import type { WatchFrame } from '../../api/message.ts';
import { assert } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { hasReason, StatusError } from '../../base/status-error.ts';
import type { Store, StoreWatch } from '../../store/store.ts';
import type { CoarseTimers } from '../coarse-timers.ts';
import { ConvertedFrames } from './converted-frames.ts';
import { type FrameCache, newFrame } from './frames.ts';
import { scopeOf } from './scope.ts';
import type { WatchRequest } from './watch.ts';
import { eventFrames, initialFrames, newBookmark } from './watch-frames.ts';

/** Who wants to know how a watch goes. */
export interface WatchObserver {
  /** It has been opened, by its first reader. */
  opened(): void;
  sent(events: number): void;
  /** Once, after {@link opened}. */
  closed(): void;
}

export interface WatchFollowers {
  /** Told once that what there was has been shown, or that it never will be. */
  onBegun?: (() => void) | undefined;
  observer?: WatchObserver | undefined;
}

export interface WatchSource {
  store: Store;
  clock: Clock;
  timers: CoarseTimers;
  frames: FrameCache;
}

type Frames = readonly WatchFrame[];
type Result = IteratorResult<Frames, undefined>;

/** @see apiserver/pkg/storage/cacher bookmarkFrequency */
const BOOKMARK_PERIOD_MS = 60_000;
/** A client that resumes after the end then has seen nearly all. @see cacheWatcher.nextBookmarkTime */
const LAST_BOOKMARK_BEFORE_END_MS = 2000;

const OVER: Result = { done: true, value: undefined };

export class WatchStream implements AsyncIterableIterator<Frames, undefined> {
  readonly #source: WatchSource;
  readonly #request: WatchRequest;
  readonly #signal: AbortSignal;
  readonly #observer: WatchObserver | undefined;
  #onBegun: (() => void) | undefined;
  #watch: StoreWatch | undefined;
  #initial: Iterator<Frames> | undefined;
  /** Instead of {@link #initial}, where versions are converted elsewhere. */
  #conversion: ConvertedFrames | undefined;
  /** Wakes the reader, if one waits. */
  #wake: (() => void) | undefined;
  #isBookmarkDue = false;
  #isOver = false;
  #endMs = 0;
  #timer: Timer | undefined;

  constructor(
    source: WatchSource,
    request: WatchRequest,
    signal: AbortSignal,
    { onBegun, observer }: WatchFollowers = {},
  ) {
    this.#onBegun = onBegun;
    this.#observer = observer;
    this.#source = source;
    this.#request = request;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** One reader at a time. */
  async next(): Promise<Result> {
    assert(this.#wake === undefined, 'a watch has one reader');
    this.#watch ??= this.#open();
    for (;;) {
      const due = this.#converted(this.#watch);
      const frames = due instanceof Promise ? await due : due;
      if (frames !== undefined) {
        this.#observer?.sent(frames.length);
        return { done: false, value: frames };
      }
      if (this.#isOver) return OVER;
      this.#hasBegun();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** As {@link #due}, once what is to be shown has been converted. */
  #converted(watch: StoreWatch): Frames | undefined | Promise<Frames | undefined> {
    const converted = this.#conversion;
    if (converted === undefined || this.#isOver) return this.#due(watch);
    const events = converted.isEmpty ? watch.take() : undefined;
    if (events !== undefined) converted.addEvents(events);
    if (converted.isEmpty) return this.#due(watch);
    return converted.next().then(
      (frames) => (frames.length > 0 ? frames : this.#converted(watch)),
      (error: unknown) => {
        this.#end();
        if (!(error instanceof StatusError)) throw error;
        return [newFrame('ERROR', error.toStatus(), this.#request.shape.writer)];
      },
    );
  }

  return(): Promise<Result> {
    this.#end();
    return Promise.resolve(OVER);
  }

  /** One turn: nothing can be published between the list and the watch. */
  #open(): StoreWatch {
    const { store, clock, frames } = this.#source;
    const { row, namespace, selection, initial, afterRevision, timeoutMs } = this.#request;
    const scope = scopeOf(row, namespace, selection);
    const existing = initial === 'none' ? undefined : store.list(scope);
    const from = existing?.revision ?? (afterRevision === 0 ? store.revision : afterRevision);
    const watch = store.watch(scope, from, this.#signal);
    watch.onChange(() => this.#wakeReader());
    const { prepare } = this.#request.shape;
    if (prepare !== undefined) this.#conversion = new ConvertedFrames(frames, this.#request, prepare);
    if (existing !== undefined) {
      if (this.#conversion === undefined) this.#initial = initialFrames(frames, this.#request, existing);
      else this.#conversion.addInitial(existing);
    }
    this.#endMs = clock.monotonicMs() + timeoutMs;
    this.#setTimer();
    this.#observer?.opened();
    return watch;
  }

  /** What the reader gets now; `undefined` when there is nothing yet, or nothing any more. */
  #due(watch: StoreWatch): Frames | undefined {
    if (this.#isOver) return undefined;
    const frames = this.#takeInitial() ?? this.#takeChanges(watch);
    if (frames !== undefined) return frames;
    if (!watch.ended) return this.#takeBookmark(watch);
    this.#end();
    const { failure } = watch;
    if (failure === undefined) return undefined;
    if (!hasReason(failure, 'Expired')) throw failure;
    return [newFrame('ERROR', failure.toStatus(), this.#request.shape.writer)];
  }

  #takeInitial(): Frames | undefined {
    const batch = this.#initial?.next();
    if (batch?.done === false) return batch.value;
    this.#initial = undefined;
    return undefined;
  }

  #takeChanges(watch: StoreWatch): Frames | undefined {
    for (let events = watch.take(); events !== undefined; events = watch.take()) {
      const frames = eventFrames(this.#source.frames, this.#request, events);
      if (frames.length > 0) return frames;
    }
    return undefined;
  }

  #takeBookmark(watch: StoreWatch): Frames | undefined {
    if (!this.#isBookmarkDue) return undefined;
    this.#isBookmarkDue = false;
    return [newBookmark(this.#request, watch.deliveredRevision, false)];
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** To the next bookmark or the end. */
  #setTimer(): void {
    const { clock, timers } = this.#source;
    const leftMs = Math.max(0, this.#endMs - clock.monotonicMs());
    const lastBookmarkMs = this.#request.bookmarks ? leftMs - LAST_BOOKMARK_BEFORE_END_MS : 0;
    const delayMs = lastBookmarkMs > 0 ? Math.min(BOOKMARK_PERIOD_MS, lastBookmarkMs) : leftMs;
    this.#timer = timers.set(delayMs, () => this.#onTimer());
  }

  #onTimer(): void {
    if (this.#source.clock.monotonicMs() >= this.#endMs) this.#end();
    else {
      this.#isBookmarkDue = this.#request.bookmarks;
      this.#setTimer();
    }
    this.#wakeReader();
  }

  #hasBegun(): void {
    const onBegun = this.#onBegun;
    this.#onBegun = undefined;
    onBegun?.();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hasBegun();
    this.#timer?.cancel();
    this.#watch?.close();
    this.#observer?.closed();
  }
}
