/**
 * How long nothing has been in the way of a node, or of the control plane: the time that a bound on healing may count.
 * A bound says "within 30 s", and means 30 s in which the agent lived, its machine had power, and messages passed.
 *
 * A party is calm while its machine is on and not frozen, its processes run, its links to the control plane are good, and
 * no fault that lasts has begun on it. Whatever disturbs it starts its time anew.
 */
import { FAULTS } from '../faults/fault-table.ts';
import { CONTROL_PLANE, type World } from '../world/world.ts';
import type { FaultChanged, ProcessChanged, WorldEvent } from '../world/world-event.ts';

/** Links slower than this are in the way. */
const GOOD_LATENCY_MS = 500;

/** Faults without a party of their own disturb everybody. */
const EVERYBODY = '*';

export class CalmTime {
  readonly #world: World;
  readonly #stopListening: () => void;
  /** Processes that do not run, or do not answer yet. */
  readonly #down = new Set<string>();
  /** Machines and processes. */
  readonly #frozen = new Set<string>();
  /** How many lasting faults each party, or everybody, suffers now. */
  readonly #suffered = new Map<string, number>();
  /** Since when each party is calm; absent while it is not. */
  readonly #since = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    for (const [name, machine] of world.machines) {
      if (machine.isFrozen) this.#frozen.add(name);
      for (const program of machine.programs) this.#lookAt(name, program);
    }
    this.#refreshAll();
    this.#stopListening = world.network.onChange(() => this.#refreshAll());
  }

  /** How long the control plane, and `node` when given, have been calm by now, ms; 0 while they are not. */
  forMs(node?: string): number {
    let since = this.#since.get(EVERYBODY) ?? Number.POSITIVE_INFINITY;
    for (const party of this.#world.machines.keys()) {
      if (this.#world.nodes.has(party) && party !== node) continue;
      since = Math.max(since, this.#since.get(party) ?? Number.POSITIVE_INFINITY);
    }
    return Math.max(0, this.#world.clock.now() - since);
  }

  onEvent(event: WorldEvent): void {
    if (event.kind === 'process') this.#onProcess(event);
    if (event.kind === 'fault') this.#onFault(event);
  }

  stop(): void {
    this.#stopListening();
  }

  #lookAt(machine: string, program: string): void {
    const name = `${machine}/${program}`;
    const process = this.#world.machine(machine).process(program);
    const answers = program !== 'server' || this.#world.server.listener !== undefined;
    if (process === undefined || !answers) this.#down.add(name);
    if (process?.life.isFrozen) this.#frozen.add(name);
  }

  #onProcess({ process, what }: ProcessChanged): void {
    if (what === 'frozen') this.#frozen.add(process);
    else if (what === 'ready') this.#down.delete(process);
    else if (what === 'started') {
      this.#frozen.delete(process);
      if (process === `${CONTROL_PLANE}/server`) this.#down.add(process);
      else this.#down.delete(process);
    } else {
      this.#frozen.delete(process);
      if (what !== 'thawed') this.#down.add(process);
    }
    const [machine = ''] = process.split('/', 1);
    this.#since.delete(machine);
    this.#refresh(machine);
  }

  #onFault({ fault, what, parameters }: FaultChanged): void {
    const party = this.#partyOf(parameters);
    this.#since.delete(party);
    if (FAULTS[fault]?.lasts !== undefined) {
      const change = what === 'begins' ? 1 : -1;
      this.#suffered.set(party, (this.#suffered.get(party) ?? 0) + change);
    }
    this.#refresh(party);
  }

  #partyOf({ node, machine, process }: FaultChanged['parameters']): string {
    for (const name of [node, machine, process]) {
      const [party = ''] = typeof name === 'string' ? name.split('/', 1) : [];
      if (this.#world.machines.has(party)) return party;
    }
    return EVERYBODY;
  }

  #refreshAll(): void {
    this.#refresh(EVERYBODY);
    for (const party of this.#world.machines.keys()) this.#refresh(party);
  }

  #refresh(party: string): void {
    const isCalm = (this.#suffered.get(party) ?? 0) === 0 && (party === EVERYBODY || this.#isWell(party));
    if (!isCalm) this.#since.delete(party);
    else if (!this.#since.has(party)) this.#since.set(party, this.#world.clock.now());
  }

  #isWell(party: string): boolean {
    const { programs } = this.#world.machine(party);
    const isUp = (name: string) => !this.#frozen.has(name) && !this.#down.has(name);
    return (
      !this.#frozen.has(party) &&
      programs.every((program) => isUp(`${party}/${program}`)) &&
      this.#isGoodLink(party, CONTROL_PLANE) &&
      this.#isGoodLink(CONTROL_PLANE, party)
    );
  }

  #isGoodLink(from: string, to: string): boolean {
    const link = this.#world.network.conditions(from, to);
    const { isCut, resetChance, watchLagMs, latencyMs } = link;
    return !isCut && resetChance === 0 && watchLagMs === 0 && latencyMs.max <= GOOD_LATENCY_MS;
  }
}
