/** What a test does to machines and processes, by their names. */

import { partiesOf } from '../simulation/faults/fault.ts';
import type { Parameters } from '../simulation/faults/fault-parameters.ts';
import { beginFault, checkFault } from '../simulation/faults/fault-table.ts';
import { suggestion } from '../simulation/scenario/closest.ts';
import type { SimulatedMachine } from '../simulation/world/sim-machine.ts';
import type { World } from '../simulation/world/world.ts';

export class Machinery {
  readonly #world: World;
  #faults = 0;
  readonly #partitions = new Map<string, (() => void)[]>();

  constructor(world: World) {
    this.#world = world;
  }

  kill(name: string): void {
    this.#machine(name).powerOff();
  }

  freeze(name: string): void {
    const machine = this.#machine(name);
    if (machine.isOn) machine.freeze();
  }

  partition(name: string, direction: 'both' | 'in' | 'out'): void {
    this.#machine(name);
    const { network } = this.#world;
    const change = { isCut: true };
    const cuts = this.#partitions.get(name) ?? [];
    if (direction !== 'in') cuts.push(network.disturb({ from: name, to: '*', change }));
    if (direction !== 'out') cuts.push(network.disturb({ from: '*', to: name, change }));
    this.#partitions.set(name, cuts);
  }

  restore(name: string): void {
    const machine = this.#machine(name);
    for (const mend of this.#partitions.get(name) ?? []) mend();
    this.#partitions.delete(name);
    if (machine.isOn) machine.thaw();
    else machine.powerOn();
  }

  /** Begins a fault of the simulator's table. @throws FaultError */
  fault(name: string, parameters: Parameters): () => void {
    const place = `fault("${name}")`;
    checkFault({ fault: name, parameters }, { parties: partiesOf(this.#world), place });
    const random = this.#world.random.fork(`fault ${++this.#faults}`);
    return beginFault(this.#world, { fault: name, parameters }, random);
  }

  /** `server`, `node-1/agent`, or the name of a machine on which one process runs. */
  crash(name: string): void {
    const all = this.#processes();
    const found = all.filter(
      ({ machine, program }) =>
        name === `${machine.name}/${program}` || name === machine.name || name === program,
    );
    const names = all.map(({ machine, program }) => `${machine.name}/${program}`);
    if (found.length === 0) throw new TypeError(`there is no process "${name}"${suggestion(name, names)}`);
    if (found.length > 1)
      throw new TypeError(`"${name}" is several processes; choose one: ${names.join(', ')}`);
    found[0]!.machine.process(found[0]!.program)?.kill('crashed by the test');
  }

  #processes(): { machine: SimulatedMachine; program: string }[] {
    return [...this.#world.machines.values()].flatMap((machine) =>
      machine.programs.map((program) => ({ machine, program })),
    );
  }

  #machine(name: string): SimulatedMachine {
    const machine = this.#world.machines.get(name);
    if (machine !== undefined) return machine;
    throw new TypeError(`there is no machine "${name}"${suggestion(name, [...this.#world.machines.keys()])}`);
  }
}
