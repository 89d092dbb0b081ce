/**
 * The container runtime in virtual time: programs are data, nothing runs. It outlives the kubelet that uses it, as a
 * real runtime does, so that a simulated kubelet can crash and come back to the same containers.
 */
import { abortable } from '../base/abort.ts';
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { EventHub } from '../container-runtime/event-hub.ts';
import { normalizeImageReference } from '../container-runtime/image-reference.ts';
import {
  type ByteStream,
  type ContainerConfig,
  type ContainerEvent,
  type ContainerResources,
  type ContainerRuntime,
  type ContainerStats,
  type ContainerStatus,
  type ExecOptions,
  type ExecSession,
  type ExecSyncResult,
  type LogRecord,
  type ReadLogOptions,
  RuntimeError,
  type RuntimeImage,
  type RuntimeStatus,
  type SandboxConfig,
  type SandboxStatus,
  type StreamOptions,
} from '../container-runtime/runtime.ts';
import { SimContainer } from './sim-container.ts';
import type { SimulatedExec, SimulatedProgram } from './sim-program.ts';
import { newSimAttachSession, newSimConnection, newSimExecSession } from './sim-streams.ts';

export interface SimulatedRuntimeOptions {
  clock: Clock;
  random: Random;
  /** By image reference, in any spelling. Read at each use: a test may add to it. */
  programs: Record<string, SimulatedProgram>;
  /** Each call takes a random time within these bounds, ms; default none. */
  latencyMs?: { min: number; max: number };
  /** First two parts of the Pod addresses; default `10.88`. */
  addressPrefix?: string;
  /** The address of Pods in the host network; default `192.168.0.1`. */
  nodeIp?: string;
}

/** The verbs that {@link SimulatedRuntime.failNext} can make fail. */
export type RuntimeVerb = Exclude<keyof ContainerRuntime, 'events' | 'readLog'>;

export function newSimulatedRuntime(options: SimulatedRuntimeOptions): SimulatedRuntime {
  return new SimulatedRuntime(options);
}

interface SimSandbox {
  config: SandboxConfig;
  status: SandboxStatus;
}

export class SimulatedRuntime implements ContainerRuntime {
  readonly #options: SimulatedRuntimeOptions;
  readonly #hub = new EventHub();
  readonly #sandboxes = new Map<string, SimSandbox>();
  readonly #containers = new Map<string, SimContainer>();
  readonly #pulled = new Set<string>();
  readonly #faults = new Map<RuntimeVerb, Error[]>();
  #addresses = 0;
  #downReason: string | undefined;

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options;
  }

  // Faults, for tests and scenarios.

  /** The next call of `verb` fails with `error`; calls add up. */
  failNext(verb: RuntimeVerb, error: Error): void {
    this.#faults.set(verb, [...(this.#faults.get(verb) ?? []), error]);
  }

  /** Every call fails as `Unavailable` until {@link recover}; containers run on. */
  goDown(reason: string): void {
    this.#downReason = reason;
  }

  recover(): void {
    this.#downReason = undefined;
  }

  /** The container's process ends by itself. */
  crash(containerId: string, exitCode = 1): void {
    this.#container(containerId).exit(exitCode);
  }

  oomKill(containerId: string): void {
    this.#container(containerId).exit(137, true);
  }

  /** The machine loses power: every container is gone without an exit code, every sandbox without a network. */
  powerLoss(): void {
    for (const container of this.#containers.values()) container.exit(137);
    for (const sandbox of this.#sandboxes.values()) sandbox.status.state = 'notready';
  }

  /** Something is written by the container's process. */
  writeLog(containerId: string, line: string, stream: LogRecord['stream'] = 'stdout'): void {
    this.#container(containerId).write(stream, `${line}\n`);
  }

  // ContainerRuntime.

  async status(signal: AbortSignal): Promise<RuntimeStatus> {
    signal.throwIfAborted();
    return {
      name: 'simulated',
      version: '1',
      ready: this.#downReason === undefined,
      ...(this.#downReason === undefined ? {} : { message: this.#downReason }),
      networkReady: true,
    };
  }

  async imageStatus(reference: string, signal: AbortSignal): Promise<RuntimeImage | undefined> {
    await this.#enter('imageStatus', signal);
    const name = normalizeImageReference(reference);
    const program = this.#program(name);
    const present = program !== undefined && (program.preloaded === true || this.#pulled.has(name));
    return present ? toImage(name, program) : undefined;
  }

  async pullImage(reference: string, signal: AbortSignal): Promise<RuntimeImage> {
    await this.#enter('pullImage', signal);
    const name = normalizeImageReference(reference);
    const program = this.#program(name);
    if (program === undefined) {
      throw new RuntimeError('ImageNotFound', `failed to resolve image "${name}": not found`);
    }
    const { takesMs, error } = program.pull ?? {};
    if (takesMs !== undefined) await this.#options.clock.sleep(takesMs, signal);
    if (error !== undefined) throw new RuntimeError(error.reason, error.message);
    this.#pulled.add(name);
    return toImage(name, program);
  }

  async runPodSandbox(config: SandboxConfig, signal: AbortSignal): Promise<string> {
    await this.#enter('runPodSandbox', signal);
    const id = this.#newId();
    const status: SandboxStatus = {
      id,
      state: 'ready',
      ip: config.hostNetwork ? (this.#options.nodeIp ?? '192.168.0.1') : this.#newAddress(),
      createdAtMs: this.#options.clock.now(),
      metadata: config.metadata,
      labels: config.labels,
      annotations: config.annotations,
    };
    this.#sandboxes.set(id, { config, status });
    return id;
  }

  async stopPodSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('stopPodSandbox', signal);
    this.#stopSandbox(sandboxId);
  }

  async removePodSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('removePodSandbox', signal);
    this.#stopSandbox(sandboxId);
    for (const container of this.#containersOf(sandboxId)) this.#remove(container);
    this.#sandboxes.delete(sandboxId);
  }

  async listPodSandboxes(signal: AbortSignal): Promise<SandboxStatus[]> {
    await this.#enter('listPodSandboxes', signal);
    return [...this.#sandboxes.values()].map(({ status }) => ({ ...status }));
  }

  async createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    await this.#enter('createContainer', signal);
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) throw notFound('sandbox', sandboxId);
    if (sandbox.status.state !== 'ready') {
      throw new RuntimeError('Unknown', `sandbox "${sandboxId}" is not running`);
    }
    const image = normalizeImageReference(config.image);
    const program = this.#program(image);
    if (program === undefined) throw new RuntimeError('ImageNotFound', `image "${image}": not found`);
    const container = new SimContainer({
      id: this.#newId(),
      sandboxId,
      imageId: toImage(image, program).id,
      config,
      program,
      clock: this.#options.clock,
      onExit: (ended) => this.#publish('stopped', ended),
    });
    this.#containers.set(container.id, container);
    this.#publish('created', container);
    return container.id;
  }

  async startContainer(containerId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('startContainer', signal);
    const container = this.#container(containerId);
    if (container.state === 'running') return;
    if (container.state !== 'created') {
      throw new RuntimeError(
        'Unknown',
        `container "${containerId}" is in state ${container.state}, not created`,
      );
    }
    if (container.run.startMs !== undefined) await this.#options.clock.sleep(container.run.startMs, signal);
    if (container.state !== 'created') return;
    container.start();
    if (container.run.startError !== undefined)
      throw new RuntimeError('StartError', container.run.startError);
    this.#publish('started', container);
  }

  async stopContainer(containerId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.#enter('stopContainer', signal);
    const container = this.#containers.get(containerId);
    if (container === undefined || container.state !== 'running') return;
    if (timeoutMs > 0) {
      container.signal(container.stopSignal);
      const ended = new AbortController();
      const waiting = AbortSignal.any([signal, ended.signal]);
      const timeout = this.#options.clock.sleep(timeoutMs, waiting).catch(() => {});
      await abortable(Promise.race([container.exited.promise, timeout]), signal);
      ended.abort();
    }
    container.signal('SIGKILL');
  }

  async removeContainer(containerId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('removeContainer', signal);
    const container = this.#containers.get(containerId);
    if (container === undefined) return;
    container.signal('SIGKILL');
    this.#remove(container);
  }

  async listContainers(signal: AbortSignal): Promise<ContainerStatus[]> {
    await this.#enter('listContainers', signal);
    return [...this.#containers.values()].map((container) => container.status());
  }

  async updateContainerResources(
    containerId: string,
    resources: ContainerResources,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#enter('updateContainerResources', signal);
    this.#container(containerId).updateResources(resources);
  }

  async execSync(
    containerId: string,
    command: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ExecSyncResult> {
    await this.#enter('execSync', signal);
    const plan = this.#plan(containerId, command);
    const encoder = new TextEncoder();
    if ((plan.takesMs ?? 0) > timeoutMs && timeoutMs > 0) {
      await this.#options.clock.sleep(timeoutMs, signal);
      throw new RuntimeError('DeadlineExceeded', `command timed out: ${timeoutMs} ms passed`);
    }
    if (plan.takesMs !== undefined) await this.#options.clock.sleep(plan.takesMs, signal);
    return {
      stdout: encoder.encode(plan.stdout),
      stderr: encoder.encode(plan.stderr),
      exitCode: plan.exitCode,
    };
  }

  async exec(containerId: string, options: ExecOptions, signal: AbortSignal): Promise<ExecSession> {
    await this.#enter('exec', signal);
    const plan = this.#plan(containerId, options.command);
    return newSimExecSession(plan, this.#container(containerId), this.#options.clock);
  }

  async attach(containerId: string, _options: StreamOptions, signal: AbortSignal): Promise<ExecSession> {
    await this.#enter('attach', signal);
    return newSimAttachSession(this.#runningContainer(containerId), signal);
  }

  async dial(sandboxId: string, port: number, signal: AbortSignal): Promise<ByteStream> {
    await this.#enter('dial', signal);
    const listens = this.#containersOf(sandboxId).some(
      ({ state, run }) => state === 'running' && run.ports?.includes(port),
    );
    if (!listens) throw new RuntimeError('Unavailable', `connect to port ${port}: connection refused`);
    return newSimConnection();
  }

  async *readLog(
    containerId: string,
    options: ReadLogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<LogRecord, void, undefined> {
    const container = this.#container(containerId);
    const sinceMs = options.sinceMs ?? 0;
    let next = Math.max(0, container.log.length - (options.tailLines ?? container.log.length));
    for (;;) {
      signal.throwIfAborted();
      for (; next < container.log.length; next++) {
        const record = container.log[next]!;
        if (Date.parse(record.timestamp) >= sinceMs) yield record;
      }
      if (!options.follow || container.state === 'exited') return;
      await container.logChanged(signal);
    }
  }

  async stats(signal: AbortSignal): Promise<ContainerStats[]> {
    await this.#enter('stats', signal);
    return [...this.#containers.values()]
      .filter(({ state }) => state === 'running')
      .map((container) => ({
        containerId: container.id,
        cpuUsageNanos: (container.run.cpuMillis ?? 0) * container.runningMs * 1000,
        memoryWorkingSetBytes: Math.floor(container.memoryBytes()),
      }));
  }

  events(signal: AbortSignal): AsyncIterable<ContainerEvent> {
    return this.#hub.subscribe(signal);
  }

  async #enter(verb: RuntimeVerb, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { latencyMs, random, clock } = this.#options;
    if (latencyMs !== undefined) {
      await clock.sleep(latencyMs.min + random.next() * (latencyMs.max - latencyMs.min), signal);
    }
    if (this.#downReason !== undefined) throw new RuntimeError('Unavailable', this.#downReason);
    const fault = this.#faults.get(verb)?.shift();
    if (fault !== undefined) throw fault;
  }

  #stopSandbox(sandboxId: string): void {
    for (const container of this.#containersOf(sandboxId)) container.signal('SIGKILL');
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox !== undefined) sandbox.status.state = 'notready';
  }

  #remove(container: SimContainer): void {
    this.#containers.delete(container.id);
    this.#publish('deleted', container);
  }

  #publish(type: 'created' | 'started' | 'stopped' | 'deleted', { id, sandboxId }: SimContainer): void {
    const sandbox = this.#sandboxes.get(sandboxId);
    assert(sandbox !== undefined, 'a container lives in a sandbox');
    this.#hub.publish({ type, sandboxId, containerId: id, podUid: sandbox.config.metadata.uid });
  }

  #plan(containerId: string, command: readonly string[]): SimulatedExec {
    const container = this.#runningContainer(containerId);
    const { config, runningMs } = container;
    const plan = container.run.exec?.(command, { config, runningMs });
    if (plan === undefined) {
      throw new RuntimeError('StartError', `exec: "${command[0] ?? ''}": executable file not found in $PATH`);
    }
    return plan;
  }

  #program(name: string): SimulatedProgram | undefined {
    const { programs } = this.#options;
    return Object.entries(programs).find(([reference]) => normalizeImageReference(reference) === name)?.[1];
  }

  #container(id: string): SimContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw notFound('container', id);
    return container;
  }

  #runningContainer(id: string): SimContainer {
    const container = this.#container(id);
    if (container.state !== 'running') {
      throw new RuntimeError('Unknown', `container "${id}" is in state ${container.state}, not running`);
    }
    return container;
  }

  #containersOf(sandboxId: string): SimContainer[] {
    return [...this.#containers.values()].filter((container) => container.sandboxId === sandboxId);
  }

  #newId(): string {
    return Array.from(this.#options.random.bytes(32), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  #newAddress(): string {
    const index = ++this.#addresses;
    return `${this.#options.addressPrefix ?? '10.88'}.${(index >> 8) & 0xff}.${index & 0xff}`;
  }
}

function toImage(reference: string, program: SimulatedProgram): RuntimeImage {
  return { reference, id: `simulated://${reference}`, sizeBytes: program.sizeBytes ?? 1_000_000 };
}

function notFound(kind: string, id: string): RuntimeError {
  return new RuntimeError('NotFound', `${kind} "${id}": not found`);
}
