/** Faults of a node's container runtime and of single containers. */
import type { SimulatedRuntime } from '../sim-runtime.ts';
import type { World } from '../world/world.ts';
import { defineFault, type FaultKind } from './fault.ts';
import { NODE_NAME, pick } from './fault-parameters.ts';

export const RUNTIME_FAULTS = {
  'runtime-down': defineFault({
    summary: "a node's container runtime answers nothing; containers run on",
    parameters: { node: NODE_NAME },
    lasts: { minMs: 500, maxMs: 120_000 },
    draw: (random, { nodes }) => ({ node: pick(random, nodes) }),
    begin(world, { node }) {
      const runtime = runtimeOf(world, node);
      runtime.goDown('fault');
      return () => runtime.recover();
    },
  }),
} satisfies Record<string, FaultKind>;

function runtimeOf(world: World, node: string): SimulatedRuntime {
  return world.nodes.get(node)!.host.runtime;
}
