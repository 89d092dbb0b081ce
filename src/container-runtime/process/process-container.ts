/**
 * One container: created → starting → running → exited. The states are read off the files that the launch scripts
 * write (see `launch-scripts.ts` and `container-directory.ts`); this object only notices and tells. It can be dropped
 * and made again at any moment without the program noticing.
 */
import { spawn } from 'node:child_process';
import { type FSWatcher, mkdirSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '../../base/clock.ts';
import { newDeferred } from '../../base/deferred.ts';
import type { Logger } from '../../base/logger.ts';
import {
  type ContainerResources,
  type ContainerState,
  type ContainerStatus,
  RuntimeError,
} from '../runtime.ts';
import { exitReason, SIGKILL } from '../signals.ts';
import type { Cgroups } from './cgroups.ts';
import { ContainerDirectory, type ContainerRecord, type FinalState } from './container-directory.ts';
import { ContainerLog } from './container-log.ts';
import type { Command } from './entrypoint.ts';
import type { IsolationSupport } from './isolation.ts';
import { CONTAINER_ID_VARIABLE } from './launch-scripts.ts';
import {
  findProcesses,
  hasEnvironmentEntry,
  isAlive,
  type ProcessStat,
  readProcessStat,
  signalProcess,
} from './process-table.ts';

export interface ContainerContext {
  clock: Clock;
  log: Logger;
  support: IsolationSupport;
  cgroups: Cgroups | undefined;
  bootId: string;
  logLimits: { maxFileBytes: number; maxFiles: number };
  onTransition(container: ProcessContainer, type: 'started' | 'stopped'): void;
}

const START_ERROR_CODE = 128;
const UNKNOWN_CODE = 137;
/** When the shim was killed and cannot say that all output is written. */
const DRAIN_LIMIT_MS = 2000;
const KILL_ROUNDS_MAX = 50;

type State = Exclude<ContainerState, 'unknown'> | 'starting';

export class ProcessContainer {
  readonly record: ContainerRecord;
  readonly directory: ContainerDirectory;
  readonly log: ContainerLog;
  readonly #context: ContainerContext;
  readonly #exited = newDeferred();
  readonly #settled = newDeferred();
  readonly #outputListeners = new Set<() => void>();
  readonly #started = newDeferred();
  #state: State = 'created';
  #init: ProcessStat | undefined;
  #startedAtMs = 0;
  #final: FinalState | undefined;
  #watcher: FSWatcher | undefined;
  #drainTimer: Timer | undefined;

  constructor(path: string, record: ContainerRecord, context: ContainerContext) {
    this.record = record;
    this.#context = context;
    this.directory = new ContainerDirectory(path);
    this.log = new ContainerLog({
      ioDirectory: this.directory.io,
      logDirectory: this.directory.file('log'),
      clock: context.clock,
      fallocate: context.support.tools.fallocate,
      ...context.logLimits,
    });
    this.#started.promise.catch(() => {});
  }

  get id(): string {
    return this.record.id;
  }

  get cgroupName(): string {
    return cgroupName(this.record.sandboxId, this.id);
  }

  get state(): State {
    return this.#state;
  }

  /** The first process while it runs. */
  get init(): ProcessStat | undefined {
    return this.#state === 'running' ? this.#init : undefined;
  }

  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  /** Resolves when the container has exited and all it wrote is in the log. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Calls `listener` when the program has written something, line or not, and at the end. Returns what ends it. */
  onOutput(listener: () => void): () => void {
    this.#outputListeners.add(listener);
    return () => this.#outputListeners.delete(listener);
  }

  /** Writes down a new container. */
  persist(): void {
    mkdirSync(this.directory.path, { recursive: true, mode: 0o711 });
    mkdirSync(this.directory.io, { mode: 0o700 });
    for (const stream of ['stdout', 'stderr'])
      writeFileSync(join(this.directory.io, stream), '', { mode: 0o600 });
    this.directory.writeJson('container.json', this.record);
  }

  /** Takes up what is on disk. */
  async reload(): Promise<void> {
    this.#final = this.directory.readFinal();
    if (this.#final !== undefined) {
      this.#state = 'exited';
      this.#exited.resolve();
      await this.#settle();
      return;
    }
    if (!this.directory.wasLaunched()) return;
    this.#state = 'starting';
    if (this.record.bootId !== this.#context.bootId) {
      this.#finish({
        code: UNKNOWN_CODE,
        reason: 'ContainerStatusUnknown',
        message: 'the machine was restarted',
      });
      return;
    }
    this.#watch();
    this.refresh();
    this.sweep();
    await this.log.drain();
  }

  /**
   * Runs the shim that `writeScripts` prepares, until the program has started.
   *
   * @throws RuntimeError `StartError`; the container has then exited with 128
   */
  async start(writeScripts: () => Command): Promise<void> {
    this.#state = 'starting';
    try {
      this.directory.writeJson('command.json', writeScripts());
    } catch (error) {
      throw this.#failStart((error as Error).message, error);
    }
    this.directory.markLaunched();
    this.#watch();
    const shim = spawn(this.#context.support.tools.sh, ['../shim', this.id], {
      cwd: this.directory.io,
      detached: true,
      stdio: 'ignore',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    shim.on('error', (error) => this.#failStart(error.message, error));
    shim.on('exit', () => this.refresh());
    shim.unref();
    await this.#started.promise;
  }

  /** Reads what the scripts have written since. */
  refresh(): void {
    // The end is read before the start: a program that starts and ends in between is not one that never started.
    const exit = this.#state === 'exited' ? undefined : this.directory.readExit();
    if (this.#state === 'starting') {
      const init = this.directory.readInit();
      if (init !== undefined) {
        this.#init = init.stat;
        this.#startedAtMs = Math.max(init.atMs, this.record.createdAtMs);
        this.#state = 'running';
        this.#context.onTransition(this, 'started');
        this.#started.resolve();
      }
    }
    if (exit !== undefined) this.#onExit(exit);
    if (this.#state === 'exited' && this.directory.isDrained()) void this.#settle();
  }

  /** The safety net, at the start and once a second: notices an end that no file tells of. */
  sweep(): void {
    if (this.#state !== 'running' || this.#init === undefined || isAlive(this.#init)) return;
    const shim = readProcessStat(this.#init.sessionId);
    const isShimAlive = shim !== undefined && shim.sessionId === shim.pid && shim.state !== 'Z';
    // Read after the look at the shim: what it wrote before its end is there now, and nobody else will write it.
    this.refresh();
    if (this.#state !== 'running' || isShimAlive) return;
    const message = 'the container ended and nothing recorded its exit code';
    this.#finish({ code: UNKNOWN_CODE, reason: 'ContainerStatusUnknown', message });
  }

  /** To the first process. */
  signal(number: number): void {
    if (this.#init !== undefined && this.#state === 'running') signalProcess(this.#init, number);
  }

  /** Kills all processes of the container and waits until it has exited. */
  async kill(): Promise<void> {
    if (this.#state === 'starting') await this.#started.promise.catch(() => {});
    if (this.#state !== 'running') return;
    this.signal(SIGKILL);
    if (this.#context.support.isolation === 'none') this.#killMarked();
    await this.exited;
  }

  updateResources(resources: ContainerResources): void {
    this.#context.cgroups?.update(this.cgroupName, resources);
  }

  /** Removes the container's files. It has exited, or never started. */
  async remove(): Promise<void> {
    await this.close();
    this.#context.cgroups?.remove(this.cgroupName);
    await this.directory.remove();
  }

  /** Lets go of the container and leaves it alone. */
  async close(): Promise<void> {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#drainTimer?.cancel();
    await this.log.close();
  }

  status(): ContainerStatus {
    const { config, image, sandboxId, createdAtMs } = this.record;
    const final = this.#final;
    return {
      id: this.id,
      sandboxId,
      metadata: config.metadata,
      image: image.reference,
      imageId: image.id,
      state: this.#state === 'starting' ? 'created' : this.#state,
      createdAtMs,
      startedAtMs: final?.startedAtMs ?? this.#startedAtMs,
      finishedAtMs: final?.finishedAtMs ?? 0,
      exitCode: final?.exitCode ?? 0,
      reason: final?.reason ?? '',
      message: final?.message ?? '',
      labels: config.labels,
      annotations: config.annotations,
    };
  }

  #onExit({ code, atMs }: { code: number; atMs: number }): void {
    if (this.#init === undefined && this.#state === 'starting') {
      this.#failStart(this.directory.readError() || `the container could not be started (exit code ${code})`);
      return;
    }
    // Somebody killed what waits for the program: the program must not outlive its container.
    this.signal(SIGKILL);
    const oomKilled = this.#context.cgroups?.wasOomKilled(this.cgroupName) ?? false;
    this.#finish({ code, reason: exitReason(code, oomKilled), message: '', atMs });
  }

  #failStart(message: string, cause?: unknown): RuntimeError {
    const error = new RuntimeError('StartError', message, { cause });
    this.#finish({ code: START_ERROR_CODE, reason: 'StartError', message });
    this.#started.reject(error);
    return error;
  }

  #finish({
    code,
    reason,
    message,
    atMs,
  }: {
    code: number;
    reason: string;
    message: string;
    atMs?: number;
  }): void {
    const hasRun = this.#state === 'running';
    const finishedAtMs = Math.max(atMs ?? this.#context.clock.now(), this.#startedAtMs);
    this.#final = { startedAtMs: this.#startedAtMs, finishedAtMs, exitCode: code, reason, message };
    this.#state = 'exited';
    this.directory.writeJson('final.json', this.#final);
    if (this.#context.support.isolation === 'none') this.#killMarked();
    if (hasRun) this.#context.onTransition(this, 'stopped');
    this.#started.reject(new RuntimeError('StartError', message));
    this.#exited.resolve();
    if (!hasRun || this.directory.isDrained()) void this.#settle();
    else this.#drainTimer = this.#context.clock.setTimer(DRAIN_LIMIT_MS, () => void this.#settle());
  }

  async #settle(): Promise<void> {
    this.#drainTimer?.cancel();
    this.#watcher?.close();
    this.#watcher = undefined;
    await this.log.finish().catch((error) => this.#warn('the end of a container log is lost', error));
    this.#tellOutput();
    this.#context.cgroups?.remove(this.cgroupName);
    this.#settled.resolve();
  }

  #tellOutput(): void {
    for (const listener of this.#outputListeners) listener();
  }

  #watch(): void {
    this.#watcher = watch(this.directory.io, (_event, file) => {
      if (file !== 'stdout' && file !== 'stderr') return this.refresh();
      this.log
        .drain()
        .catch((error) => this.#warn('writing a container log failed; it will be tried again', error));
      this.#tellOutput();
    });
    this.#watcher.on('error', (error) =>
      this.#warn('watching a container failed; its end is noticed once a second', error),
    );
  }

  #warn(message: string, error: unknown): void {
    this.#context.log.warn(message, { containerId: this.id, error });
  }

  /** Without a process namespace, what belongs to the container is what carries its id in the environment. */
  #killMarked(): void {
    const marker = `${CONTAINER_ID_VARIABLE}=${this.id}`;
    for (let round = 0; round < KILL_ROUNDS_MAX; round++) {
      const marked = findProcesses(({ pid, state }) => state !== 'Z' && hasEnvironmentEntry(pid, marker));
      if (marked.length === 0) return;
      for (const found of marked) signalProcess(found, SIGKILL);
    }
  }
}

export function cgroupName(sandboxId: string, containerId: string): string {
  return `${sandboxId.slice(0, 12)}/${containerId.slice(0, 12)}`;
}
