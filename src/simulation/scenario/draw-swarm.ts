/** The faults of a swarm, chosen by the seed. */
import type { Random } from '../../base/random.ts';
import { drawMs, type Parties, pick } from '../faults/fault-parameters.ts';
import { FAULTS, type FaultCall } from '../faults/fault-table.ts';
import type { ScenarioSwarm } from './scenario.ts';

export interface DrawnFault extends FaultCall {
  atMs: number;
  /** Absent for what happens at one moment. */
  forMs: number | undefined;
}

/** One for which there is nobody in this cluster is left out. */
export function drawSwarm(swarm: ScenarioSwarm, parties: Parties, random: Random): DrawnFault[] {
  const { fromMs, untilMs, count, faults } = swarm;
  return Array.from({ length: count }, (): DrawnFault | undefined => {
    const fault = pick(random, faults);
    const kind = FAULTS[fault]!;
    const parameters = kind.draw(random, parties);
    const atMs = Math.round(fromMs + random.next() * (untilMs - fromMs));
    const forMs = kind.lasts && drawMs(random, kind.lasts.minMs, kind.lasts.maxMs);
    return parameters && { fault, parameters, atMs, forMs };
  }).filter((fault) => fault !== undefined);
}
