/**
 * The process runtime: a container is a process tree on this machine, a sandbox an address, an image a directory. It
 * is the {@link ContainerRuntime} over state directories; what runs beside the programs is in `launch-scripts.ts`.
 *
 * Invariant: everything is on disk or in the kernel. This object can die at any moment; another one over the same
 * directory finds the same containers, with their exit codes and every line of their output.
 *
 * It keeps programs apart as far as the machine allows. It is not a security boundary.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { abortable } from '../../base/abort.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import type { PodNetwork } from '../../network/pod-network/pod-network.ts';
import { EventHub } from '../event-hub.ts';
import { checkContainerNameIsFree, checkSandboxNameIsFree } from '../reserved-names.ts';
import {
  type ByteStream,
  type ContainerConfig,
  type ContainerEvent,
  type ContainerResources,
  type ContainerRuntime,
  type ContainerStats,
  type ContainerStatus,
  EXEC_SYNC_OUTPUT_MAX,
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
} from '../runtime.ts';
import { SIGTERM, signalNumber } from '../signals.ts';
import { type Cgroups, openCgroups } from './cgroups.ts';
import { attachContainer } from './container-attach.ts';
import { ContainerDirectory } from './container-directory.ts';
import { startExec } from './container-exec.ts';
import { prepareLaunch } from './container-launch.ts';
import { dialPod } from './dial.ts';
import { collectOutput } from './exec-output.ts';
import type { ImageRegistry, ProcessImage } from './image-registry.ts';
import { detectIsolation, type Isolation, type IsolationSupport } from './isolation.ts';
import { type ContainerContext, cgroupName, ProcessContainer } from './process-container.ts';
import { ProcessSandbox } from './process-sandbox.ts';
import { bootId } from './process-table.ts';
import { measureProcesses } from './process-use.ts';
import { SkeletonStock } from './skeleton-stock.ts';

export interface ProcessRuntimeOptions {
  /** All state of this node's containers. One runtime at a time. */
  stateDir: string;
  /** Short id of the cluster on this machine, `[a-z0-9]`, at most 8 characters; part of the control groups' names. */
  clusterId: string;
  images: ImageRegistry;
  network: PodNetwork;
  /** The address of Pods in the host network. */
  nodeIp: string;
  /** The `PATH` and `HOME` that programs get unless their image sets them. */
  hostEnvironment: { path: string; home: string };
  clock: Clock;
  random: Random;
  log: Logger;
  /** The control group above this cluster's; default the hierarchy's root. `false` uses none. */
  cgroupRoot?: string | false;
  /** Less than the machine allows, for tests. */
  isolation?: Isolation;
  logLimits?: { maxFileBytes: number; maxFiles: number };
}

/** As the kubelet's defaults: containerLogMaxSize, containerLogMaxFiles. */
const LOG_LIMITS = { maxFileBytes: 10 * 1024 * 1024, maxFiles: 5 };
const SWEEP_MS = 1000;
const ID_BYTES = 32;
const VERSION = '0.1.0';

/** Opens the runtime over `stateDir` and takes up the containers that it finds there. */
export async function newProcessRuntime(options: ProcessRuntimeOptions): Promise<ProcessRuntime> {
  const support = await detectIsolation(options.isolation);
  const parent = join(options.cgroupRoot || '', `kintsugi-${options.clusterId}`);
  const cgroups = options.cgroupRoot === false ? undefined : openCgroups(parent);
  const runtime = new ProcessRuntime(options, support, cgroups);
  await runtime.open();
  return runtime;
}

export class ProcessRuntime implements ContainerRuntime {
  readonly #options: ProcessRuntimeOptions;
  readonly #support: IsolationSupport;
  readonly #cgroups: Cgroups | undefined;
  readonly #context: ContainerContext;
  readonly #skeletons: SkeletonStock;
  readonly #hub = new EventHub();
  readonly #sandboxes = new Map<string, ProcessSandbox>();
  readonly #containers = new Map<string, ProcessContainer>();
  #sweepTimer: Timer | undefined;

  constructor(options: ProcessRuntimeOptions, support: IsolationSupport, cgroups: Cgroups | undefined) {
    this.#options = options;
    this.#support = support;
    this.#cgroups = cgroups;
    this.#skeletons = new SkeletonStock(join(options.stateDir, 'spare-root'), options.clock);
    this.#context = {
      clock: options.clock,
      log: options.log,
      support,
      cgroups,
      bootId: bootId(),
      logLimits: options.logLimits ?? LOG_LIMITS,
      onTransition: (container, type) => this.#publish(type, container),
    };
  }

  /** What was found possible on this machine. */
  get support(): IsolationSupport {
    return this.#support;
  }

  async open(): Promise<void> {
    for (const kind of ['sandboxes', 'containers']) {
      mkdirSync(join(this.#options.stateDir, kind), { recursive: true, mode: 0o711 });
    }
    for (const id of readdirSync(this.#path('sandboxes'))) {
      const sandbox = ProcessSandbox.read(this.#path('sandboxes', id), this.#context.bootId);
      if (sandbox === undefined) rmSync(this.#path('sandboxes', id), { recursive: true, force: true });
      else this.#sandboxes.set(id, sandbox);
    }
    await this.#options.network.start(new Set(this.#sandboxes.keys()));
    await Promise.all(readdirSync(this.#path('containers')).map((id) => this.#reload(id)));
    this.#scheduleSweep();
  }

  /** Lets go of everything; containers run on. */
  async close(): Promise<void> {
    this.#sweepTimer?.cancel();
    this.#skeletons.close();
    for (const container of this.#containers.values()) await container.close();
  }

  /** Kills and removes every container and sandbox, and the network. For `down`. */
  async destroyAll(signal: AbortSignal): Promise<void> {
    for (const id of this.#sandboxes.keys()) await this.removePodSandbox(id, signal);
    await this.#options.network.removePodNetwork();
    this.#cgroups?.removeParent();
    await this.close();
  }

  async status(): Promise<RuntimeStatus> {
    return {
      name: 'process',
      version: VERSION,
      ready: true,
      ...(this.#support.message === '' ? {} : { message: this.#support.message }),
      networkReady: true,
    };
  }

  async imageStatus(reference: string): Promise<RuntimeImage | undefined> {
    const image = await this.#options.images.find(reference);
    return image === undefined ? undefined : toRuntimeImage(image);
  }

  async pullImage(reference: string): Promise<RuntimeImage> {
    return toRuntimeImage(await this.#options.images.get(reference));
  }

  async runPodSandbox(config: SandboxConfig, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    checkSandboxNameIsFree(config.metadata, await this.listPodSandboxes());
    const id = this.#newId();
    const attachment = config.hostNetwork
      ? { ip: this.#options.nodeIp }
      : await this.#options.network.attach(id).catch((error: unknown) => {
          throw new RuntimeError(
            'Unavailable',
            `failed to set up the sandbox's network: ${(error as Error).message}`,
            {
              cause: error,
            },
          );
        });
    const record = {
      id,
      config,
      ip: attachment.ip,
      netnsPath: attachment.netnsPath,
      createdAtMs: Math.floor(this.#options.clock.now()),
      bootId: this.#context.bootId,
      stopped: false,
    };
    const sandbox = new ProcessSandbox(this.#path('sandboxes', id), record, this.#context.bootId);
    sandbox.persist();
    if (config.resources !== undefined) this.#cgroups?.create(sandboxCgroup(id), config.resources);
    this.#sandboxes.set(id, sandbox);
    return id;
  }

  async stopPodSandbox(sandboxId: string, _signal: AbortSignal): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined || sandbox.record.stopped) return;
    await Promise.all(this.#containersOf(sandboxId).map((container) => container.kill()));
    if (!sandbox.record.config.hostNetwork) await this.#options.network.detach(sandboxId);
    sandbox.markStopped();
  }

  async removePodSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) return;
    await this.stopPodSandbox(sandboxId, signal);
    for (const container of this.#containersOf(sandboxId)) await this.removeContainer(container.id, signal);
    this.#cgroups?.remove(sandboxCgroup(sandboxId));
    sandbox.remove();
    this.#sandboxes.delete(sandboxId);
  }

  async listPodSandboxes(): Promise<SandboxStatus[]> {
    return [...this.#sandboxes.values()].map((sandbox) => sandbox.status());
  }

  async createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) throw notFound('sandbox', sandboxId);
    if (!sandbox.isReady) throw new RuntimeError('Unknown', `sandbox "${sandboxId}" is not running`);
    const others = this.#containersOf(sandboxId).map((container) => container.status());
    checkContainerNameIsFree(config.metadata, others);
    const record = {
      id: this.#newId(),
      sandboxId,
      podUid: sandbox.record.config.metadata.uid,
      config,
      image: await this.#options.images.get(config.image),
      createdAtMs: Math.floor(this.#options.clock.now()),
      bootId: this.#context.bootId,
    };
    const container = new ProcessContainer(this.#path('containers', record.id), record, this.#context);
    container.persist();
    this.#containers.set(record.id, container);
    this.#publish('created', container);
    return record.id;
  }

  async startContainer(containerId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const container = this.#container(containerId);
    if (container.state === 'running') return;
    if (container.state !== 'created') {
      throw new RuntimeError(
        'Unknown',
        `container "${containerId}" is in state ${container.state}, not created`,
      );
    }
    const { record, directory } = container;
    const sandbox = this.#sandboxes.get(record.sandboxId);
    if (sandbox === undefined) throw notFound('sandbox', record.sandboxId);
    await container.start(() =>
      prepareLaunch({
        record,
        directory,
        sandbox,
        support: this.#support,
        skeletons: this.#skeletons,
        cgroupJoins: this.#cgroups?.create(container.cgroupName, record.config.resources) ?? [],
        hostPath: this.#options.hostEnvironment.path,
        hostHome: this.#options.hostEnvironment.home,
        listenAddress: this.#listenAddress(sandbox),
      }),
    );
  }

  async stopContainer(containerId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const container = this.#containers.get(containerId);
    if (container === undefined || container.state === 'exited' || container.state === 'created') return;
    if (timeoutMs > 0) {
      const { config, image } = container.record;
      container.signal(signalNumber(config.stopSignal || image.config.StopSignal) ?? SIGTERM);
      const ended = new AbortController();
      const timeout = this.#options.clock
        .sleep(timeoutMs, AbortSignal.any([signal, ended.signal]))
        .catch(() => {});
      await abortable(Promise.race([container.exited, timeout]), signal).finally(() => ended.abort());
    }
    await container.kill();
  }

  async removeContainer(containerId: string, _signal: AbortSignal): Promise<void> {
    const container = this.#containers.get(containerId);
    if (container === undefined) return;
    await container.kill();
    if (container.state === 'exited') await container.settled;
    await container.remove();
    if (this.#containers.delete(containerId)) this.#publish('deleted', container);
  }

  async listContainers(): Promise<ContainerStatus[]> {
    return [...this.#containers.values()].map((container) => container.status());
  }

  async updateContainerResources(containerId: string, resources: ContainerResources): Promise<void> {
    this.#container(containerId).updateResources(resources);
  }

  async execSync(
    containerId: string,
    command: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ExecSyncResult> {
    const options = { command, stdin: false, stdout: true, stderr: true, tty: false };
    const session = await this.exec(containerId, options, signal);
    let isLate = false;
    const endLate = () => {
      isLate = true;
      session.close();
    };
    const timer = timeoutMs > 0 ? this.#options.clock.setTimer(timeoutMs, endLate) : undefined;
    const [stdout, stderr, exitCode] = await Promise.all([
      collectOutput(session.stdout, EXEC_SYNC_OUTPUT_MAX),
      collectOutput(session.stderr, EXEC_SYNC_OUTPUT_MAX),
      session.exited,
    ]);
    timer?.cancel();
    signal.throwIfAborted();
    if (isLate) {
      throw new RuntimeError(
        'DeadlineExceeded',
        `command ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs} ms`,
      );
    }
    return { stdout, stderr, exitCode };
  }

  async exec(containerId: string, options: ExecOptions, signal: AbortSignal): Promise<ExecSession> {
    signal.throwIfAborted();
    const container = this.#container(containerId);
    const session = await startExec(
      {
        container,
        support: this.#support,
        cgroupJoins: this.#cgroups?.joinFiles(container.cgroupName) ?? [],
        netnsPath: this.#sandboxes.get(container.record.sandboxId)?.record.netnsPath,
      },
      options,
    );
    const close = () => session.close();
    signal.addEventListener('abort', close, { once: true });
    void session.exited.finally(() => signal.removeEventListener('abort', close)).catch(() => {});
    return session;
  }

  async attach(containerId: string, options: StreamOptions, signal: AbortSignal): Promise<ExecSession> {
    const container = this.#container(containerId);
    if (container.state !== 'running') {
      throw new RuntimeError(
        'Unknown',
        `container "${containerId}" is in state ${container.state}, not running`,
      );
    }
    return attachContainer(this.#options.clock, container, options, signal);
  }

  async dial(sandboxId: string, port: number, signal: AbortSignal): Promise<ByteStream> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) throw notFound('sandbox', sandboxId);
    const { ip, netnsPath } = sandbox.record;
    const target = { host: ip, port };
    if (netnsPath === undefined) return dialPod(target, signal);
    return dialPod({ ...target, netns: { path: netnsPath, nsenter: this.#support.tools.nsenter } }, signal);
  }

  async *readLog(
    containerId: string,
    options: ReadLogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<LogRecord, void, undefined> {
    const container = this.#container(containerId);
    // The exit is told at once; what the program wrote last may still be on its way to the log.
    if (container.state === 'exited') await abortable(container.settled, signal);
    yield* container.log.read(options, signal);
  }

  async stats(): Promise<ContainerStats[]> {
    const running = [...this.#containers.values()].filter(({ state }) => state === 'running');
    const measured =
      this.#cgroups === undefined ? measureProcesses(running, this.#support.isolation) : new Map();
    return running.flatMap((container) => {
      const use = this.#cgroups?.use(container.cgroupName) ?? measured.get(container.id);
      return use === undefined ? [] : [{ containerId: container.id, ...use }];
    });
  }

  events(signal: AbortSignal): AsyncIterable<ContainerEvent> {
    return this.#hub.subscribe(signal);
  }

  async #reload(id: string): Promise<void> {
    const directory = new ContainerDirectory(this.#path('containers', id));
    const record = directory.readRecord();
    if (record === undefined) {
      await directory.remove();
      return;
    }
    const container = new ProcessContainer(directory.path, record, this.#context);
    this.#containers.set(id, container);
    await container.reload();
    if (!this.#sandboxes.has(record.sandboxId)) await this.removeContainer(id, new AbortController().signal);
  }

  #scheduleSweep(): void {
    this.#sweepTimer = this.#options.clock.setTimer(SWEEP_MS, () => {
      for (const container of this.#containers.values()) container.sweep();
      this.#scheduleSweep();
    });
  }

  /** In a network namespace of its own a Pod may listen everywhere. */
  #listenAddress({ record }: ProcessSandbox): string {
    return record.netnsPath !== undefined || record.config.hostNetwork ? '0.0.0.0' : record.ip;
  }

  #publish(type: 'created' | 'started' | 'stopped' | 'deleted', { id, record }: ProcessContainer): void {
    this.#hub.publish({ type, sandboxId: record.sandboxId, containerId: id, podUid: record.podUid });
  }

  #container(id: string): ProcessContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw notFound('container', id);
    return container;
  }

  #containersOf(sandboxId: string): ProcessContainer[] {
    return [...this.#containers.values()].filter(({ record }) => record.sandboxId === sandboxId);
  }

  #path(...parts: string[]): string {
    return join(this.#options.stateDir, ...parts);
  }

  #newId(): string {
    return Buffer.from(this.#options.random.bytes(ID_BYTES)).toString('hex');
  }
}

function sandboxCgroup(sandboxId: string): string {
  return cgroupName(sandboxId, '');
}

function toRuntimeImage({ reference, id, sizeBytes, user }: ProcessImage): RuntimeImage {
  return { reference, id, sizeBytes, ...(user === undefined ? {} : { user }) };
}

function notFound(kind: string, id: string): RuntimeError {
  return new RuntimeError('NotFound', `${kind} "${id}": not found`);
}
