/**
 * The user of a swarm's cluster: wants the plan's objects, acts while faults are on, and in the end wants everything as
 * planned again: objects there, nodes open, rollouts going on, and images that can run.
 */
import type { PodSpec } from '../../api/generated/core-v1.ts';
import type { KubeObject } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { DEPLOYMENTS, NODES, PODS, REPLICA_SETS } from '../../api/resources.ts';
import { isCancellation } from '../../base/abort.ts';
import { StatusError } from '../../base/status-error.ts';
import type { World } from '../world/world.ts';
import { createObject, resourceOf } from './create-object.ts';
import { BROKEN_IMAGE, SOUND_IMAGE } from './draw-programs.ts';
import { OWN_TAINT, setTaint, setUnschedulable } from './node-actions.ts';
import type { PlannedAction, SwarmPlan } from './plan.ts';
import type { ActionContext } from './user-action.ts';
import { USER_ACTIONS } from './user-actions.ts';
import { nameOf, setImage, setPaused } from './workload-actions.ts';

/** Something that is not as the user wants it, and the request that would make it so. */
interface Wish {
  what: string;
  /** Absent: it takes care of itself. */
  request?: () => Promise<unknown>;
}

export class SwarmUser {
  /** How requests ended that should end with a Status: bugs. */
  readonly broken: string[] = [];
  readonly #context: ActionContext;
  readonly #chaosOver = new AbortController();
  readonly #over = new AbortController();
  readonly #asking = new Set<string>();

  constructor(world: World, plan: SwarmPlan) {
    this.#context = {
      world,
      plan,
      client: world.client(),
      random: world.random.fork('user'),
      signal: this.#over.signal,
    };
  }

  /** Begins an action; one that does not work is given up. */
  act({ action, parameters, atMs }: PlannedAction): void {
    const random = this.#context.random.fork(`${action} ${atMs}`);
    const context = { ...this.#context, random, signal: this.#chaosOver.signal };
    USER_ACTIONS[action]!.run(context, parameters).catch((error: unknown) => this.#judge(error));
  }

  /** Actions that are not done yet are given up. */
  giveUp(): void {
    this.#chaosOver.abort(new Error('the user gives up'));
  }

  /** Asks once more for what is not as it should be, and says what that is. Call it again and again. */
  tidy(): string[] {
    const wishes = [...this.#missing(), ...this.#halted(), ...this.#hopeless()];
    for (const { what, request } of wishes) {
      if (request === undefined || this.#asking.has(what)) continue;
      this.#asking.add(what);
      request()
        .catch((error: unknown) => this.#judge(error))
        .finally(() => this.#asking.delete(what));
    }
    return wishes.map(({ what }) => what);
  }

  stop(): void {
    this.giveUp();
    this.#over.abort(new Error('the run is over'));
  }

  *#missing(): Generator<Wish> {
    const { world, plan } = this.#context;
    for (const object of plan.objects) {
      const { namespace, name } = nameOf(object);
      const found = world
        .objects(resourceOf(object), namespace)
        .find(({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === namespace);
      const what = `${object.kind} ${namespace}/${name}`;
      if (found === undefined) {
        yield { what: `${what} is not there`, request: () => createObject(this.#context, object) };
      } else if (found.metadata.deletionTimestamp !== undefined) yield { what: `${what} is not gone` };
    }
  }

  *#halted(): Generator<Wish> {
    const context = this.#context;
    for (const { metadata, spec } of context.world.objects(NODES)) {
      const { name } = metadata;
      if (spec?.unschedulable === true) {
        yield { what: `Node ${name} is closed`, request: () => setUnschedulable(context, name, false) };
      }
      if (spec?.taints?.some(({ key }) => key === OWN_TAINT)) {
        yield { what: `Node ${name} is tainted`, request: () => setTaint(context, name, undefined) };
      }
    }
    for (const deployment of context.world.objects(DEPLOYMENTS)) {
      if (deployment.spec.paused !== true) continue;
      const target = nameOf(deployment);
      yield { what: `Deployment ${target.name} is paused`, request: () => setPaused(context, target, false) };
    }
  }

  /** What runs an image that never works; what a deleted Deployment has left of that is removed. */
  *#hopeless(): Generator<Wish> {
    const context = this.#context;
    const { world, client, signal } = context;
    for (const deployment of world.objects(DEPLOYMENTS)) {
      if (!isBroken(deployment.spec.template.spec)) continue;
      const request = () => setImage(context, nameOf(deployment), SOUND_IMAGE);
      yield { what: `Deployment ${describe(deployment)} cannot run`, request };
    }
    for (const set of world.objects(REPLICA_SETS)) {
      if (controllerOf(set) !== undefined || !isBroken(set.spec.template?.spec)) continue;
      const request = () => client.delete(REPLICA_SETS, nameOf(set), {}, signal);
      yield { what: `ReplicaSet ${describe(set)} cannot run`, request };
    }
    for (const pod of world.objects(PODS)) {
      if (controllerOf(pod) !== undefined || !isBroken(pod.spec)) continue;
      yield {
        what: `Pod ${describe(pod)} cannot run`,
        request: () => client.delete(PODS, nameOf(pod), {}, signal),
      };
    }
  }

  #judge(error: unknown): void {
    const isExpected =
      isCancellation(error, this.#chaosOver.signal) ||
      isCancellation(error, this.#over.signal) ||
      error instanceof StatusError;
    if (!isExpected) this.broken.push(String(error instanceof Error ? error.stack : error));
  }
}

function isBroken(spec: PodSpec | undefined): boolean {
  return spec?.containers?.some(({ image }) => image === BROKEN_IMAGE) ?? false;
}

function describe({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
