/**
 * What is on a simulated node and what can happen to it: sandboxes, containers, images, network, power. The verbs of
 * {@link SimulatedRuntime} act on it; tests, scenarios and checkers look at it and break it.
 *
 * Every lookup costs the same however many containers there are, and a status is made again only when it changed.
 */
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { EventHub } from '../container-runtime/event-hub.ts';
import {
  type ContainerConfig,
  type ContainerStatus,
  type LogRecord,
  RuntimeError,
  type SandboxConfig,
  type SandboxStatus,
} from '../container-runtime/runtime.ts';
import { ProgramTable } from './program-table.ts';
import type { RuntimeChange, UnstampedChange } from './runtime-change.ts';
import { type Latency, RuntimeFaults, type RuntimeVerb } from './runtime-faults.ts';
import { SimulatedAddresses } from './sim-addresses.ts';
import {
  type ContainerSurroundings,
  HELD_BY_HANG,
  HELD_BY_MACHINE,
  type SimContainer,
} from './sim-container.ts';
import { newIdSource } from './sim-ids.ts';
import { SimulatedPodNetwork } from './sim-pod-network.ts';
import type { SimulatedProgram } from './sim-program.ts';
import type { SimSandbox } from './sim-sandbox.ts';

export interface SimulatedRuntimeOptions {
  clock: Clock;
  random: Random;
  /** By image reference, in any spelling, read at each use; or a table that many runtimes share. */
  programs: Record<string, SimulatedProgram> | ProgramTable;
  /** The program of one container, where its image does not say it all; `undefined`: by its image. */
  chooseProgram?: (config: ContainerConfig, pod: SandboxConfig['metadata']) => SimulatedProgram | undefined;
  /** Each call takes a random time within these bounds, ms; default none. */
  latencyMs?: Latency;
  /** First two or three parts of the Pod addresses; default `10.88`. */
  addressPrefix?: string;
  /** The address of Pods in the host network; default `192.168.0.1`. */
  nodeIp?: string;
  /** Of the whole cluster; default one of its own. */
  addresses?: SimulatedAddresses;
  /** False: environments and mounts of containers are not kept. For clusters of a hundred thousand Pods. */
  keepsConfigs?: boolean;
  onChange?: (change: RuntimeChange) => void;
}

export class SimulatedNodeContainers {
  readonly addresses: SimulatedAddresses;
  readonly nodeIp: string;
  protected readonly options: SimulatedRuntimeOptions;
  protected readonly programs: ProgramTable;
  protected readonly faults: RuntimeFaults;
  protected readonly network: SimulatedPodNetwork;
  protected readonly newId: () => string;
  protected readonly hub = new EventHub();
  protected readonly sandboxes = new Map<string, SimSandbox>();
  protected readonly containers = new Map<string, SimContainer>();
  protected readonly surroundings: ContainerSurroundings;
  /** How often the machine lost power: what was under way before has broken off. */
  protected powerLosses = 0;
  /** Ended by the last loss of power. */
  #vanished: SimContainer[] = [];
  #containerStatuses: readonly ContainerStatus[] | undefined;
  #sandboxStatuses: readonly SandboxStatus[] | undefined;

  constructor(options: SimulatedRuntimeOptions) {
    const { addresses, addressPrefix = '10.88', clock, nodeIp = '192.168.0.1', programs, random } = options;
    this.options = options;
    this.nodeIp = nodeIp;
    this.addresses = addresses ?? new SimulatedAddresses();
    this.addresses.take(nodeIp, this);
    this.programs = programs instanceof ProgramTable ? programs : new ProgramTable(programs);
    this.faults = new RuntimeFaults(options);
    this.network = new SimulatedPodNetwork(addressPrefix, nodeIp);
    this.newId = newIdSource(random);
    this.surroundings = {
      clock,
      onStatus: () => this.containersChanged(),
      onExit: (container: SimContainer) => this.publish('exited', container),
      onHeld: (container: SimContainer, isHeld: boolean) => this.tell(container, isHeld ? 'hung' : 'resumed'),
    };
  }

  // Faults, for tests and scenarios.

  /** The next call of `verb` fails with `error`; calls add up. */
  failNext(verb: RuntimeVerb, error: Error): void {
    this.faults.failNext(verb, error);
  }

  /** Every call fails as `Unavailable` until {@link recover}; containers run on. */
  goDown(reason: string): void {
    this.faults.downReason = reason;
  }

  recover(): void {
    this.faults.downReason = undefined;
  }

  /** From now on each call takes a random time within these bounds; `undefined`: none. */
  slow(latencyMs: Latency | undefined): void {
    this.faults.latencyMs = latencyMs;
  }

  /** Pulls of `image` (default: of every image) fail, until they are told to work again by `undefined`. */
  failPulls(error: RuntimeError | undefined, image?: string): void {
    this.faults.failPulls(image === undefined ? '' : this.programs.normalize(image), error);
  }

  /** The container's process ends by itself. */
  crash(containerId: string, exitCode = 1): void {
    this.container(containerId).exit(exitCode);
  }

  oomKill(containerId: string): void {
    this.container(containerId).exit(137, true);
  }

  /** As `kill -9` on the machine would. */
  kill(containerId: string): void {
    this.container(containerId).signal('SIGKILL');
  }

  /** The container's process stands still: accepts connections, answers nothing, heeds no signal but SIGKILL. */
  hang(containerId: string): void {
    this.container(containerId).hold(HELD_BY_HANG);
  }

  /** Goes on where it stood still, with the signals that came meanwhile. */
  unhang(containerId: string): void {
    this.container(containerId).release(HELD_BY_HANG);
  }

  /** The machine loses power: containers are gone without an exit code, addresses lead nowhere, every call is refused. */
  powerOff(): void {
    if (this.faults.isOff) return;
    this.thaw();
    this.faults.isOff = true;
    this.powerLosses++;
    this.change({ type: 'machine', what: 'off' });
    for (const container of this.containers.values()) {
      if (!container.vanish()) continue;
      this.#vanished.push(container);
      this.tell(container, 'exited');
    }
    for (const sandbox of this.sandboxes.values()) this.#loseNetwork(sandbox);
  }

  /** The machine is on again: what ran is found exited as `ContainerStatusUnknown`, what was pulled is there. */
  boot(): void {
    if (!this.faults.isOff) return;
    this.faults.isOff = false;
    for (const container of this.#vanished) container.foundVanished();
    this.#vanished = [];
    this.change({ type: 'machine', what: 'on' });
  }

  /** Every process on the machine stands still, and no address of it answers. Calls are for the caller to hold back. */
  freeze(): void {
    if (this.faults.isFrozen || this.faults.isOff) return;
    this.faults.isFrozen = true;
    for (const container of this.containers.values()) container.hold(HELD_BY_MACHINE);
    this.change({ type: 'machine', what: 'frozen' });
  }

  thaw(): void {
    if (!this.faults.isFrozen) return;
    this.faults.isFrozen = false;
    for (const container of this.containers.values()) container.release(HELD_BY_MACHINE);
    this.change({ type: 'machine', what: 'thawed' });
  }

  /** Something is written by the container's process. */
  writeLog(containerId: string, line: string, stream: LogRecord['stream'] = 'stdout'): void {
    this.container(containerId).write(stream, `${line}\n`);
  }

  // What is there, without a call: for checkers.

  /** Packets for its addresses arrive: it is on and not frozen. */
  get isReachable(): boolean {
    return !this.faults.isOff && !this.faults.isFrozen;
  }

  /** The same array until something changes. */
  containersNow(): readonly ContainerStatus[] {
    this.#containerStatuses ??= Array.from(this.containers.values(), (container) => container.status());
    return this.#containerStatuses;
  }

  /** The same array until something changes. */
  sandboxesNow(): readonly SandboxStatus[] {
    this.#sandboxStatuses ??= Array.from(this.sandboxes.values(), (sandbox) => sandbox.status());
    return this.#sandboxStatuses;
  }

  /** As it was created; with `keepsConfigs: false` without environment and mounts. */
  containerConfig(containerId: string): ContainerConfig {
    return this.container(containerId).config;
  }

  /** Who accepts connections at an address of this node, and at which port of its own. */
  listener(ip: string, port: number): { container: SimContainer; port: number } | undefined {
    return this.network.listener(ip, port);
  }

  // Bookkeeping.

  protected containersChanged(): void {
    this.#containerStatuses = undefined;
  }

  protected sandboxesChanged(): void {
    this.#sandboxStatuses = undefined;
  }

  protected removeSandbox(sandbox: SimSandbox): void {
    this.stopSandbox(sandbox);
    for (const container of sandbox.containers) this.remove(container);
    this.sandboxes.delete(sandbox.id);
    this.sandboxesChanged();
    this.change({ type: 'sandbox', what: 'removed', sandbox: sandbox.status() });
  }

  protected stopSandbox(sandbox: SimSandbox): void {
    for (const container of sandbox.containers) container.signal('SIGKILL');
    this.#loseNetwork(sandbox);
  }

  #loseNetwork(sandbox: SimSandbox): void {
    if (!sandbox.stop()) return;
    this.sandboxesChanged();
    this.network.remove(sandbox);
    if (!sandbox.isInHostNetwork) this.addresses.giveUp(sandbox.ip, this);
    this.change({ type: 'sandbox', what: 'stopped', sandbox: sandbox.status() });
  }

  protected remove(container: SimContainer): void {
    this.containers.delete(container.id);
    this.containersChanged();
    const { sandbox } = container;
    sandbox.containers = sandbox.containers.filter((sibling) => sibling !== container);
    this.publish('removed', container);
  }

  protected container(id: string): SimContainer {
    const container = this.containers.get(id);
    if (container === undefined) throw notFound('container', id);
    return container;
  }

  /** Tells the caller of the runtime and those who watch it. */
  protected publish(what: keyof typeof EVENT_TYPES, container: SimContainer): void {
    const { id, sandbox } = container;
    this.hub.publish({
      type: EVENT_TYPES[what],
      sandboxId: sandbox.id,
      containerId: id,
      podUid: sandbox.pod.uid,
    });
    this.tell(container, what);
  }

  protected tell(container: SimContainer, what: ContainerChange): void {
    if (this.options.onChange === undefined) return;
    this.change({ type: 'container', what, container: container.status(), pod: container.sandbox.pod });
  }

  protected change(change: UnstampedChange): void {
    this.options.onChange?.({ ...change, atMs: this.options.clock.now() });
  }
}

type ContainerChange = Extract<RuntimeChange, { type: 'container' }>['what'];

/** As the runtime's own events call them. */
const EVENT_TYPES = {
  created: 'created',
  started: 'started',
  exited: 'stopped',
  removed: 'deleted',
} as const;

export function notFound(kind: string, id: string): RuntimeError {
  return new RuntimeError('NotFound', `${kind} "${id}": not found`);
}
