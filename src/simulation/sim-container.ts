/**
 * One simulated container: created → running → exited, driven by its run's data and the virtual clock.
 *
 * Invariant: once exited, no timer of the run is left and nothing more is logged.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';
import type {
  ContainerConfig,
  ContainerResources,
  ContainerState,
  ContainerStatus,
  LogRecord,
} from '../container-runtime/runtime.ts';
import { exitCodeOfSignal, exitReason, SIGKILL, signalNumber } from '../container-runtime/signals.ts';
import type { SimulatedProgram, SimulatedRun } from './sim-program.ts';

const START_ERROR_CODE = 128;
const OOM_EXIT_CODE = 137;

export interface SimContainerOptions {
  id: string;
  sandboxId: string;
  imageId: string;
  config: ContainerConfig;
  program: SimulatedProgram;
  clock: Clock;
  /** Called once, when the container has become exited after it ran. */
  onExit: (container: SimContainer) => void;
}

export class SimContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly run: SimulatedRun;
  readonly stopSignal: string;
  readonly log: LogRecord[] = [];
  readonly exited: Deferred<void> = newDeferred();
  readonly #options: SimContainerOptions;
  readonly #createdAtMs: number;
  readonly #logWaiters = new Set<() => void>();
  #state: ContainerState = 'created';
  #startedAtMs = 0;
  #finishedAtMs = 0;
  #exitCode = 0;
  #reason = '';
  #message = '';
  #resources: ContainerResources;
  #timers: Timer[] = [];
  #oomTimer: Timer | undefined;

  constructor(options: SimContainerOptions) {
    this.#options = options;
    this.id = options.id;
    this.sandboxId = options.sandboxId;
    this.config = options.config;
    this.#resources = options.config.resources;
    this.#createdAtMs = options.clock.now();
    const runs = options.program.runs ?? [];
    this.run = runs[Math.min(options.config.metadata.attempt, runs.length - 1)] ?? {};
    this.stopSignal = options.config.stopSignal || options.program.stopSignal || 'SIGTERM';
  }

  get state(): ContainerState {
    return this.#state;
  }

  get runningMs(): number {
    return this.#options.clock.now() - this.#startedAtMs;
  }

  /** Moves to running and sets the run's timers; a run with `startError` moves to exited instead. */
  start(): void {
    if (this.run.startError !== undefined) {
      this.#end(START_ERROR_CODE, 'StartError', this.run.startError);
      return;
    }
    this.#state = 'running';
    this.#startedAtMs = this.#options.clock.now();
    for (const { afterMs, line, stream } of this.run.log ?? []) {
      this.#after(afterMs, () => this.write(stream ?? 'stdout', `${line}\n`));
    }
    const { exit } = this.run;
    if (exit !== undefined) this.#after(exit.afterMs, () => this.exit(exit.code, exit.oomKilled ?? false));
    this.#scheduleOom();
  }

  /** The process ends. Does nothing unless it runs. */
  exit(code: number, oomKilled = false): void {
    if (this.#state !== 'running') return;
    this.#end(code, exitReason(code, oomKilled), '');
    this.#options.onExit(this);
  }

  /** Delivers a signal to the container's first process. */
  signal(name: string): void {
    if (this.#state !== 'running') return;
    const number = signalNumber(name) ?? SIGKILL;
    const reaction = number === SIGKILL ? undefined : this.run.onSignal?.[name];
    if (reaction === 'ignore') return;
    if (reaction === undefined) this.exit(exitCodeOfSignal(number));
    else this.#after(reaction.afterMs, () => this.exit(reaction.code));
  }

  updateResources(resources: ContainerResources): void {
    this.#resources = { ...this.#resources, ...resources };
    if (this.#state === 'running') this.#scheduleOom();
  }

  memoryBytes(): number {
    const { memory } = this.run;
    if (memory === undefined || this.#state !== 'running') return 0;
    return memory.startBytes + ((memory.growthBytesPerSecond ?? 0) * this.runningMs) / 1000;
  }

  write(stream: LogRecord['stream'], text: string): void {
    const timestamp = new Date(this.#options.clock.now()).toISOString().replace('Z', '000000Z');
    this.log.push({ timestamp, stream, line: new TextEncoder().encode(text) });
    this.#wakeReaders();
  }

  /** Resolves when there may be more of the log, or no more will come. */
  logChanged(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#logWaiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#logWaiters.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  status(): ContainerStatus {
    const { config, imageId } = this.#options;
    return {
      id: this.id,
      sandboxId: this.sandboxId,
      metadata: config.metadata,
      image: config.image,
      imageId,
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
    for (const timer of this.#timers) timer.cancel();
    this.#oomTimer?.cancel();
    this.#timers = [];
    this.#state = 'exited';
    this.#finishedAtMs = this.#options.clock.now();
    this.#exitCode = code;
    this.#reason = reason;
    this.#message = message;
    this.#wakeReaders();
    this.exited.resolve();
  }

  #wakeReaders(): void {
    for (const wake of this.#logWaiters) wake();
  }

  #after(delayMs: number, callback: () => void): void {
    this.#timers.push(this.#options.clock.setTimer(delayMs, callback));
  }

  #scheduleOom(): void {
    this.#oomTimer?.cancel();
    const limitBytes = this.#resources.memoryLimitBytes;
    const growth = this.run.memory?.growthBytesPerSecond ?? 0;
    if (limitBytes === undefined || this.run.memory === undefined) return;
    const missingBytes = limitBytes - this.memoryBytes();
    if (missingBytes > 0 && growth <= 0) return;
    const delayMs = missingBytes <= 0 ? 0 : (missingBytes / growth) * 1000;
    this.#oomTimer = this.#options.clock.setTimer(delayMs, () => this.exit(OOM_EXIT_CODE, true));
  }
}
