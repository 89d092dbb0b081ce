/**
 * One of several processes leads: whoever holds a Lease. The holder renews it; when it could not for `renewDeadlineMs`, it
 * stops leading before anybody else may begin, which is after `leaseDurationMs` without an observed change.
 *
 * Invariant: durations are measured on the own monotonic clock since the own last observation, never by comparing
 * timestamps of two machines. Needs leaseDuration > renewDeadline > retryPeriod.
 *
 * @see k8s.io/client-go/tools/leaderelection/leaderelection.go
 */
import type { Lease, LeaseSpec } from '../api/generated/coordination-v1.ts';
import { LEASES } from '../api/resources.ts';
import { isCancellation, newScope } from '../base/abort.ts';
import { assert } from '../base/assert.ts';
import { type Clock, toMicroTimestamp } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import { StatusError } from '../base/status-error.ts';
import type { ApiClient, ObjectName } from './api-client.ts';
import { findObject } from './find-object.ts';

export interface LeaderElectionOptions {
  client: ApiClient;
  clock: Clock;
  random: Random;
  log: Logger;
  lease: Required<ObjectName>;
  /** Unique to this process. */
  identity: string;
  leaseDurationMs: number;
  renewDeadlineMs: number;
  retryPeriodMs: number;
}

/** Upstream's --leader-elect-lease-duration, -renew-deadline, -retry-period. */
export const LEADER_ELECTION_DEFAULTS = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

/** What the leader knows of its lead. */
export interface Leadership {
  /** Aborts when the lead is lost. */
  readonly signal: AbortSignal;
  /**
   * False from the renew deadline on, by the clock alone: known also to whoever runs before the timer that aborts
   * `signal`, in a process that stood still.
   */
  isHeld(): boolean;
}

/**
 * Waits to become the leader, then runs `lead`, whose signal aborts when leadership is lost or `signal` aborts. Resolves
 * when `lead` has ended: with leadership lost, the caller begins anew or ends. Gives the Lease up when it ends in order.
 */
export async function runAsLeader(
  options: LeaderElectionOptions,
  lead: (leadership: Leadership) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  assert(options.leaseDurationMs > options.renewDeadlineMs, 'a lease outlives its renew deadline');
  assert(options.renewDeadlineMs > options.retryPeriodMs, 'a renew deadline leaves time for retries');
  const candidate = new Candidate(options);
  await candidate.acquire(signal);
  const term = newScope(signal);
  const both = term.signal;
  let wasLost = false;
  const renewal = candidate.renewUntilLost(both).then(() => {
    if (both.aborted) return;
    wasLost = true;
    term.abort(new StatusError('Timeout', 'leadership was lost'));
  });
  try {
    await lead({ signal: both, isHeld: () => !both.aborted && candidate.isHeld() });
  } catch (error) {
    if (!isCancellation(error, both) || signal.aborted) throw error;
  } finally {
    term.abort(new StatusError('Timeout', 'the leader has ended'));
    await renewal;
    if (!wasLost) await candidate.release();
  }
}

class Candidate {
  readonly #options: LeaderElectionOptions;
  #observed: Lease | undefined;
  #observedAtMs = 0;
  /** When the request left that renewed the Lease last. */
  #renewedMs = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  async acquire(signal: AbortSignal): Promise<void> {
    const { clock, log, lease } = this.#options;
    for (;;) {
      this.#renewedMs = clock.monotonicMs();
      if ((await this.#tryHold(signal)) && this.isHeld()) break;
      await clock.sleep(this.#retryMs(), signal);
    }
    log.info('became leader', { lease: lease.name });
  }

  isHeld(): boolean {
    return this.#options.clock.monotonicMs() - this.#renewedMs < this.#options.renewDeadlineMs;
  }

  /** Resolves when the Lease could not be renewed in time, or when `signal` aborts. */
  async renewUntilLost(signal: AbortSignal): Promise<void> {
    const { clock, log, lease, renewDeadlineMs } = this.#options;
    try {
      for (;;) {
        await clock.sleep(this.#options.retryPeriodMs, signal);
        const startMs = clock.monotonicMs();
        const deadline = newScope(signal);
        const timer = clock.setTimer(this.#renewedMs + renewDeadlineMs - startMs, () =>
          deadline.abort(new StatusError('Timeout', 'the renew deadline passed')),
        );
        const isHeld = await this.#tryHold(deadline.signal).finally(() => {
          timer.cancel();
          deadline.abort();
        });
        if (isHeld) this.#renewedMs = startMs;
        // An answer may have waited until a machine that stood still went on.
        if (!this.isHeld()) break;
        if (!isHeld && this.#isHeldByOther()) break;
      }
      log.warn('lost leadership', { lease: lease.name });
    } catch (error) {
      if (!isCancellation(error, signal)) throw error;
    }
  }

  /** Lets the next leader begin at once. Best effort: the Lease runs out by itself. */
  async release(): Promise<void> {
    const { client, clock, retryPeriodMs } = this.#options;
    const lease = this.#observed;
    if (lease === undefined) return;
    const stop = new AbortController();
    const timer = clock.setTimer(retryPeriodMs, () => stop.abort(new StatusError('Timeout', 'release')));
    const { holderIdentity: _, ...spec } = lease.spec;
    const released = { ...lease, spec: { ...spec, leaseDurationSeconds: 1 } };
    await client.update(LEASES, released, stop.signal).catch((error: unknown) => {
      if (!(error instanceof StatusError)) throw error;
    });
    timer.cancel();
  }

  /** @returns whether this process holds the Lease now */
  async #tryHold(signal: AbortSignal): Promise<boolean> {
    return this.#hold(signal).catch((error: unknown) => {
      if (!(error instanceof StatusError)) throw error;
      return false;
    });
  }

  async #hold(signal: AbortSignal): Promise<boolean> {
    const { client, clock, lease, identity, leaseDurationMs } = this.#options;
    const live = await findObject(client, LEASES, lease, signal);
    if (live === undefined) {
      const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: lease } as const;
      this.#observe(await client.create(LEASES, { ...object, spec: this.#newSpec(undefined) }, signal));
      return true;
    }
    if (live.metadata.resourceVersion !== this.#observed?.metadata.resourceVersion) this.#observe(live);
    const holder = live.spec.holderIdentity ?? '';
    const isFresh = clock.monotonicMs() - this.#observedAtMs < leaseDurationMs;
    if (holder !== '' && holder !== identity && isFresh) return false;
    this.#observe(await client.update(LEASES, { ...live, spec: this.#newSpec(live.spec) }, signal));
    return true;
  }

  #observe(lease: Lease): void {
    this.#observed = lease;
    this.#observedAtMs = this.#options.clock.monotonicMs();
  }

  #isHeldByOther(): boolean {
    const holder = this.#observed?.spec.holderIdentity ?? '';
    return holder !== '' && holder !== this.#options.identity;
  }

  #newSpec(current: LeaseSpec | undefined): LeaseSpec {
    const { clock, identity, leaseDurationMs } = this.#options;
    const now = toMicroTimestamp(clock.now());
    const isOwn = current?.holderIdentity === identity;
    const transitions = current?.leaseTransitions ?? 0;
    return {
      ...current,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: isOwn ? (current.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: isOwn || current === undefined ? transitions : transitions + 1,
    };
  }

  /** Candidates that wait do not ask in step. Source: JitterFactor 1.2. */
  #retryMs(): number {
    return this.#options.retryPeriodMs * (1 + 1.2 * this.#options.random.next());
  }
}
