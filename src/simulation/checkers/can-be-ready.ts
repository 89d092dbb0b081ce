/** Whether a Pod should become ready when nothing disturbs it, by what its programs do. In doubt: no. */
import type { Pod } from '../../api/generated/core-v1.ts';
import { normalizeImageReference } from '../../container-runtime/image-reference.ts';
import type { SimulatedProgram, SimulatedRun } from '../sim-program.ts';
import type { World } from '../world/world.ts';

export function canBeReady(world: World, { spec }: Pod): boolean {
  return [...(spec.initContainers ?? []), ...spec.containers].every(({ image = '' }) => {
    const program = programOf(world, image);
    return program !== undefined && isSteady(program);
  });
}

function programOf({ programs }: World, image: string): SimulatedProgram | undefined {
  const name = normalizeImageReference(image);
  return Object.entries(programs).find(([reference]) => normalizeImageReference(reference) === name)?.[1];
}

function isSteady({ pull, runs = [] }: SimulatedProgram): boolean {
  const isPullable = pull?.error === undefined || pull.error.times !== undefined;
  return isPullable && isSteadyRun(runs.at(-1) ?? {});
}

/** The last run is the one that repeats. */
function isSteadyRun(run: SimulatedRun): boolean {
  const { exit, startError, hang, memory, capacity, answers, health, commands } = run;
  return [exit, startError, hang, memory, capacity, answers, health, commands].every(
    (part) => part === undefined,
  );
}
