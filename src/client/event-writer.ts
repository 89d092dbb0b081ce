/**
 * The EventRecorder of every component: takes occurrences without waiting, correlates them, and writes Events one after
 * another in the background. While the server is away, occurrences wait; past {@link WAITING_MAX} the newest are dropped,
 * with one line in the log.
 */
import type { Event as CoreEvent } from '../api/generated/core-v1.ts';
import type { NewObject } from '../api/meta.ts';
import { EVENTS } from '../api/resources.ts';
import { abortable, isCancellation } from '../base/abort.ts';
import { type Clock, toTimestamp } from '../base/clock.ts';
import { newDeferred } from '../base/deferred.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import { hasCause, hasReason, StatusError, type StatusReason } from '../base/status-error.ts';
import type { ApiClient } from './api-client.ts';
import {
  type Correlation,
  type EventCorrelator,
  type EventSeries,
  newEventCorrelator,
  type Occurrence,
} from './event-correlator.ts';
import type { EventRecorder, EventSubject } from './event-recorder.ts';

export interface EventRecorderOptions {
  client: ApiClient;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Who tells: `kubelet`, `replicaset-controller`. */
  component: string;
  /** The node, for what runs on one. */
  host?: string;
}

export interface RunningEventRecorder extends EventRecorder {
  /** Writes what is recorded, also from before, until `signal` aborts; then writes nothing more. Call it once. */
  run(signal: AbortSignal): Promise<void>;
}

export function newEventRecorder(options: EventRecorderOptions): RunningEventRecorder {
  return new EventWriter(options);
}

const WAITING_MAX = 1000;

/** Longer ones are cut, as the events API refuses them. */
const MESSAGE_LENGTH_MAX = 1024;

/** Jittered. The server is back within a second when it restarts. */
const RETRY_DELAY_MS = 1000;

const RETRIED: readonly StatusReason[] = ['ServiceUnavailable', 'Timeout', 'TooManyRequests'];

class EventWriter implements RunningEventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  #waiting: Occurrence[] = [];
  #arrived = newDeferred();
  #isDropping = false;
  #sequence = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#correlator = newEventCorrelator(options.clock);
  }

  event(regarding: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#waiting.length >= WAITING_MAX) {
      if (!this.#isDropping) this.#options.log.warn('events are dropped: too many wait for the server');
      this.#isDropping = true;
      return;
    }
    const atMs = this.#options.clock.now();
    const short =
      message.length <= MESSAGE_LENGTH_MAX ? message : `${message.slice(0, MESSAGE_LENGTH_MAX - 3)}...`;
    this.#waiting.push({ regarding: toSubject(regarding), type, reason, message: short, atMs });
    this.#arrived.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await abortable(this.#arrived.promise, signal);
        this.#arrived = newDeferred();
        const batch = this.#waiting;
        this.#waiting = [];
        this.#isDropping = false;
        for (const occurrence of batch) await this.#record(occurrence, signal);
      }
    } catch (error) {
      if (!isCancellation(error, signal)) throw error;
    }
  }

  async #record(occurrence: Occurrence, signal: AbortSignal): Promise<void> {
    const correlation = this.#correlator.correlate(occurrence);
    while (!(await this.#write(occurrence, correlation, signal))) {
      await this.#options.clock.sleep(RETRY_DELAY_MS * (0.5 + this.#options.random.next()), signal);
    }
  }

  /** @returns false when the server is away and the write should be tried again */
  async #write(occurrence: Occurrence, correlation: Correlation, signal: AbortSignal): Promise<boolean> {
    try {
      if (correlation.kind === 'count') await this.#count(occurrence, correlation, signal);
      if (correlation.kind === 'create') await this.#create(occurrence, correlation, signal);
      return true;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (RETRIED.includes(error.reason)) return false;
      const isOrdinary = error.reason === 'AlreadyExists' || hasCause(error, 'NamespaceTerminating');
      if (!isOrdinary) {
        this.#options.log.warn('an event could not be written', { reason: occurrence.reason, error });
      }
      return true;
    }
  }

  async #create(
    occurrence: Occurrence,
    { series, message }: { series: EventSeries; message: string },
    signal: AbortSignal,
  ): Promise<void> {
    const event = this.#toEvent(occurrence, message);
    await this.#options.client.create(EVENTS, event, signal);
    this.#correlator.written(series, event.metadata.name ?? '');
  }

  /** An Event lives for an hour: when it is gone, a new one begins. */
  async #count(
    occurrence: Occurrence,
    { series, message, count, eventName }: Extract<Correlation, { kind: 'count' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const target = { namespace: eventNamespace(occurrence.regarding), name: eventName };
    const body = { count, lastTimestamp: toTimestamp(occurrence.atMs), message };
    try {
      await this.#options.client.patch(EVENTS, target, { type: 'merge', body }, signal);
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
      await this.#create(occurrence, { series, message }, signal);
    }
  }

  #toEvent({ regarding, type, reason, atMs }: Occurrence, message: string): NewObject<CoreEvent> {
    const { component, host } = this.#options;
    const { name, namespace, uid, resourceVersion } = regarding.metadata;
    const timestamp = toTimestamp(atMs);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: this.#newName(name, atMs), namespace: eventNamespace(regarding) },
      involvedObject: {
        apiVersion: regarding.apiVersion,
        kind: regarding.kind,
        name,
        uid,
        ...(namespace === undefined ? {} : { namespace }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        ...(regarding.fieldPath === undefined ? {} : { fieldPath: regarding.fieldPath }),
      },
      reason,
      message,
      type,
      count: 1,
      firstTimestamp: timestamp,
      lastTimestamp: timestamp,
      source: host === undefined ? { component } : { component, host },
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }

  /** `web-5d8c7.18a1f0c2b3d4e5f6`: nanoseconds in hexadecimal; below a millisecond, a counter and chance. */
  #newName(subject: string, atMs: number): string {
    this.#sequence = (this.#sequence + 1) % 1000;
    const belowMs = this.#sequence * 1000 + Math.floor(this.#options.random.next() * 1000);
    return `${subject}.${(BigInt(Math.floor(atMs)) * 1_000_000n + BigInt(belowMs)).toString(16)}`;
  }
}

/** Events about cluster-scoped objects live in `default`. */
function eventNamespace(regarding: EventSubject): string {
  return regarding.metadata.namespace ?? 'default';
}

/** Keeps only what an Event says, so that a waiting occurrence does not hold a whole object. */
function toSubject({ apiVersion, kind, metadata, fieldPath }: EventSubject): EventSubject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      uid,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}
