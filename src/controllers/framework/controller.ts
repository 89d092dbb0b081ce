/**
 * What every controller is: a name and a loop. And what it is made of: the doors to the world, handed down by the
 * composition root.
 *
 * A controller is written as observe (informer caches and its own writes in flight) → `reconcileX(desired, observed, now)`
 * (pure, a plan) → apply (one API write per action, with a precondition); `worker-loop.ts` calls it for one key at a time.
 */
import { newScope } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import type { ApiClient } from '../../client/api-client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { ControllerMetrics } from './metrics.ts';

export interface Controller {
  /** Lower case, as in logs, metrics and user agents: `replicaset`. */
  readonly name: string;
  /**
   * Works until `signal` aborts, then resolves when nothing of it is running any more. Rejects only when an invariant is
   * broken: the process must then end. Call it once.
   */
  run(signal: AbortSignal): Promise<void>;
}

/** Everything a controller may touch. Constructors register informers and listeners and start nothing. */
export interface ControllerContext {
  clock: Clock;
  random: Random;
  log: Logger;
  client: ApiClient;
  informers: InformerFactory;
  recorder: EventRecorder;
  metrics: ControllerMetrics;
}

/** Runs all until `signal` aborts; the first one that breaks stops the others, and its error comes out. */
export async function runControllers(controllers: readonly Controller[], signal: AbortSignal): Promise<void> {
  const stop = newScope(signal);
  const runs = controllers.map((controller) =>
    controller.run(stop.signal).catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(runs);
  stop.abort();
  const broken = outcomes.find((outcome) => outcome.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}
