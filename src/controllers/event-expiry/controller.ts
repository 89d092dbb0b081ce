/**
 * Deletes Events an hour after their last occurrence. Upstream gives their keys a lease in etcd; here nothing watches or
 * holds Events: one paged list finds what is too old and when to look again. While nothing happens in the cluster that is
 * one list an hour, and never more than one in five minutes.
 */
import type { Event as CoreEvent } from '../../api/generated/core-v1.ts';
import { EVENTS } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { newWorkerLoop, type SyncResult } from '../framework/worker-loop.ts';
import { EVENT_TTL_MS, type ExpiryPlan, planExpiry } from './reconcile.ts';

/** Expired Events wait this long for company: an Event may live for an hour and five minutes. */
const SWEEP_INTERVAL_MS = 300_000;

const PAGE_SIZE = 500;

/** Deletions that share one commit; between two such batches others have their turn. */
const BATCH_SIZE = 50;
const BATCH_PAUSE_MS = 20;

const SWEEP = 'sweep';

export function newEventExpiryController(context: ControllerContext): Controller {
  const { client, clock } = context;

  async function sync(_key: string, signal: AbortSignal): Promise<SyncResult> {
    const { expired, nextExpiryMs = clock.now() + EVENT_TTL_MS } = await observe(signal);
    for (let i = 0; i < expired.length; i += BATCH_SIZE) {
      await deleteAll(expired.slice(i, i + BATCH_SIZE), signal);
      await clock.sleep(BATCH_PAUSE_MS, signal);
    }
    return { requeueAfterMs: Math.max(SWEEP_INTERVAL_MS, nextExpiryMs - clock.now()) };
  }

  /** Holds one page at a time, and what is to be deleted. */
  async function observe(signal: AbortSignal): Promise<ExpiryPlan> {
    const whole: ExpiryPlan = { expired: [], nextExpiryMs: undefined };
    let position: string | undefined;
    do {
      const options = { limit: PAGE_SIZE, ...(position === undefined ? {} : { continue: position }) };
      const page = await client.list(EVENTS, options, signal);
      const { expired, nextExpiryMs = whole.nextExpiryMs } = planExpiry(page.items, clock.now());
      whole.expired.push(...expired);
      if (nextExpiryMs !== undefined) {
        whole.nextExpiryMs = Math.min(whole.nextExpiryMs ?? nextExpiryMs, nextExpiryMs);
      }
      position = page.metadata.continue;
    } while (position !== undefined && position !== '');
    return whole;
  }

  /** Leaves an Event alone that has occurred again since it was read. */
  async function deleteAll(events: readonly CoreEvent[], signal: AbortSignal): Promise<void> {
    const deletions = events.map(async ({ metadata }) => {
      const { name, namespace = '', uid, resourceVersion } = metadata;
      const options = { preconditions: { uid, resourceVersion } };
      await client.delete(EVENTS, { namespace, name }, options, signal).catch((error: unknown) => {
        if (!hasReason(error, 'NotFound', 'Conflict')) throw error;
      });
    });
    const outcomes = await Promise.allSettled(deletions);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  const loop = newWorkerLoop(context, { name: 'event-expiry', workers: 1, sync, informers: [] });
  loop.enqueue(SWEEP);
  return loop;
}
