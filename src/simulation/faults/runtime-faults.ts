/** Faults of a node's container runtime, of its files, and of single containers. */
import type { Random } from '../../base/random.ts';
import { RuntimeError } from '../../container-runtime/runtime.ts';
import type { SimulatedHost } from '../world/sim-host.ts';
import type { World } from '../world/world.ts';
import { defineFault, type FaultKind } from './fault.ts';
import {
  DURATION,
  drawDuration,
  NODE_NAME,
  type Parties,
  pick,
  SHARE,
  withDefault,
} from './fault-parameters.ts';

const LASTS = { minMs: 500, maxMs: 120_000 };
/** Which of the containers that run on the node: 0 is the oldest, close to 1 the youngest. */
const CONTAINER = { node: NODE_NAME, which: withDefault(SHARE, 0) };

export const RUNTIME_FAULTS = {
  'runtime-down': defineFault({
    summary: "a node's container runtime answers nothing; containers run on",
    parameters: { node: NODE_NAME },
    lasts: LASTS,
    draw: drawNode,
    begin(world, { node }) {
      const { runtime } = hostOf(world, node);
      runtime.goDown('fault');
      return () => runtime.recover();
    },
  }),
  'slow-runtime': defineFault({
    summary: "each call of a node's container runtime takes a random time within the bounds",
    parameters: { node: NODE_NAME, min: DURATION, max: DURATION },
    lasts: LASTS,
    draw: (random, parties) => ({
      ...drawNode(random, parties),
      min: '1ms',
      max: drawDuration(random, 10, 30_000),
    }),
    begin(world, { node, min, max }) {
      const { runtime } = hostOf(world, node);
      runtime.slow({ min, max: Math.max(min, max) });
      return () => runtime.slow(undefined);
    },
  }),
  'failing-pulls': defineFault({
    summary: 'no image can be pulled on a node',
    parameters: { node: NODE_NAME },
    lasts: { minMs: 1000, maxMs: 600_000 },
    draw: drawNode,
    begin(world, { node }) {
      const { runtime } = hostOf(world, node);
      runtime.failPulls(new RuntimeError('RegistryUnavailable', 'the registry does not answer'));
      return () => runtime.failPulls(undefined);
    },
  }),
  'full-node': defineFault({
    summary: 'nothing more can be written to the volumes of a node',
    parameters: { node: NODE_NAME },
    lasts: LASTS,
    draw: drawNode,
    begin(world, { node }) {
      const { volumes } = hostOf(world, node);
      volumes.fill();
      return () => volumes.free();
    },
  }),
  'container-crash': defineFault({
    summary: 'the process of a container ends by itself with an error',
    parameters: CONTAINER,
    draw: drawContainer,
    begin(world, { node, which }) {
      const { runtime } = hostOf(world, node);
      const id = runningContainer(world, node, which);
      if (id !== undefined) runtime.crash(id);
      return undefined;
    },
  }),
  'container-oom': defineFault({
    summary: 'a container is killed because its memory is used up',
    parameters: CONTAINER,
    draw: drawContainer,
    begin(world, { node, which }) {
      const { runtime } = hostOf(world, node);
      const id = runningContainer(world, node, which);
      if (id !== undefined) runtime.oomKill(id);
      return undefined;
    },
  }),
  'container-hang': defineFault({
    summary: 'a container does nothing more: no answer, no reaction to a signal but SIGKILL',
    parameters: CONTAINER,
    lasts: { minMs: 500, maxMs: 300_000 },
    draw: drawContainer,
    begin(world, { node, which }) {
      const { runtime } = hostOf(world, node);
      const id = runningContainer(world, node, which);
      if (id === undefined) return undefined;
      runtime.hang(id);
      return () => {
        if (runtime.containersNow().some((container) => container.id === id)) runtime.unhang(id);
      };
    },
  }),
} satisfies Record<string, FaultKind>;

function drawNode(random: Random, { nodes }: Parties) {
  return { node: pick(random, nodes) };
}

function drawContainer(random: Random, parties: Parties) {
  return { ...drawNode(random, parties), which: Math.floor(random.next() * 100) / 100 };
}

function hostOf(world: World, node: string): SimulatedHost {
  return world.nodes.get(node)!.host;
}

function runningContainer(world: World, node: string, which: number): string | undefined {
  const running = hostOf(world, node)
    .runtime.containersNow()
    .filter(({ state }) => state === 'running');
  return running[Math.floor(which * running.length)]?.id;
}
