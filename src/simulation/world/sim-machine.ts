/**
 * A simulated machine: the shipped keeper, the processes that it keeps, and what survives them. It can lose power, freeze,
 * reboot; each of its processes can be killed or frozen alone.
 *
 *     off ──powerOn──► on ──powerOff──► off        on ──freeze──► frozen ──thaw──► on
 */
import { onAbort } from '../../base/abort.ts';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Keeper } from '../../keeper/keeper.ts';
import type { KeeperState } from '../../keeper/keeper-state.ts';
import type { ProcessIdentity, RunningProcess } from '../../keeper/process-launcher.ts';
import type { Liveness } from '../../keeper/watchdog.ts';
import { Life } from './life.ts';
import { type Program, SimulatedProcess } from './sim-process.ts';
import type { ProcessChanged } from './world-event.ts';

/** Told to what is on the machine beside its processes. */
export interface MachineHooks {
  /** Power has gone: what is only in memory is lost. */
  onPowerLoss?(): void;
  /** Before anything runs. */
  onPowerOn?(): void;
  onFreeze?(): void;
  onThaw?(): void;
}

export interface MachineOptions {
  /** Party in the network. */
  name: string;
  clock: Clock;
  /** What the keeper keeps, by the name that follows the machine's: `agent` in `node-1/agent`. */
  programs: Readonly<Record<string, Program>>;
  /** Hung processes are found and replaced. Without it the keeper only replaces what ends. */
  watchdog: boolean;
  log(process: string): Logger;
  observe: (event: { kind: 'process' } & ProcessChanged) => void;
  hooks: MachineHooks;
}

const STOP_TIMEOUT_MS = 60_000;

export class SimulatedMachine {
  readonly name: string;
  readonly #options: MachineOptions;
  readonly #processes = new Map<string, SimulatedProcess>();
  #life: Life | undefined;
  #keeperStop = new AbortController();
  #keeperLife: Life | undefined;
  #keeping: Promise<void> = Promise.resolve();
  #state: KeeperState | undefined;
  #pids = 0;
  #skewMs = 0;

  constructor(options: MachineOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Names of what its keeper keeps. */
  get programs(): readonly string[] {
    return Object.keys(this.#options.programs);
  }

  get isOn(): boolean {
    return this.#life !== undefined;
  }

  get isFrozen(): boolean {
    return this.#life?.isFrozen ?? false;
  }

  /** The clock of whatever runs here. Only while it is on. */
  get life(): Life {
    assert(this.#life !== undefined, `${this.name} is off`);
    return this.#life;
  }

  /** Wall clock error, kept across reboots. */
  get skewMs(): number {
    return this.#skewMs;
  }

  set skewMs(skewMs: number) {
    this.#skewMs = skewMs;
    if (this.#life !== undefined) this.#life.skewMs = skewMs;
  }

  /** The process of that name, if one runs now. */
  process(name: string): SimulatedProcess | undefined {
    const process = this.#processes.get(name);
    return process?.life.hasEnded === false ? process : undefined;
  }

  powerOn(): void {
    assert(this.#life === undefined, `${this.name} is on already`);
    this.#life = new Life(this.#options.clock);
    this.#life.skewMs = this.#skewMs;
    this.#options.hooks.onPowerOn?.();
    this.startKeeper();
  }

  powerOff(): void {
    if (this.#life === undefined) return;
    const life = this.#life;
    this.#life = undefined;
    for (const process of this.#processes.values()) process.kill('power loss');
    this.#processes.clear();
    this.#state = undefined;
    life.end();
    this.#options.hooks.onPowerLoss?.();
  }

  freeze(): void {
    this.life.freeze();
    this.#options.hooks.onFreeze?.();
    this.#options.observe({ kind: 'process', process: this.name, what: 'frozen' });
  }

  thaw(): void {
    if (!this.isFrozen) return;
    this.#options.hooks.onThaw?.();
    this.#life?.thaw();
    this.#options.observe({ kind: 'process', process: this.name, what: 'thawed' });
  }

  /** Its children run on, unkept, until {@link startKeeper}. */
  killKeeper(): void {
    this.#keeperLife?.end();
    this.#keeperLife = undefined;
  }

  /** Takes over what an earlier keeper left running. On a frozen machine nothing begins before the thaw. */
  startKeeper(): void {
    if (this.#keeperLife?.hasEnded === false || this.#life === undefined) return;
    const life = new Life(this.#life);
    this.#keeperLife = life;
    life.enter(() => this.#keep(life));
  }

  #keep(life: Life): void {
    this.#keeperStop = new AbortController();
    const specs = Object.keys(this.#options.programs).map((name, index) => ({
      name,
      command: [name],
      env: {},
      stopOrder: index,
      stopTimeoutMs: STOP_TIMEOUT_MS,
      ...(this.#options.watchdog ? this.#livenessOf(name, life) : {}),
    }));
    const keeper = new Keeper(specs, {
      clock: life.clock,
      log: this.#options.log(`${this.name}/keeper`),
      identity: { pid: ++this.#pids, startId: this.name },
      launcher: {
        start: ({ name }, record) => life.call(async () => this.#heardBy(life, this.#start(name, record))),
        adopt: ({ pid }) => {
          const found = [...this.#processes.values()].find((process) => process.identity.pid === pid);
          return found?.life.hasEnded === false ? this.#heardBy(life, found) : undefined;
        },
      },
      stateFile: {
        read: () => this.#state,
        write: (state) => {
          this.#state = state;
        },
        remove: () => {
          this.#state = undefined;
        },
      },
    });
    this.#keeping = keeper.run(this.#keeperStop.signal);
  }

  /** Stops everything in order, as `down` does. Time must pass meanwhile. */
  async shutDown(): Promise<void> {
    if (this.#keeperLife === undefined || this.#life === undefined) return;
    this.#keeperStop.abort(new Error('the machine is shut down'));
    await this.#keeping;
  }

  #start(name: string, record: (identity: ProcessIdentity) => void): SimulatedProcess {
    const program = this.#options.programs[name];
    assert(program !== undefined, `${this.name} has a program "${name}"`);
    const process = new SimulatedProcess({
      name: `${this.name}/${name}`,
      pid: ++this.#pids,
      machine: this.life,
      program,
      observe: this.#options.observe,
    });
    this.#processes.set(name, process);
    record(process.identity);
    return process;
  }

  /** A process that is not frozen answers at once; so it need not be asked, unless it is. */
  #livenessOf(name: string, keeper: Life): Liveness {
    return {
      checkLiveness: async () => {
        const process = this.process(name);
        if (process === undefined) throw new Error('it does not run');
        await new Promise<void>((resolve) => process.life.enter(resolve));
      },
      untilDoubtful: async (signal) => {
        const process = this.process(name);
        if (process === undefined) return;
        await new Promise<void>((resolve) => {
          onAbort(
            signal,
            process.life.onFreeze(() => keeper.enter(resolve)),
          );
        });
      },
    };
  }

  /** A process as its keeper sees it: a keeper that died hears of nothing. */
  #heardBy(keeper: Life, process: SimulatedProcess): RunningProcess {
    return {
      identity: process.identity,
      exited: keeper.call(() => process.exited),
      signal: (name) => process.signal(name),
    };
  }
}
