/**
 * One simulated container: created → running → exited, driven by its run's data and the virtual clock. It has a time of its
 * own, that stands still while it is held: by a hang of its process or by its frozen machine.
 *
 * Invariants: at most one timer is set for all that it has still to do, and none once it has exited; nothing is allocated
 * for what its run does not do, since a simulated cluster holds 150,000 of these.
 */
import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type {
  ContainerConfig,
  ContainerResources,
  ContainerState,
  ContainerStatus,
  LogRecord,
} from '../container-runtime/runtime.ts';
import { exitCodeOfSignal, exitReason, SIGKILL, signalNumber } from '../container-runtime/signals.ts';
import { Agenda, type Task } from './sim-agenda.ts';
import { RequestLoad } from './sim-load.ts';
import { SimLog } from './sim-log.ts';
import { memoryBytesAt, oomDueMs } from './sim-memory.ts';
import type { SimulatedProgram, SimulatedRun } from './sim-program.ts';
import type { SimSandbox } from './sim-sandbox.ts';

const START_ERROR_CODE = 128;
const UNKNOWN_CODE = 137;
/** Sums of fractional times differ in their last digits. */
const EPSILON_MS = 1e-6;
const NEVER = Number.POSITIVE_INFINITY;

/** What holds a process up, as bits: one process may be held by both. */
export const HELD_BY_HANG = 1;
export const HELD_BY_MACHINE = 2;
type Hold = typeof HELD_BY_HANG | typeof HELD_BY_MACHINE;

/** What all containers of one runtime share. */
export interface ContainerSurroundings {
  readonly clock: Clock;
  /** Its status is another one now. */
  onStatus(): void;
  /** The container has become exited after it ran. */
  onExit(container: SimContainer): void;
  onHeld(container: SimContainer, isHeld: boolean): void;
}

export interface SimContainerOptions {
  id: string;
  sandbox: SimSandbox;
  imageId: string;
  config: ContainerConfig;
  program: SimulatedProgram;
  surroundings: ContainerSurroundings;
}

const FOR_EVER: SimulatedRun = {};

export class SimContainer {
  readonly id: string;
  readonly sandbox: SimSandbox;
  readonly config: ContainerConfig;
  readonly run: SimulatedRun;
  readonly #surroundings: ContainerSurroundings;
  readonly #program: SimulatedProgram;
  readonly #imageId: string;
  readonly #createdAtMs: number;
  #state: ContainerState = 'created';
  #startedAtMs = 0;
  #finishedAtMs = 0;
  #exitCode = 0;
  #reason = '';
  #message = '';
  #resources: ContainerResources;
  /** Monotonic time at which its own time was 0; held times move it. */
  #originMs = 0;
  #heldAtMs = 0;
  #holds = 0;
  #hasHung = false;
  #isDeaf = false;
  #nextLine = 0;
  #timer: Timer | undefined;
  #timerDueMs = 0;
  #agenda: Agenda | undefined;
  #log: SimLog | undefined;
  #load: RequestLoad | undefined;
  #status: Readonly<ContainerStatus> | undefined;

  constructor({ config, id, imageId, program, sandbox, surroundings }: SimContainerOptions) {
    this.id = id;
    this.sandbox = sandbox;
    this.config = config;
    this.#surroundings = surroundings;
    this.#program = program;
    this.#imageId = imageId;
    this.#resources = config.resources;
    this.#createdAtMs = surroundings.clock.now();
    const { runs = [] } = program;
    this.run = runs[Math.min(config.metadata.attempt, runs.length - 1)] ?? FOR_EVER;
  }

  get state(): ContainerState {
    return this.#state;
  }

  get stopSignal(): string {
    return this.config.stopSignal || this.#program.stopSignal || 'SIGTERM';
  }

  /** Its own time since its start. */
  get runningMs(): number {
    return this.#holds === 0 ? this.#surroundings.clock.monotonicMs() - this.#originMs : this.#heldAtMs;
  }

  get isHeld(): boolean {
    return this.#holds !== 0;
  }

  /** It takes no new connection: it was asked to stop. */
  get isDeaf(): boolean {
    return this.#isDeaf;
  }

  get log(): SimLog {
    this.#log ??= new SimLog();
    return this.#log;
  }

  /** Moves to running; a run with `startError` moves to exited instead. */
  start(): void {
    if (this.run.startError !== undefined) {
      this.#end(START_ERROR_CODE, 'StartError', this.run.startError);
      return;
    }
    assert(isOrdered(this.run), `the log lines of ${this.config.image} are in the order of their times`);
    this.#changed();
    this.#state = 'running';
    this.#startedAtMs = this.#surroundings.clock.now();
    this.#originMs = this.#surroundings.clock.monotonicMs();
    this.#arm();
  }

  /** The process ends. Does nothing unless it runs. */
  exit(code: number, oomKilled = false): void {
    if (this.#state !== 'running') return;
    this.#end(code, exitReason(code, oomKilled), '');
    this.#surroundings.onExit(this);
  }

  /** Its machine lost power: nobody saw it end. True when it ran. */
  vanish(): boolean {
    if (this.#state !== 'running') return false;
    this.#end(UNKNOWN_CODE, 'ContainerStatusUnknown', 'the machine was restarted');
    return true;
  }

  /** The machine is back, and finds what vanished. */
  foundVanished(): void {
    this.#changed();
    this.#finishedAtMs = this.#surroundings.clock.now();
  }

  /** Delivers a signal to the container's first process. While held it meets only SIGKILL, the others later. */
  signal(name: string): void {
    if (this.#state !== 'running') return;
    const number = signalNumber(name) ?? SIGKILL;
    if (number === SIGKILL) this.exit(exitCodeOfSignal(SIGKILL));
    else if (this.isHeld) this.after(0, { run: () => this.#react(number) });
    else this.#react(number);
  }

  #react(number: number): void {
    const reactions = Object.entries(this.run.onSignal ?? {});
    const reaction = reactions.find(([name]) => signalNumber(name) === number)?.[1];
    if (reaction === 'ignore') return;
    if (reaction === undefined) {
      this.exit(exitCodeOfSignal(number));
      return;
    }
    if (reaction.stopsListening === true) this.#isDeaf = true;
    this.after(reaction.afterMs, { run: () => this.exit(reaction.code) });
  }

  hold(by: Hold): void {
    if (this.#state !== 'running' || (this.#holds & by) !== 0) return;
    this.#heldAtMs = this.runningMs;
    this.#holds |= by;
    this.#arm();
    if (by === HELD_BY_HANG) this.#surroundings.onHeld(this, true);
  }

  release(by: Hold): void {
    if (this.#state !== 'running' || (this.#holds & by) === 0) return;
    this.#holds &= ~by;
    if (this.#holds === 0) this.#originMs = this.#surroundings.clock.monotonicMs() - this.#heldAtMs;
    this.#arm();
    if (by === HELD_BY_HANG) this.#surroundings.onHeld(this, false);
  }

  /**
   * Does something `delayMs` of its own time from now, or `abandon`s it when the process ends before. Never at once.
   *
   * @returns  takes it back
   */
  after(delayMs: number, { run, abandon }: Pick<Task, 'run' | 'abandon'>): () => void {
    this.#agenda ??= new Agenda();
    const agenda = this.#agenda;
    const task: Task = {
      dueMs: this.runningMs + delayMs,
      run,
      ...(abandon === undefined ? {} : { abandon }),
    };
    agenda.add(task);
    this.#arm();
    return () => {
      agenda.remove(task);
      this.#arm();
    };
  }

  /** Calls `listener` when it has exited. Only while it runs. @returns takes it back */
  onEnd(listener: () => void): () => void {
    return this.after(NEVER, { run() {}, abandon: listener });
  }

  /** A request arrives. @returns how many it is above the capacity */
  beginRequest(): number {
    this.#load ??= new RequestLoad();
    const excess = this.#load.begin(this.runningMs, this.run.capacity);
    if (this.run.memory?.bytesPerRequest !== undefined) this.#arm();
    return excess;
  }

  endRequest(): void {
    this.#load?.end();
  }

  get requestsInFlight(): number {
    return this.#load?.inFlight ?? 0;
  }

  /** Since its start. */
  get requests(): number {
    return this.#load?.total ?? 0;
  }

  updateResources(resources: ContainerResources): void {
    this.#resources = { ...this.#resources, ...resources };
    this.#arm();
  }

  memoryBytes(): number {
    const { memory } = this.run;
    if (memory === undefined || this.#state !== 'running') return 0;
    return memoryBytesAt(memory, this.runningMs, this.requests);
  }

  write(stream: LogRecord['stream'], text: string): void {
    this.log.push(this.#surroundings.clock.now(), stream, text);
  }

  /** The same frozen object until something changes. */
  status(): ContainerStatus {
    this.#status ??= Object.freeze(this.#newStatus());
    return this.#status;
  }

  #changed(): void {
    this.#status = undefined;
    this.#surroundings.onStatus();
  }

  #newStatus(): ContainerStatus {
    const { config } = this;
    return {
      id: this.id,
      sandboxId: this.sandbox.id,
      metadata: config.metadata,
      image: config.image,
      imageId: this.#imageId,
      state: this.#state,
      createdAtMs: this.#createdAtMs,
      startedAtMs: this.#startedAtMs,
      finishedAtMs: this.#finishedAtMs,
      exitCode: this.#exitCode,
      reason: this.#reason,
      message: this.#message,
      labels: config.labels,
      annotations: config.annotations,
    };
  }

  #end(code: number, reason: string, message: string): void {
    this.#changed();
    this.#state = 'exited';
    this.#finishedAtMs = this.#surroundings.clock.now();
    this.#exitCode = code;
    this.#reason = reason;
    this.#message = message;
    this.#arm();
    this.#log?.wakeReaders();
    const agenda = this.#agenda;
    this.#agenda = undefined;
    agenda?.abandonAll();
  }

  /** Sets the timer for what is due next. */
  #arm(): void {
    const dueMs = this.#state === 'running' && this.#holds === 0 ? this.#nextDueMs() : NEVER;
    if (this.#timer !== undefined && this.#timerDueMs === dueMs) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (dueMs === NEVER) return;
    this.#timerDueMs = dueMs;
    this.#timer = this.#surroundings.clock.setTimer(dueMs - this.runningMs, () => {
      this.#timer = undefined;
      this.#catchUp();
    });
  }

  #nextDueMs(): number {
    const { exit, hang, log, memory } = this.run;
    return Math.min(
      this.#agenda?.firstDueMs ?? NEVER,
      log?.[this.#nextLine]?.afterMs ?? NEVER,
      exit?.afterMs ?? NEVER,
      this.#hasHung ? NEVER : (hang?.afterMs ?? NEVER),
      memory === undefined ? NEVER : oomDueMs(memory, this.#resources.memoryLimitBytes, this.requests),
    );
  }

  /** Does all that is due. */
  #catchUp(): void {
    while (this.#state === 'running' && this.#holds === 0) {
      const dueMs = this.#nextDueMs();
      if (dueMs > this.runningMs + EPSILON_MS) break;
      this.#doFirst(dueMs);
    }
    this.#arm();
  }

  /** At one moment: what is said, then what ends it, then the hang, then the rest. */
  #doFirst(dueMs: number): void {
    const { exit, hang, log, memory } = this.run;
    const line = log?.[this.#nextLine];
    if (line !== undefined && line.afterMs <= dueMs) {
      this.#nextLine++;
      this.write(line.stream ?? 'stdout', `${line.line}\n`);
    } else if (exit !== undefined && exit.afterMs <= dueMs) this.exit(exit.code, exit.oomKilled ?? false);
    else if (
      memory !== undefined &&
      oomDueMs(memory, this.#resources.memoryLimitBytes, this.requests) <= dueMs
    )
      this.exit(exitCodeOfSignal(SIGKILL), true);
    else if (hang !== undefined && !this.#hasHung && hang.afterMs <= dueMs) this.#hang(hang.forMs);
    else this.#agenda?.next()?.run();
  }

  #hang(forMs: number | undefined): void {
    this.#hasHung = true;
    this.hold(HELD_BY_HANG);
    if (forMs === undefined) return;
    const timer = this.#surroundings.clock.setTimer(forMs, () => {
      forget();
      this.release(HELD_BY_HANG);
    });
    const forget = this.onEnd(() => timer.cancel());
  }
}

function isOrdered({ log = [] }: SimulatedRun): boolean {
  return log.every(({ afterMs }, index) => index === 0 || log[index - 1]!.afterMs <= afterMs);
}
