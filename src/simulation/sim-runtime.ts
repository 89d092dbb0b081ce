/**
 * The container runtime in virtual time: programs are data, nothing runs. It outlives the kubelet that uses it, as a
 * real runtime does, so that a simulated kubelet can crash and come back to the same containers.
 */

import { checkContainerNameIsFree, checkSandboxNameIsFree } from '../container-runtime/reserved-names.ts';
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
import { exitCodeOfSignal, SIGKILL } from '../container-runtime/signals.ts';
import { commandAnswer } from './program-answers.ts';
import type { ProgramImage } from './program-table.ts';
import type { RuntimeVerb } from './runtime-faults.ts';
import { HELD_BY_MACHINE, SimContainer } from './sim-container.ts';
import { notFound, SimulatedNodeContainers, type SimulatedRuntimeOptions } from './sim-node-containers.ts';
import { listenerIn } from './sim-pod-network.ts';
import type { SimulatedExec } from './sim-program.ts';
import { SimSandbox } from './sim-sandbox.ts';
import { elapse, newSimAttachSession, newSimConnection, newSimExecSession } from './sim-streams.ts';

/** What is large in a container's configuration. */
const FORGOTTEN: Pick<ContainerConfig, 'env' | 'mounts'> = { env: [], mounts: [] };

export function newSimulatedRuntime(options: SimulatedRuntimeOptions): SimulatedRuntime {
  return new SimulatedRuntime(options);
}

export class SimulatedRuntime extends SimulatedNodeContainers implements ContainerRuntime {
  readonly #pulled = new Set<string>();
  /** How often each image that fails to come was asked for. */
  readonly #pulls = new Map<string, number>();

  async status(signal: AbortSignal): Promise<RuntimeStatus> {
    signal.throwIfAborted();
    const message = this.faults.unavailable;
    const status = { name: 'simulated', version: '1', ready: message === undefined, networkReady: true };
    return message === undefined ? status : { ...status, message };
  }

  async imageStatus(reference: string, signal: AbortSignal): Promise<RuntimeImage | undefined> {
    await this.#enter('imageStatus', signal);
    const name = this.programs.normalize(reference);
    const found = this.programs.find(name);
    return found?.program.preloaded === true || this.#pulled.has(name) ? found?.image : undefined;
  }

  async pullImage(reference: string, signal: AbortSignal): Promise<RuntimeImage> {
    await this.#enter('pullImage', signal);
    const name = this.programs.normalize(reference);
    try {
      const image = await this.#pull(name, signal);
      this.#pulled.add(name);
      this.change({ type: 'image', what: 'pulled', image: name, message: '' });
      return image;
    } catch (error) {
      if (error instanceof RuntimeError)
        this.change({ type: 'image', what: 'failed', image: name, message: error.message });
      throw error;
    }
  }

  async #pull(name: string, signal: AbortSignal): Promise<RuntimeImage> {
    const found = this.programs.find(name);
    if (found === undefined)
      throw new RuntimeError('ImageNotFound', `failed to resolve image "${name}": not found`);
    const { takesMs, error } = found.program.pull ?? {};
    if (takesMs !== undefined) await this.#sleep(takesMs, signal);
    const fault = this.faults.pullError(name);
    if (fault !== undefined) throw fault;
    const pulls = (this.#pulls.get(name) ?? 0) + 1;
    if (error === undefined) return found.image;
    this.#pulls.set(name, pulls);
    if (error.times === undefined || pulls <= error.times)
      throw new RuntimeError(error.reason, error.message);
    return found.image;
  }

  async runPodSandbox(config: SandboxConfig, signal: AbortSignal): Promise<string> {
    await this.#enter('runPodSandbox', signal);
    checkSandboxNameIsFree(config.metadata, this.sandboxesNow());
    const ip = config.hostNetwork ? this.nodeIp : this.network.newAddress();
    const createdAtMs = this.options.clock.now();
    const sandbox = new SimSandbox(this.newId(), config, { ip, createdAtMs });
    this.sandboxes.set(sandbox.id, sandbox);
    this.sandboxesChanged();
    this.network.add(sandbox);
    if (!config.hostNetwork) this.addresses.take(ip, this);
    this.change({ type: 'sandbox', what: 'started', sandbox: sandbox.status() });
    return sandbox.id;
  }

  async stopPodSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('stopPodSandbox', signal);
    const sandbox = this.sandboxes.get(sandboxId);
    if (sandbox !== undefined) this.stopSandbox(sandbox);
  }

  async removePodSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('removePodSandbox', signal);
    const sandbox = this.sandboxes.get(sandboxId);
    if (sandbox !== undefined) this.removeSandbox(sandbox);
  }

  async listPodSandboxes(signal: AbortSignal): Promise<readonly SandboxStatus[]> {
    await this.#enter('listPodSandboxes', signal);
    return this.sandboxesNow();
  }

  async createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    await this.#enter('createContainer', signal);
    const sandbox = this.sandboxes.get(sandboxId);
    if (sandbox === undefined) throw notFound('sandbox', sandboxId);
    if (!sandbox.isReady) throw new RuntimeError('Unknown', `sandbox "${sandboxId}" is not running`);
    const others = sandbox.containers.map(({ id, config: { metadata } }) => ({ id, metadata }));
    checkContainerNameIsFree(config.metadata, others);
    const { image, program } = this.#programOf(config, sandbox);
    const container = new SimContainer({
      id: this.newId(),
      sandbox,
      imageId: image.id,
      config: this.options.keepsConfigs === false ? { ...config, ...FORGOTTEN } : config,
      program,
      surroundings: this.surroundings,
    });
    sandbox.containers = sandbox.containers.concat(container);
    this.containers.set(container.id, container);
    this.containersChanged();
    this.publish('created', container);
    return container.id;
  }

  #programOf(config: ContainerConfig, { pod }: SimSandbox): ProgramImage {
    const name = this.programs.normalize(config.image);
    const found = this.programs.find(name);
    if (found === undefined) throw new RuntimeError('ImageNotFound', `image "${name}": not found`);
    const program = this.options.chooseProgram?.(config, pod);
    return program === undefined ? found : { image: found.image, program };
  }

  async startContainer(containerId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('startContainer', signal);
    const container = this.container(containerId);
    if (container.state === 'running') return;
    if (container.state !== 'created') throw notInState(container, 'created');
    const { startError, startMs } = container.run;
    if (startMs !== undefined) await this.#sleep(startMs, signal);
    if (container.state !== 'created') return;
    container.start();
    if (startError !== undefined) {
      this.tell(container, 'exited');
      throw new RuntimeError('StartError', startError);
    }
    if (this.faults.isFrozen) container.hold(HELD_BY_MACHINE);
    this.publish('started', container);
  }

  async stopContainer(containerId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.#enter('stopContainer', signal);
    const container = this.containers.get(containerId);
    if (container === undefined || container.state !== 'running') return;
    if (timeoutMs > 0) {
      container.signal(container.stopSignal);
      await elapse(container, this.options.clock, { takesMs: Number.POSITIVE_INFINITY, timeoutMs, signal });
    }
    container.signal('SIGKILL');
  }

  async removeContainer(containerId: string, signal: AbortSignal): Promise<void> {
    await this.#enter('removeContainer', signal);
    const container = this.containers.get(containerId);
    if (container === undefined) return;
    container.signal('SIGKILL');
    this.remove(container);
  }

  async listContainers(signal: AbortSignal): Promise<readonly ContainerStatus[]> {
    await this.#enter('listContainers', signal);
    return this.containersNow();
  }

  async updateContainerResources(
    containerId: string,
    resources: ContainerResources,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#enter('updateContainerResources', signal);
    this.container(containerId).updateResources(resources);
  }

  async execSync(
    containerId: string,
    command: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ExecSyncResult> {
    await this.#enter('execSync', signal);
    const plan = this.#plan(containerId, command);
    const patienceMs = timeoutMs > 0 ? timeoutMs : Number.POSITIVE_INFINITY;
    const times = { takesMs: plan.takesMs ?? 0, timeoutMs: patienceMs, signal };
    const went = await elapse(this.container(containerId), this.options.clock, times);
    if (went === 'timeout')
      throw new RuntimeError('DeadlineExceeded', `command timed out: ${timeoutMs} ms passed`);
    const {
      exitCode,
      stderr = '',
      stdout = '',
    } = went === 'done' ? plan : { exitCode: exitCodeOfSignal(SIGKILL) };
    const encoder = new TextEncoder();
    return { stdout: encoder.encode(stdout), stderr: encoder.encode(stderr), exitCode };
  }

  async exec(containerId: string, options: ExecOptions, signal: AbortSignal): Promise<ExecSession> {
    await this.#enter('exec', signal);
    const plan = this.#plan(containerId, options.command);
    return newSimExecSession(plan, this.container(containerId));
  }

  async attach(containerId: string, _options: StreamOptions, signal: AbortSignal): Promise<ExecSession> {
    await this.#enter('attach', signal);
    return newSimAttachSession(this.#runningContainer(containerId), signal);
  }

  async dial(sandboxId: string, port: number, signal: AbortSignal): Promise<ByteStream> {
    await this.#enter('dial', signal);
    const sandbox = this.sandboxes.get(sandboxId);
    const listener = sandbox === undefined ? undefined : listenerIn(sandbox, port);
    if (listener === undefined)
      throw new RuntimeError('Unavailable', `connect to port ${port}: connection refused`);
    return newSimConnection(listener.container);
  }

  async *readLog(
    containerId: string,
    options: ReadLogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<LogRecord, void, undefined> {
    const container = this.container(containerId);
    const sinceMs = options.sinceMs ?? 0;
    const { log } = container;
    let next = Math.max(log.first, log.end - (options.tailLines ?? log.end));
    for (;;) {
      signal.throwIfAborted();
      for (; next < log.end; next++) {
        next = Math.max(next, log.first);
        const record = log.at(next)!;
        if (Date.parse(record.timestamp) >= sinceMs) yield record;
      }
      if (!options.follow || container.state === 'exited') return;
      await log.changed(signal);
    }
  }

  async stats(signal: AbortSignal): Promise<ContainerStats[]> {
    await this.#enter('stats', signal);
    return [...this.containers.values()]
      .filter(({ state }) => state === 'running')
      .map((container) => ({
        containerId: container.id,
        cpuUsageNanos: (container.run.cpuMillis ?? 0) * container.runningMs * 1000,
        memoryWorkingSetBytes: Math.floor(container.memoryBytes()),
      }));
  }

  events(signal: AbortSignal): AsyncIterable<ContainerEvent> {
    return this.hub.subscribe(signal);
  }

  #enter(verb: RuntimeVerb, signal: AbortSignal): Promise<void> {
    return this.faults.enter(verb, signal);
  }

  /** Something takes time; a loss of power breaks it off. */
  async #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    const before = this.powerLosses;
    await this.options.clock.sleep(delayMs, signal);
    if (this.powerLosses !== before) throw new RuntimeError('Unavailable', 'the machine lost power');
  }

  #plan(containerId: string, command: readonly string[]): SimulatedExec {
    const { config, run, runningMs } = this.#runningContainer(containerId);
    const plan = run.exec?.(command, { config, runningMs }) ?? commandAnswer(run, command, runningMs);
    if (plan === undefined) {
      throw new RuntimeError('StartError', `exec: "${command[0] ?? ''}": executable file not found in $PATH`);
    }
    return plan;
  }

  #runningContainer(id: string): SimContainer {
    const container = this.container(id);
    if (container.state !== 'running') throw notInState(container, 'running');
    return container;
  }
}

function notInState({ id, state }: SimContainer, wanted: string): RuntimeError {
  return new RuntimeError('Unknown', `container "${id}" is in state ${state}, not ${wanted}`);
}
