/** The controllers that a test runs: their names, their failures, their end. */
import type { UserInfo } from '../api/message.ts';
import { StatusError } from '../base/status-error.ts';
import type { World } from '../simulation/world/world.ts';
import type { ControllerHandle } from './cluster.ts';
import type { ControllerFunction } from './controller-context.ts';
import { ControllerRun } from './controller-run.ts';
import type { Failures } from './failures.ts';
import type { KnownKinds } from './known-kinds.ts';
import { formatOpenThing, LeakError, type OpenThing } from './open-things.ts';
import type { TimeDriver } from './time-driver.ts';

export interface ControllersOptions {
  world: World;
  time: TimeDriver;
  failures: Failures;
  kinds: KnownKinds;
}

export interface ControllerStart {
  run: ControllerFunction;
  /** May be empty. */
  name: string;
  user: UserInfo;
  site: string;
}

/** Of the cluster's time, and as often in real time too: a controller may wait for something outside. */
const END_STEP_MS = 500;
const END_STEPS_MAX = 20;
const REAL_STEP_MS = 50;
/** @see k8s.io/apimachinery/pkg/util/validation IsDNS1123Label */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

export class Controllers {
  readonly #options: ControllersOptions;
  readonly #runs = new Map<ControllerRun, OpenThing>();

  constructor(options: ControllersOptions) {
    this.#options = options;
  }

  start({ run, name, user, site }: ControllerStart): ControllerHandle {
    const { world, failures, kinds } = this.#options;
    const chosen = this.#chooseName(name);
    const thing = { what: `controller "${chosen}"`, site };
    const controller = new ControllerRun({
      world,
      kinds,
      name: chosen,
      user,
      run,
      onFailure: (error) => failures.add(newFailure(thing, error)),
    });
    this.#runs.set(controller, thing);
    return {
      name: chosen,
      stop: async () => {
        const leaks = await this.#end([controller]);
        if (leaks.length > 0) throw new LeakError(leaks);
      },
    };
  }

  /** Ends all. Resolves with what they leave behind. */
  stop(): Promise<OpenThing[]> {
    return this.#end([...this.#runs.keys()]);
  }

  async #end(controllers: readonly ControllerRun[]): Promise<OpenThing[]> {
    const reason = new StatusError('ServiceUnavailable', 'the controller is stopped');
    for (const controller of controllers) controller.abort(reason);
    const { time } = this.#options;
    await time.settle();
    for (let step = 0; step < END_STEPS_MAX && controllers.some(({ hasEnded }) => !hasEnded); step++) {
      await time.advance(END_STEP_MS);
      if (step > 0) await new Promise((resolve) => setTimeout(resolve, REAL_STEP_MS));
    }
    return controllers.flatMap((controller) => {
      const thing = this.#runs.get(controller);
      this.#runs.delete(controller);
      if (thing === undefined) return [];
      if (controller.hasEnded) return controller.leaks();
      return [{ ...thing, what: `${thing.what}, which does not end when its signal aborts` }];
    });
  }

  #chooseName(wanted: string): string {
    const { machines } = this.#options.world;
    const base = wanted === '' ? 'controller' : toName(wanted);
    if (!machines.has(base)) return base;
    let number = 2;
    while (machines.has(`${base}-${number}`)) number++;
    return `${base}-${number}`;
  }
}

/** `runWebOperator` is `run-web-operator`. */
function toName(wanted: string): string {
  const name = wanted
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return NAME.test(name) ? name : 'controller';
}

function newFailure(thing: OpenThing, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  return new Error(`${formatOpenThing(thing)}, failed: ${message}`, { cause: error });
}
