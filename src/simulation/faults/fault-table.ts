/** Everything that can go wrong in a simulated world: one row a fault. Scenarios and swarms choose from it. */
import type { Random } from '../../base/random.ts';
import type { World } from '../world/world.ts';
import { CLOCK_FAULTS } from './clock-faults.ts';
import { DISK_FAULTS } from './disk-faults.ts';
import type { FaultKind } from './fault.ts';
import { FaultError, type Parameters, type Parties } from './fault-parameters.ts';
import { MACHINE_FAULTS } from './machine-faults.ts';
import { NETWORK_FAULTS } from './network-faults.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { RUNTIME_FAULTS } from './runtime-faults.ts';
import { WATCH_FAULTS } from './watch-faults.ts';

export const FAULTS: Readonly<Record<string, FaultKind>> = {
  ...PROCESS_FAULTS,
  ...MACHINE_FAULTS,
  ...NETWORK_FAULTS,
  ...WATCH_FAULTS,
  ...DISK_FAULTS,
  ...RUNTIME_FAULTS,
  ...CLOCK_FAULTS,
};

/** A fault as a plan or a scenario names it. */
export interface FaultCall {
  fault: string;
  parameters: Parameters;
}

/** @throws FaultError that names `place`, for a fault or a parameter that does not exist or cannot be meant */
export function checkFault(
  { fault, parameters }: FaultCall,
  context: { parties: Parties; place: string },
): void {
  faultKind(fault, context.place).check(parameters, context);
}

/** Begins a fault and tells the world. The returned function ends it, once. @throws FaultError */
export function beginFault(world: World, { fault, parameters }: FaultCall, random: Random): () => void {
  const kind = faultKind(fault, 'fault');
  world.observe({ kind: 'fault', fault, what: 'begins', parameters });
  let end: (() => void) | undefined = kind.begin(world, parameters, random);
  return () => {
    const ending = end;
    end = undefined;
    if (ending === undefined) return;
    if (kind.lasts !== undefined) world.observe({ kind: 'fault', fault, what: 'ends', parameters });
    ending();
  };
}

function faultKind(name: string, place: string): FaultKind {
  const kind = Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined;
  if (kind !== undefined) return kind;
  throw new FaultError(`${place}: unknown fault "${name}"; there are: ${Object.keys(FAULTS).join(', ')}`);
}
