/** Faults of the links between machines. */
import type { Random } from '../../base/random.ts';
import type { LinkConditions } from '../world/sim-network.ts';
import { CONTROL_PLANE, type World } from '../world/world.ts';
import { defineFault, type FaultKind } from './fault.ts';
import {
  CHANCE,
  DURATION,
  drawDuration,
  NODE_NAME,
  PARTY_NAME,
  type Parties,
  pick,
} from './fault-parameters.ts';

const LASTS = { minMs: 500, maxMs: 300_000 };

export const NETWORK_FAULTS = {
  partition: defineFault({
    summary: 'nothing passes between two parties, in either direction',
    parameters: { between: PARTY_NAME, and: PARTY_NAME },
    lasts: LASTS,
    draw: (random, parties) => ({ between: drawRemoteClient(random, parties), and: CONTROL_PLANE }),
    begin: (world, { between, and }) => bothWays(world, between, and, { isCut: true }),
  }),
  'one-way-partition': defineFault({
    summary: 'nothing passes from one party to another; the other direction works',
    parameters: { from: PARTY_NAME, to: PARTY_NAME },
    lasts: LASTS,
    draw(random, parties) {
      const client = drawRemoteClient(random, parties);
      return random.next() < 0.5 ? { from: client, to: CONTROL_PLANE } : { from: CONTROL_PLANE, to: client };
    },
    begin: (world, { from, to }) => world.network.disturb({ from, to, change: { isCut: true } }),
  }),
  'isolated-node': defineFault({
    summary: 'nothing reaches a node and nothing leaves it',
    parameters: { node: NODE_NAME },
    lasts: { minMs: 1000, maxMs: 600_000 },
    draw: (random, { nodes }) => ({ node: pick(random, nodes) }),
    begin: (world, { node }) => bothWays(world, node, '*', { isCut: true }),
  }),
  'slow-link': defineFault({
    summary: 'every message between two parties takes a random time within the bounds',
    parameters: { between: PARTY_NAME, and: PARTY_NAME, min: DURATION, max: DURATION },
    lasts: LASTS,
    draw(random, parties) {
      const between = drawClient(random, parties);
      return { between, and: CONTROL_PLANE, min: '1ms', max: drawDuration(random, 20, 5000) };
    },
    begin: (world, { between, and, min, max }) =>
      bothWays(world, between, and, { latencyMs: { min, max: Math.max(min, max) } }),
  }),
  'connection-resets': defineFault({
    summary: 'a message resets its connection with the given chance: the request is lost, or only its answer',
    parameters: { between: PARTY_NAME, and: PARTY_NAME, chance: CHANCE },
    lasts: LASTS,
    draw: (random, parties) => ({
      between: drawClient(random, parties),
      and: CONTROL_PLANE,
      chance: 0.02 + Math.round(random.next() * 30) / 100,
    }),
    begin: (world, { between, and, chance }) => bothWays(world, between, and, { resetChance: chance }),
  }),
  'duplicated-requests': defineFault({
    summary: 'a request that may be repeated is executed twice with the given chance',
    parameters: { from: PARTY_NAME, chance: CHANCE },
    lasts: LASTS,
    draw: (random, parties) => ({
      from: drawClient(random, parties),
      chance: 0.05 + Math.round(random.next() * 50) / 100,
    }),
    begin: (world, { from, chance }) =>
      world.network.disturb({ from, to: CONTROL_PLANE, change: { duplicateChance: chance } }),
  }),
} satisfies Record<string, FaultKind>;

export function bothWays(
  world: World,
  between: string,
  and: string,
  change: Partial<LinkConditions>,
): () => void {
  const mend = [
    world.network.disturb({ from: between, to: and, change }),
    world.network.disturb({ from: and, to: between, change }),
  ];
  return () => {
    for (const one of mend) one();
  };
}

/** One that uses the API: by its name, or all that are not on the API server's own machine. */
export function drawClient(random: Random, { machines }: Parties): string {
  return pick(random, [...machines, 'user', '*']);
}

/** One that reaches the API over the network, or all of them. */
export function drawRemoteClient(random: Random, { machines }: Parties): string {
  return pick(random, [...machines.filter((name) => name !== CONTROL_PLANE), 'user', '*']);
}
