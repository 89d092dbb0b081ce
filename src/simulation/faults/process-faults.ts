/** Faults of single processes. What the keeper makes of them is the keeper's. */
import type { SimulatedMachine } from '../world/sim-machine.ts';
import type { SimulatedProcess } from '../world/sim-process.ts';
import type { World } from '../world/world.ts';
import { defineFault, type FaultKind } from './fault.ts';
import { COUNT, drawCount, MACHINE_NAME, PROCESS_NAME, pick } from './fault-parameters.ts';

/** Longer than this without an answer, and the watchdog replaces the process. */
const LONG_MS = 60_000;

export const PROCESS_FAULTS = {
  'kill-process': defineFault({
    summary: 'a process ends at once, as by kill -9',
    parameters: { process: PROCESS_NAME },
    draw: (random, { processes }) => ({ process: pick(random, processes) }),
    begin(world, { process }) {
      findProcess(world, process)?.kill('fault');
      return undefined;
    },
  }),
  'kill-at-step': defineFault({
    summary: 'a process ends in the middle of what it does: at its n-th door to the world from now',
    parameters: { process: PROCESS_NAME, steps: COUNT },
    draw: (random, { processes }) => ({
      process: pick(random, processes),
      steps: drawCount(random, 1, random.next() < 0.5 ? 30 : 400),
    }),
    begin(world, { process, steps }) {
      const life = findProcess(world, process)?.life;
      life?.killAfterSteps(steps);
      return () => life?.killAfterSteps(Number.POSITIVE_INFINITY);
    },
  }),
  'freeze-process': defineFault({
    summary: 'a process stands still, as by SIGSTOP; the watchdog replaces one that does so for long',
    parameters: { process: PROCESS_NAME },
    lasts: { minMs: 100, maxMs: LONG_MS },
    draw: (random, { processes }) => ({ process: pick(random, processes) }),
    begin(world, { process }) {
      const found = findProcess(world, process);
      found?.freeze();
      return () => found?.thaw();
    },
  }),
  'kill-keeper': defineFault({
    summary: 'the keeper of a machine is gone: its processes run on, and nobody replaces them',
    parameters: { machine: MACHINE_NAME },
    lasts: { minMs: 100, maxMs: LONG_MS },
    draw: (random, { machines }) => ({ machine: pick(random, machines) }),
    begin(world, { machine }) {
      const found = world.machine(machine);
      found.killKeeper();
      return () => found.startKeeper();
    },
  }),
} satisfies Record<string, FaultKind>;

/** The one that runs now. */
export function findProcess(world: World, name: string): SimulatedProcess | undefined {
  return machineOf(world, name).process(name.split('/')[1]!);
}

/** Of a process. */
export function machineOf(world: World, process: string): SimulatedMachine {
  return world.machine(process.split('/')[0]!);
}
