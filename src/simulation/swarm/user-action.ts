/** What every user action has in common. */
import type { JsonObject } from '../../api/json.ts';
import type { Random } from '../../base/random.ts';
import type { ApiClient } from '../../client/api-client.ts';
import type { World } from '../world/world.ts';
import type { SwarmPlan } from './plan.ts';

export interface ActionContext {
  world: World;
  plan: SwarmPlan;
  /** Of the user, who is outside of the cluster and has every right. */
  client: ApiClient;
  /** Of this one action. */
  random: Random;
  signal: AbortSignal;
}

export interface UserAction {
  readonly summary: string;
  /** `undefined` when the plan has nothing to do it to. */
  draw(random: Random, plan: Pick<SwarmPlan, 'cluster' | 'objects'>): JsonObject | undefined;
  /** @throws StatusError when it cannot be done (any more) */
  run(context: ActionContext, parameters: JsonObject): Promise<void>;
}

/** The parameters are those that `draw` gave; `P` says which. */
export function defineAction<P extends JsonObject>(action: {
  summary: string;
  draw(random: Random, plan: Pick<SwarmPlan, 'cluster' | 'objects'>): P | undefined;
  run(context: ActionContext, parameters: P): Promise<void>;
}): UserAction {
  return { ...action, run: (context, parameters) => action.run(context, parameters as P) };
}
