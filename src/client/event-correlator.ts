/**
 * Decides what becomes of an occurrence: a new Event, a higher count on one that exists, or nothing. Pure but for its
 * memory of what was recorded before.
 *
 * As client-go's correlator: more than 10 different messages for the same subject and reason within 10 min become one
 * "(combined from similar events)"; equal ones are counted; each subject has 25 Events at once and one more per 5 min.
 * Its memory is bounded, as below: the least recent is forgotten first.
 *
 *     subject ─┬─ bucket of tokens
 *              └─ type and reason ─┬─ message ── series: how often, and which Event counts it
 *                                  └─ combined ─ series
 *
 * An agent has a subject for each container: what is known of it is found by one key, and takes a few hundred bytes.
 *
 * @see k8s.io/client-go/tools/record/events_cache.go; differs: there each of the three has 4096 entries of its own
 */
import type { Clock } from '../base/clock.ts';
import type { EventSubject } from './event-recorder.ts';
import { TokenBucket } from './rate-limiter.ts';

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
  /** `series` is what is counted together, for {@link EventCorrelator.written}. */
  | { kind: 'create'; series: EventSeries; message: string }
  | { kind: 'count'; series: EventSeries; message: string; count: number; eventName: string };

/** Occurrences that one Event counts. */
export interface EventSeries {
  /** Absent for the combined ones. */
  readonly message: string | undefined;
  count: number;
  /** The Event that exists for them. */
  eventName: string | undefined;
  /** In which interval of its kind it occurred last. */
  interval: number;
}

export interface EventCorrelator {
  correlate(occurrence: Occurrence): Correlation;
  /** The Event of this series exists under `eventName`; later occurrences count on it. */
  written(series: EventSeries, eventName: string): void;
}

const SUBJECTS_MAX = 4096;
const KINDS_PER_SUBJECT_MAX = 64;
const SERIES_PER_KIND_MAX = 64;
const SIMILAR_MESSAGES_MAX = 10;
const SIMILAR_INTERVAL_MS = 600_000;
const SPAM_LIMIT = { burst: 25, refillPerSecond: 1 / 300 };

/** What was told of one subject. */
interface Told {
  readonly bucket: TokenBucket;
  kinds: readonly ToldKind[];
}

/** Of one type and reason. */
interface ToldKind {
  readonly type: Occurrence['type'];
  readonly reason: string;
  /** Begins anew when nothing was told for long enough. */
  interval: number;
  /** Different messages of this interval; one above the maximum, all are combined. */
  messages: number;
  lastMs: number;
  /** The latest last. */
  series: readonly EventSeries[];
  combined: EventSeries | undefined;
}

export function newEventCorrelator(clock: Clock): EventCorrelator {
  return new Correlator(clock);
}

class Correlator implements EventCorrelator {
  readonly #clock: Clock;
  /** By subject, the least recently told of first. */
  readonly #subjects = new Map<string, Told>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  correlate(occurrence: Occurrence): Correlation {
    const told = this.#toldOf(toSubjectKey(occurrence.regarding));
    const series = seriesOf(kindOf(told, occurrence), occurrence.message);
    series.count++;
    if (!told.bucket.tryTake()) return { kind: 'drop' };
    const message =
      series.message === undefined
        ? `(combined from similar events): ${occurrence.message}`
        : occurrence.message;
    const { count, eventName } = series;
    if (eventName === undefined) return { kind: 'create', series, message };
    return { kind: 'count', series, message, count, eventName };
  }

  written(series: EventSeries, eventName: string): void {
    series.eventName = eventName;
  }

  #toldOf(key: string): Told {
    const known = this.#subjects.get(key);
    if (known !== undefined) this.#subjects.delete(key);
    const told = known ?? {
      bucket: new TokenBucket(this.#clock, SPAM_LIMIT),
      kinds: [],
    };
    this.#subjects.set(key, told);
    if (this.#subjects.size > SUBJECTS_MAX) {
      const [oldest] = this.#subjects.keys();
      this.#subjects.delete(oldest!);
    }
    return told;
  }
}

/** An occurrence of this kind is told now. */
function kindOf(told: Told, { type, reason, atMs }: Occurrence): ToldKind {
  const known = told.kinds.find((kind) => kind.type === type && kind.reason === reason);
  if (known === undefined) {
    const kind = { type, reason, interval: 0, messages: 0, lastMs: atMs, series: [], combined: undefined };
    told.kinds = told.kinds.slice(1 - KINDS_PER_SUBJECT_MAX).concat(kind);
    return kind;
  }
  if (atMs - known.lastMs > SIMILAR_INTERVAL_MS) {
    known.interval++;
    known.messages = 0;
  }
  known.lastMs = atMs;
  return known;
}

function seriesOf(kind: ToldKind, message: string): EventSeries {
  const { interval } = kind;
  const known = kind.series.find((series) => series.message === message);
  if (known?.interval !== interval && kind.messages <= SIMILAR_MESSAGES_MAX) kind.messages++;
  if (kind.messages > SIMILAR_MESSAGES_MAX) {
    kind.combined ??= { message: undefined, count: 0, eventName: undefined, interval };
    return kind.combined;
  }
  const series = known ?? { message, count: 0, eventName: undefined, interval };
  series.interval = interval;
  const others = known === undefined ? kind.series : kind.series.filter((other) => other !== known);
  kind.series = others.slice(1 - SERIES_PER_KIND_MAX).concat(series);
  return series;
}

function toSubjectKey({ apiVersion, kind, metadata, fieldPath }: EventSubject): string {
  return [apiVersion, kind, metadata.namespace, metadata.name, metadata.uid, fieldPath].join(' ');
}
