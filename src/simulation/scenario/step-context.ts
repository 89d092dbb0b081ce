/** What a step of a scenario acts with: the user's client, and the world that it may disturb. */

import type { Random } from '../../base/random.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { beginFault, type FaultCall } from '../faults/fault-table.ts';
import type { World } from '../world/world.ts';

export interface StepContext {
  world: World;
  /** Of the user, who is outside of the cluster and has every right. */
  client: ApiClient;
  /** Of this step. */
  random: Random;
  /** Aborts with the end of the scenario. */
  signal: AbortSignal;
  /** Of a fault that the step has begun; called with the end of the scenario. */
  readonly onEnd: (end: () => void) => void;
}

/** Begins a fault that ends after `forMs`, or with the scenario. */
export function beginFaultFor(
  { world, random, onEnd }: Pick<StepContext, 'world' | 'random' | 'onEnd'>,
  call: FaultCall,
  forMs: number | undefined,
): void {
  const end = beginFault(world, call, random);
  const timer = forMs === undefined ? undefined : world.clock.setTimer(forMs, end);
  onEnd(() => {
    timer?.cancel();
    end();
  });
}
