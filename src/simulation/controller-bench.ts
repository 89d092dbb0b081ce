/**
 * A bench for controllers: an in-memory API, informers and the controllers under test in virtual time, with watches that
 * may lag, answers that may get lost, and a stand-in for scheduler and kubelet.
 */

import type { Pod } from '../api/generated/core-v1.ts';
import type { ApiRequest } from '../api/message.ts';
import { isPodReady, isPodTerminating } from '../api/pod-conditions.ts';
import { PODS } from '../api/resources.ts';
import { toTimestamp } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { newInformerFactory } from '../client/informer-factory.ts';
import { newRestClient } from '../client/rest-client.ts';
import {
  type Controller,
  type ControllerContext,
  runControllers,
} from '../controllers/framework/controller.ts';
import { noControllerMetrics } from '../controllers/framework/metrics.ts';
import { InMemoryApi, type RequestFate } from './in-memory-api.ts';
import { newSimulatedClock, type SimulatedClock } from './sim-clock.ts';
import { newSeededRandom } from './sim-random.ts';

/** The longest lag of a watch that DESIGN.md's measurements name. */
export const WATCH_LAG_MAX_MS = 420;

export interface ControllerBenchOptions {
  seed: number | string;
  controllers: readonly ((context: ControllerContext) => Controller)[];
  /** Every change reaches each informer 20 to {@link WATCH_LAG_MAX_MS} ms late. */
  lagged?: boolean;
  /** Of requests that write. */
  fateOf?: (request: ApiRequest) => RequestFate;
}

export type ControllerBench = ReturnType<typeof newControllerBench>;

export function newControllerBench(options: ControllerBenchOptions) {
  const clock = newSimulatedClock();
  const random = newSeededRandom(options.seed);
  const lag = random.fork('lag');
  const api = new InMemoryApi({
    clock,
    random: random.fork('api'),
    watchLagMs: () => (options.lagged ? 20 + lag.next() * (WATCH_LAG_MAX_MS - 20) : 0),
    fateOf: (request) => (request.method === 'GET' ? 'answered' : (options.fateOf?.(request) ?? 'answered')),
  });
  const client = newRestClient(api, { userAgent: 'bench' });
  const informers = newInformerFactory({ client, clock, random, log: silentLogger });
  /** `Normal SuccessfulCreate Created pod: web-abcde` */
  const events: string[] = [];
  const context: ControllerContext = {
    clock,
    random,
    client,
    informers,
    log: silentLogger,
    metrics: noControllerMetrics,
    recorder: { event: (_, type, reason, message) => events.push(`${type} ${reason} ${message}`) },
  };
  const controllers = options.controllers.map((newOne) => newOne(context));
  const stop = new AbortController();
  const ended = Promise.all([informers.run(stop.signal), runControllers(controllers, stop.signal)]);
  const end = async (): Promise<void> => {
    stop.abort(new Error('the bench is taken down'));
    await ended;
  };
  return { clock, random, api, client, informers, events, context, end };
}

export interface StandInKubelet {
  /** Makes Pods ready `startMs` after their creation, and ends terminating ones `stopMs` after their mark; call it often. */
  step(): void;
}

/** What scheduler and kubelet do, as far as controllers see it. `isHealthy` false: such a Pod never becomes ready. */
export function newStandInKubelet(
  { api, clock }: { api: InMemoryApi; clock: SimulatedClock },
  {
    startMs,
    stopMs,
    isHealthy = () => true,
  }: { startMs: number; stopMs: number; isHealthy?: (pod: Pod) => boolean },
): StandInKubelet {
  const seen = new Map<string, number>();
  const sinceMs = (id: string): number => {
    const firstMs = seen.get(id) ?? clock.monotonicMs();
    seen.set(id, firstMs);
    return clock.monotonicMs() - firstMs;
  };
  return {
    step() {
      for (const pod of api.objects<Pod>(PODS)) {
        const { uid } = pod.metadata;
        if (isPodTerminating(pod)) {
          if (sinceMs(`stop ${uid}`) >= stopMs) api.finish(pod, PODS);
        } else if (!isPodReady(pod) && isHealthy(pod) && sinceMs(`start ${uid}`) >= startMs) {
          api.put(PODS, { ...pod, spec: { ...pod.spec, nodeName: 'node-1' }, status: readyStatus(clock) });
        }
      }
    },
  };
}

function readyStatus(clock: SimulatedClock): NonNullable<Pod['status']> {
  const lastTransitionTime = toTimestamp(clock.now());
  return {
    phase: 'Running',
    podIP: '10.0.0.1',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }],
  };
}
