/**
 * Decides what becomes of an occurrence: a new Event, a higher count on one that exists, or nothing. Pure but for its
 * memory of what was recorded before.
 *
 * As client-go's correlator: more than 10 different messages for the same subject and reason within 10 min become one
 * "(combined from similar events)"; equal ones are counted; each subject has 25 Events at once and one more per 5 min.
 * Its memory is bounded: 4096 entries of each kind, the least recently used forgotten first.
 *
 * @see k8s.io/client-go/tools/record/events_cache.go
 */
import type { Clock } from '../base/clock.ts';
import type { EventSubject } from './event-recorder.ts';
import { newTokenBucket, type TokenBucket } from './rate-limiter.ts';

export interface Occurrence {
  regarding: EventSubject;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  /** Wall time, ms. */
  atMs: number;
}

export type Correlation =
  | { kind: 'drop' }
  /** `seriesKey` identifies what is counted together, for {@link EventCorrelator.written}. */
  | { kind: 'create'; seriesKey: string; message: string }
  | { kind: 'count'; seriesKey: string; message: string; count: number; eventName: string };

export interface EventCorrelator {
  correlate(occurrence: Occurrence): Correlation;
  /** The Event of this series exists under `eventName`; later occurrences count on it. */
  written(seriesKey: string, eventName: string): void;
  /** The Event of this series is gone: the next occurrence begins anew. */
  forget(seriesKey: string): void;
}

const ENTRIES_MAX = 4096;
const SIMILAR_MESSAGES_MAX = 10;
const SIMILAR_INTERVAL_MS = 600_000;
const SPAM_BURST = 25;
const SPAM_REFILL_PER_SECOND = 1 / 300;

interface Series {
  count: number;
  eventName: string | undefined;
}

interface Similar {
  messages: Set<string>;
  lastMs: number;
}

export function newEventCorrelator(clock: Clock): EventCorrelator {
  return new Correlator(clock);
}

class Correlator implements EventCorrelator {
  readonly #clock: Clock;
  readonly #buckets = new RecentMap<TokenBucket>(ENTRIES_MAX);
  readonly #similar = new RecentMap<Similar>(ENTRIES_MAX);
  readonly #series = new RecentMap<Series>(ENTRIES_MAX);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  correlate(occurrence: Occurrence): Correlation {
    const subjectKey = toSubjectKey(occurrence.regarding);
    const { message, seriesKey } = this.#aggregate(subjectKey, occurrence);
    const series = this.#series.get(seriesKey) ?? { count: 0, eventName: undefined };
    series.count++;
    this.#series.set(seriesKey, series);
    if (!this.#bucketOf(subjectKey).tryTake()) return { kind: 'drop' };
    const { count, eventName } = series;
    if (eventName === undefined) return { kind: 'create', seriesKey, message };
    return { kind: 'count', seriesKey, message, count, eventName };
  }

  written(seriesKey: string, eventName: string): void {
    const series = this.#series.get(seriesKey);
    if (series !== undefined) series.eventName = eventName;
  }

  forget(seriesKey: string): void {
    this.#series.delete(seriesKey);
  }

  #aggregate(
    subjectKey: string,
    { type, reason, message, atMs }: Occurrence,
  ): { message: string; seriesKey: string } {
    const key = JSON.stringify([subjectKey, type, reason]);
    const known = this.#similar.get(key);
    const isRecent = known !== undefined && atMs - known.lastMs <= SIMILAR_INTERVAL_MS;
    const similar = isRecent ? known : { messages: new Set<string>(), lastMs: atMs };
    if (similar.messages.size <= SIMILAR_MESSAGES_MAX) similar.messages.add(message);
    similar.lastMs = atMs;
    this.#similar.set(key, similar);
    if (similar.messages.size <= SIMILAR_MESSAGES_MAX) {
      return { message, seriesKey: JSON.stringify([key, message]) };
    }
    return { message: `(combined from similar events): ${message}`, seriesKey: key };
  }

  #bucketOf(subjectKey: string): TokenBucket {
    let bucket = this.#buckets.get(subjectKey);
    if (bucket === undefined) {
      bucket = newTokenBucket(this.#clock, { refillPerSecond: SPAM_REFILL_PER_SECOND, burst: SPAM_BURST });
    }
    this.#buckets.set(subjectKey, bucket);
    return bucket;
  }
}

function toSubjectKey({ apiVersion, kind, metadata, fieldPath }: EventSubject): string {
  return JSON.stringify([apiVersion, kind, metadata.namespace, metadata.name, metadata.uid, fieldPath]);
}

/** Keeps at most `max` entries: setting one forgets the least recently set. */
class RecentMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#max) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
