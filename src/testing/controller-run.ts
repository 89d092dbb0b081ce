/**
 * A test's own controller within the cluster: a process on a machine of its own, kept as every other process is. It can be
 * crashed, frozen and cut off by its name; after a crash its function is called again, as after a restart.
 *
 *     running ──function returns──► finished        running ──function throws──► failed, reported by the cluster
 *        └────crash────► running again
 */

import type { UserInfo } from '../api/message.ts';
import type { KubeObject } from '../api/meta.ts';
import { runAll } from '../assembly/run-all.ts';
import { aborted, isCancellation } from '../base/abort.ts';
import { silentLogger } from '../base/logger.ts';
import type { InformerSelector } from '../client/informer.ts';
import { newInformerFactory, type RunningInformerFactory } from '../client/informer-factory.ts';
import { newRestClient } from '../client/rest-client.ts';
import type { Life } from '../simulation/world/life.ts';
import type { World } from '../simulation/world/world.ts';
import { newClusterClient } from './cluster-client.ts';
import type { ControllerContext, ControllerFunction } from './controller-context.ts';
import type { ObjectOf, Resource } from './kinds.ts';
import type { KnownKinds } from './known-kinds.ts';
import { OpenThings } from './open-things.ts';
import { newTrackedClock } from './tracked-clock.ts';

export interface ControllerRunOptions {
  world: World;
  kinds: KnownKinds;
  name: string;
  user: UserInfo;
  run: ControllerFunction;
  /** The function threw. */
  onFailure(error: unknown): void;
}

export class ControllerRun {
  readonly name: string;
  /** What the function that runs now has open. */
  #open = new OpenThings();
  #state: 'running' | 'finished' | 'failed' = 'running';
  readonly #options: ControllerRunOptions;
  readonly #stop = new AbortController();
  #life: Life | undefined;
  #starts = 0;

  constructor(options: ControllerRunOptions) {
    this.name = options.name;
    this.#options = options;
    options.world.addMachine(options.name, { controller: (life, signal) => this.#program(life, signal) });
  }

  /** Its function has ended, or its process is gone and not started again. */
  get hasEnded(): boolean {
    return this.#state !== 'running' || this.#life === undefined || this.#life.hasEnded;
  }

  /** What of it would be left behind now. */
  leaks(): OpenThings['list'] extends () => infer L ? L : never {
    return this.#life === undefined || this.#life.hasEnded ? [] : this.#open.list();
  }

  abort(reason: Error): void {
    this.#stop.abort(reason);
  }

  /** One life of its process. What ended by itself is not started again by a later life. */
  async #program(life: Life, terminated: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([terminated, this.#stop.signal]);
    this.#life = life;
    this.#open = new OpenThings();
    this.#state = 'running';
    const { context, informers } = this.#newContext(life, signal);
    await runAll(terminated, [
      (both) => informers.run(both),
      async () => {
        await this.#runFunction(context, signal);
        await aborted(terminated);
      },
    ]);
  }

  async #runFunction(context: ControllerContext, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.run(context, signal);
      this.#state = 'finished';
    } catch (error) {
      this.#state = isCancellation(error, signal) ? 'finished' : 'failed';
      if (this.#state === 'failed') this.#options.onFailure(error);
    }
  }

  #newContext(
    life: Life,
    signal: AbortSignal,
  ): { context: ControllerContext; informers: RunningInformerFactory } {
    const { world, kinds, name, user } = this.#options;
    const process = `${name}/controller`;
    const transport = world.transportOf({ party: name, process, life, user });
    const api = newRestClient(transport, { userAgent: name });
    const random = world.random.fork(`${name} ${++this.#starts}`);
    const { clock } = life;
    const informers = newInformerFactory({
      client: api,
      clock,
      random: random.fork('informers'),
      log: silentLogger,
    });
    const context: ControllerContext = {
      client: newClusterClient({ client: api, kinds, signal, opened: ignore, waiting: ignore }),
      clock: newTrackedClock(clock, this.#open, `controller "${name}"`),
      random: random.fork('own'),
      informers: {
        informer: <const R extends Resource>(kind: R, selector?: InformerSelector) =>
          informers.informer<ObjectOf<R> & KubeObject>(kinds.resolve(kind), selector),
        whenSynced: () => informers.whenAllSynced(signal),
      },
    };
    return { context, informers };
  }
}

/** A controller's streams end with its signal. */
const ignore = () => () => {};
