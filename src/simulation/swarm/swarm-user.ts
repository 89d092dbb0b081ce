/** The user of a swarm's cluster: creates its objects, acts while faults are on, and leaves it as it should be. */
import type { PodSpec } from '../../api/generated/core-v1.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { DEPLOYMENTS, NODES, PODS, REPLICA_SETS } from '../../api/resources.ts';
import { isCancellation } from '../../base/abort.ts';
import { StatusError } from '../../base/status-error.ts';
import type { World } from '../world/world.ts';
import { createObject, setUnschedulable } from './cluster-actions.ts';
import { BROKEN_IMAGE, SOUND_IMAGE } from './draw-programs.ts';
import type { PlannedAction, SwarmPlan } from './plan.ts';
import type { ActionContext } from './user-action.ts';
import { USER_ACTIONS } from './user-actions.ts';
import { nameOf, setImage, setPaused } from './workload-actions.ts';

const RETRY_MS = 1000;
/** Without faults the API answers; the longest wait is for a machine that has just come back. */
const INSISTS_FOR_MS = 5 * 60_000;

export class SwarmUser {
  /** What no request may end with: not a Status, but a bug. */
  readonly broken: string[] = [];
  readonly #context: Omit<ActionContext, 'random'>;
  readonly #chaosOver = new AbortController();
  readonly #over = new AbortController();

  constructor(world: World, plan: SwarmPlan) {
    this.#context = { world, plan, client: world.client(), signal: this.#over.signal };
  }

  async createObjects(): Promise<void> {
    for (const object of this.#context.plan.objects) {
      await this.#insist(() => createObject(this.#context, object));
    }
  }

  /** Begins an action; one that does not work is given up. */
  act({ action, parameters, atMs }: PlannedAction): void {
    const random = this.#context.world.random.fork(`action ${action} ${atMs}`);
    const context = { ...this.#context, random, signal: this.#chaosOver.signal };
    USER_ACTIONS[action]!.run(context, parameters).catch((error: unknown) => this.#judge(error));
  }

  /** What is begun is given up; nodes are opened, rollouts go on, and what cannot run gets an image that can. */
  async mend(): Promise<void> {
    const { world } = this.#context;
    this.#chaosOver.abort(new Error('the user gives up'));
    for (const { metadata, spec } of world.objects(NODES)) {
      if (spec?.unschedulable)
        await this.#insist(() => setUnschedulable(this.#context, metadata.name, false));
    }
    for (const deployment of world.objects(DEPLOYMENTS)) {
      const context = { ...this.#context, random: world.random };
      const target = nameOf(deployment);
      if (deployment.spec?.paused) await this.#insist(() => setPaused(context, target, false));
      if (isBroken(deployment.spec?.template?.spec)) {
        await this.#insist(() => setImage(context, target, SOUND_IMAGE));
      }
    }
    await this.#removeBroken();
  }

  /** What a deleted Deployment has left and nobody can bring back. */
  async #removeBroken(): Promise<void> {
    const { world, client, signal } = this.#context;
    for (const set of world.objects(REPLICA_SETS)) {
      if (controllerOf(set) !== undefined || !isBroken(set.spec?.template?.spec)) continue;
      await this.#insist(async () => void (await client.delete(REPLICA_SETS, nameOf(set), {}, signal)));
    }
    for (const pod of world.objects(PODS)) {
      if (controllerOf(pod) !== undefined || !isBroken(pod.spec)) continue;
      await this.#insist(async () => void (await client.delete(PODS, nameOf(pod), {}, signal)));
    }
  }

  stop(): void {
    this.#over.abort(new Error('the run is over'));
  }

  /** Tries again until it is done, or there is nothing to do it to; time passes meanwhile. */
  async #insist(request: () => Promise<void>): Promise<void> {
    const { world } = this.#context;
    let state: 'pending' | 'done' | 'refused' = 'refused';
    const attempt = () => {
      state = 'pending';
      request().then(
        () => {
          state = 'done';
        },
        (error: unknown) => {
          this.#judge(error);
          state = error instanceof StatusError && error.reason === 'NotFound' ? 'done' : 'refused';
        },
      );
    };
    const holds = () => state === 'done';
    for (let passedMs = 0; !holds() && passedMs < INSISTS_FOR_MS; passedMs += RETRY_MS) {
      if ((state as string) === 'refused') attempt();
      await world.clock.settle();
      if (!holds()) await world.advance(RETRY_MS);
    }
    if (!holds()) this.broken.push('the API did not do what the user asked, long after the last fault');
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
