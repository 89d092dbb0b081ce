/** What every fault has in common: parameters, how it begins, how it is taken back, and how a swarm draws one. */
import type { Random } from '../../base/random.ts';
import type { World } from '../world/world.ts';
import {
  FaultError,
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
  /** Only for clusters whose disk under the store is simulated. */
  needsDisk?: boolean;
  draw(random: Random, parties: Parties): Parameters | undefined;
  /** `undefined`: there is nothing to take back. */
  begin(world: World, parameters: ValuesOf<S>, random: Random): (() => void) | undefined;
}

export function defineFault<S extends ParameterSpecs>(definition: FaultDefinition<S>): FaultKind {
  const { needsDisk = false, parameters: specs } = definition;
  const read = (given: Parameters, context: { parties: Parties; place: string }) => {
    if (needsDisk && !context.parties.hasDisk) {
      throw new FaultError(`${context.place}: the disk of this cluster is not a simulated one`);
    }
    return readParameters(specs, given, context);
  };
  return {
    ...definition,
    draw: (random, parties) => (needsDisk && !parties.hasDisk ? undefined : definition.draw(random, parties)),
    check: (parameters, context) => void read(parameters, context),
    begin(world, parameters, random) {
      const values = read(parameters, { parties: partiesOf(world), place: 'parameters' });
      return definition.begin(world, values, random) ?? (() => {});
    },
  };
}

export function partiesOf(world: World): Parties {
  return {
    hasDisk: world.disk !== undefined,
    nodes: [...world.nodes.keys()],
    machines: [...world.machines.keys()],
    processes: [...world.machines].flatMap(([machine, { programs }]) =>
      programs.map((program) => `${machine}/${program}`),
    ),
  };
}
