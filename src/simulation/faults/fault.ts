/** What every fault has in common: parameters, how it begins, how it is taken back, and how a swarm draws one. */
import type { Random } from '../../base/random.ts';
import type { World } from '../world/world.ts';
import {
  type ParameterSpecs,
  type Parameters,
  type Parties,
  readParameters,
  type ValuesOf,
} from './fault-parameters.ts';

export interface FaultKind {
  readonly summary: string;
  readonly parameters: ParameterSpecs;
  /** How long a swarm lets it last; absent for what happens at one moment. */
  readonly lasts?: DurationBounds;
  /** `undefined` when there is nobody to whom it could happen: a cluster without candidates, without a disk. */
  draw(random: Random, parties: Parties): Parameters | undefined;
  /** @throws FaultError that names `place` */
  check(parameters: Parameters, context: { parties: Parties; place: string }): void;
  /** Makes it so until the returned function is called, once. What has ended or is off already is left alone. */
  begin(world: World, parameters: Parameters, random: Random): () => void;
}

export interface DurationBounds {
  minMs: number;
  maxMs: number;
}

/** What a kind of fault says of itself; the rest follows. */
interface FaultDefinition<S extends ParameterSpecs> {
  summary: string;
  parameters: S;
  lasts?: DurationBounds;
  draw(random: Random, parties: Parties): Parameters | undefined;
  /** `undefined`: there is nothing to take back. */
  begin(world: World, parameters: ValuesOf<S>, random: Random): (() => void) | undefined;
}

export function defineFault<S extends ParameterSpecs>(definition: FaultDefinition<S>): FaultKind {
  return {
    ...definition,
    check: (parameters, context) => void readParameters(definition.parameters, parameters, context),
    begin(world, parameters, random) {
      const context = { parties: partiesOf(world), place: 'parameters' };
      const values = readParameters(definition.parameters, parameters, context);
      return definition.begin(world, values, random) ?? (() => {});
    },
  };
}

export function partiesOf(world: World): Parties {
  return {
    nodes: [...world.nodes.keys()],
    machines: [...world.machines.keys()],
    processes: [...world.machines].flatMap(([machine, { programs }]) =>
      programs.map((program) => `${machine}/${program}`),
    ),
  };
}
