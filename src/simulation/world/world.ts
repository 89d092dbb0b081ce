/**
 * A whole cluster in virtual time: the shipped store, API server, controllers, scheduler, kubelets and proxies on simulated
 * machines, joined by a simulated network. Nothing happens until time is advanced; one seed fixes everything.
 *
 *     user ──┐                        ┌── control-plane machine: keeper ─► server (store on a disk, API, controllers)
 *            ├── SimulatedNetwork ────┤
 *            │                        └── node machines: keeper ─► agent (kubelet, proxy) ─► runtime, volumes
 *
 * What is true is asked of the world ({@link World.objects}, runtimes, routes), never of a component that may be wrong.
 */
import type { Transport, UserInfo } from '../../api/message.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceRef, ResourceRow } from '../../api/resources.ts';
import { prefixOf } from '../../apiserver/registry/registry.ts';
import { assert } from '../../base/assert.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { newRestClient } from '../../client/rest-client.ts';
import type { StoreLimits } from '../../store/mvcc-store.ts';
import { SimulatedDisk } from '../disk/sim-disk.ts';
import { ProgramTable } from '../program-table.ts';
import { SimulatedAddresses } from '../sim-addresses.ts';
import { newSimulatedClock, type SimulatedClock } from '../sim-clock.ts';
import type { SimulatedProgram } from '../sim-program.ts';
import { newSeededRandom } from '../sim-random.ts';
import { SimulatedWebhooks } from '../sim-webhooks.ts';
import { CommitFeed } from './commit-feed.ts';
import { newFaultlessDisk, newJournalDisk } from './journal-disk.ts';
import { Life } from './life.ts';
import { newMachineClock } from './machine-clock.ts';
import { newObservingLogger } from './observing-logger.ts';
import { newCandidateProgram, newControlPlaneProgram } from './sim-control-plane.ts';
import { newSimulatedHost } from './sim-host.ts';
import { type MachineHooks, SimulatedMachine } from './sim-machine.ts';
import { SimulatedNetwork } from './sim-network.ts';
import { type NodeShape, SimulatedNode } from './sim-node.ts';
import type { Program } from './sim-process.ts';
import { SimulatedServer } from './sim-server.ts';
import { newSimulatedTransport, type SimulatedClient } from './sim-transport.ts';
import { joinWatchObservers, type WatchObserver } from './watch-observer.ts';
import type { Observation, WorldEvent, WorldObserver } from './world-event.ts';

export interface WorldOptions {
  seed: number | string;
  nodes: readonly NodeShape[];
  /** By image reference. */
  programs: Record<string, SimulatedProgram>;
  /** Of every image that is not listed; default: there are no others. */
  defaultProgram?: SimulatedProgram;
  /** Of every message; default none. */
  latencyMs?: { min: number; max: number };
  /** Under the store. `faultless` (default): nothing ever goes wrong. `simulated`: {@link World.disk} can be broken. */
  disk?: 'faultless' | 'simulated';
  /** Of the store; default: those that are shipped. */
  storeLimits?: Partial<StoreLimits>;
  /** Hung processes are found and replaced; default true. */
  watchdog?: boolean;
  /** `forgotten`: environments and mounts of containers and contents of volumes. For a hundred thousand Pods. */
  details?: 'kept' | 'forgotten';
  /** Where controllers and scheduler run; default `in-server`, as shipped. A number: so many candidates for the lead. */
  controllers?: 'in-server' | 'apart' | number;
  /** Default: virtual time, which stands at {@link SIMULATION_START_MS} until it is advanced. */
  clock?: SimulatedClock;
}

/** The machine of the API server. */
export const CONTROL_PLANE = 'control-plane';
/** Outside of the cluster. */
export const USER_PARTY = 'user';

export const ADMIN: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };

/** Of nodes and Pods. */
const POD_CIDR = '11.0.0.0/12';
const SERVICE_CIDR = '10.96.0.0/16';

const READY_WITHIN_MS = 60_000;
const STEP_MS = 10;

export class World {
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly server: SimulatedServer;
  /** By name: the control plane's, those of candidates, those of nodes. */
  readonly machines = new Map<string, SimulatedMachine>();
  readonly nodes = new Map<string, SimulatedNode>();
  /** Read at each use: it may be added to. */
  readonly programs: Record<string, SimulatedProgram>;
  /** Who has which address: by it a simulated client finds who answers. */
  readonly addresses = new SimulatedAddresses();
  /** Of the API server's machine, when it is a simulated one. */
  /** What listens at webhooks' URLs. */
  readonly webhooks = new SimulatedWebhooks();
  readonly disk: SimulatedDisk | undefined;
  readonly #options: WorldOptions;
  readonly #observers = new Set<WorldObserver>();
  readonly #watchObservers = new Set<WatchObserver>();
  readonly #user: Life;
  readonly #commits: CommitFeed;
  readonly #programTable: ProgramTable;
  #isReady = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.clock = options.clock ?? newSimulatedClock();
    this.random = newSeededRandom(options.seed);
    this.programs = options.programs;
    this.#programTable = new ProgramTable(options.programs, options.defaultProgram);
    const { latencyMs } = options;
    this.network = new SimulatedNetwork({
      clock: this.clock,
      random: this.random.fork('network'),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    });
    this.#user = new Life(this.clock);
    this.#commits = new CommitFeed((event) => this.observe(event));
    this.disk =
      options.disk === 'simulated' ? new SimulatedDisk(this.clock, this.random.fork('disk')) : undefined;
    this.server = this.#newServer();
    this.#addControlPlane();
    for (const shape of options.nodes) this.#addNode(shape);
  }

  /** Powers everything on and lets time pass until the API answers; nodes register thereafter. */
  async start(): Promise<void> {
    for (const machine of this.machines.values()) machine.powerOn();
    await this.until(() => this.#isReady, READY_WITHIN_MS, STEP_MS);
  }

  /** Adds a machine to a running world. */
  addNode(shape: NodeShape): void {
    this.#addNode(shape).powerOn();
  }

  /** Adds a machine that is no node and powers it on: what else speaks to the API, kept by a keeper of its own. */
  addMachine(name: string, programs: Record<string, Program>): SimulatedMachine {
    const machine = this.#addMachine(name, programs);
    machine.powerOn();
    return machine;
  }

  /** Everything of the world ends at once. @throws AssertionError when something of it still has a timer */
  async stop(): Promise<void> {
    for (const machine of this.machines.values()) machine.powerOff();
    this.#user.end();
    this.#commits.stop();
    await this.clock.settle();
    assert(
      this.clock.pendingTimers === 0,
      `${this.clock.pendingTimers} timers are left of a world that has stopped`,
    );
  }

  /** A client outside of the cluster, or anybody else's: requests travel from `party`. */
  client(user: UserInfo = ADMIN, party: string = USER_PARTY): ApiClient {
    return newRestClient(this.transport(user, party), { userAgent: user.username });
  }

  transport(user: UserInfo = ADMIN, party: string = USER_PARTY): Transport {
    return this.transportOf({ party, process: party, life: this.#user, user });
  }

  /** The way to the API server for whoever is at the other end of each request: one who has come from outside the world. */
  gateway(party: string = USER_PARTY): Transport {
    return this.transportOf({ party, process: party, life: this.#user });
  }

  /** The way to the API server from within a process. */
  transportOf(client: SimulatedClient): Transport {
    const { network, clock, server } = this;
    const observe = (event: Observation) => this.observe(event);
    const observer = () => (this.#observers.size === 0 ? undefined : observe);
    const watchObserver = () => joinWatchObservers(this.#watchObservers);
    return newSimulatedTransport({ network, clock, server, observer, watchObserver, ...client });
  }

  /** What is durable, in key order. Empty before the first start of the server. */
  objects<T extends KubeObject>(resource: ResourceRef<T>, namespace = ''): readonly T[] {
    const { store } = this.server;
    if (store === undefined) return [];
    const { objects } = store.list({ prefix: prefixOf(resource as ResourceRow, namespace) });
    return objects.map(({ value }) => value as unknown as T);
  }

  machine(name: string): SimulatedMachine {
    const machine = this.machines.get(name);
    if (machine === undefined) {
      throw new Error(`there is no machine "${name}"; there are: ${[...this.machines.keys()].join(', ')}`);
    }
    return machine;
  }

  /** Calls `observer` with everything that happens from now on; the returned function ends it. */
  onEvent(observer: WorldObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Tells `observer` of every watch that opens from now on; the returned function ends it. */
  onWatch(observer: WatchObserver): () => void {
    this.#watchObservers.add(observer);
    return () => this.#watchObservers.delete(observer);
  }

  observe(observation: Observation): void {
    if (this.#observers.size === 0) return;
    const event = { atMs: this.clock.now(), ...observation } as WorldEvent;
    for (const observer of this.#observers) observer(event);
  }

  advance(delayMs: number): Promise<void> {
    return this.clock.advance(delayMs);
  }

  /** Lets time pass until `holds`. @throws Error when it does not within `limitMs` of virtual time */
  async until(holds: () => boolean, limitMs: number, stepMs = 100): Promise<void> {
    await this.clock.settle();
    for (let passedMs = 0; !holds(); passedMs += stepMs) {
      if (passedMs >= limitMs)
        throw new Error(`does not hold after ${limitMs} ms of virtual time: ${String(holds)}`);
      await this.clock.advance(stepMs);
    }
  }

  /** Lets time pass until `promise` settles, and is it. @throws Error when it does not within `limitMs` of virtual time */
  async finish<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    promise.then(over, over);
    await this.until(() => isOver, limitMs, STEP_MS);
    return promise;
  }

  #newServer(): SimulatedServer {
    const inServer = (this.#options.controllers ?? 'in-server') === 'in-server';
    const controlPlane = this.#controlPlaneOptions(CONTROL_PLANE, 'server');
    return new SimulatedServer({
      party: CONTROL_PLANE,
      random: this.random.fork('server'),
      log: this.#log(`${CONTROL_PLANE}/server`),
      disk: this.disk === undefined ? newFaultlessDisk() : newJournalDisk(this.disk),
      storeLimits: this.#options.storeLimits ?? {},
      podCidr: POD_CIDR,
      serviceCidr: SERVICE_CIDR,
      webhooks: this.webhooks,
      companions: (life) =>
        inServer ? [(signal) => newControlPlaneProgram(controlPlane)(life, signal)] : [],
      onOpen: (store) => this.#commits.follow(store),
      onReady: () => {
        this.#isReady = true;
        this.observe({ kind: 'process', process: `${CONTROL_PLANE}/server`, what: 'ready' });
      },
    });
  }

  #addControlPlane(): void {
    const { controllers = 'in-server' } = this.#options;
    const server: Record<string, Program> = { server: this.server.program };
    if (controllers === 'apart') {
      server['controllers'] = newControlPlaneProgram(this.#controlPlaneOptions(CONTROL_PLANE, 'controllers'));
    }
    this.#addMachine(CONTROL_PLANE, server, { onPowerLoss: () => this.disk?.crash() });
    if (typeof controllers !== 'number') return;
    for (let i = 1; i <= controllers; i++) {
      const name = `controllers-${i}`;
      this.#addMachine(name, {
        controllers: newCandidateProgram(this.#controlPlaneOptions(name, 'controllers')),
      });
    }
  }

  #controlPlaneOptions(machine: string, program: string) {
    const process = `${machine}/${program}`;
    return {
      identity: machine,
      random: this.random.fork(process),
      log: this.#log(process),
      transport: (life: Life, user: UserInfo) => this.transportOf({ party: machine, process, life, user }),
    };
  }

  #addMachine(name: string, programs: Record<string, Program>, hooks: MachineHooks = {}): SimulatedMachine {
    assert(!this.machines.has(name), `there is a machine "${name}" already`);
    const machine = new SimulatedMachine({
      name,
      programs,
      clock: this.clock,
      watchdog: this.#options.watchdog ?? true,
      log: (process) => this.#log(process),
      observe: (event) => this.observe(event),
      hooks,
    });
    this.machines.set(name, machine);
    return machine;
  }

  #addNode(shape: NodeShape): SimulatedMachine {
    const { name } = shape;
    const index = this.nodes.size + 1;
    const addressPrefix = `${11 + (index >> 8)}.${index & 255}`;
    const process = `${name}/agent`;
    const user = { username: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] };
    const machineClock = newMachineClock(this.clock, () => this.machines.get(name));
    const host = newSimulatedHost({
      clock: machineClock,
      random: this.random.fork(`host ${name}`),
      programs: this.#programTable,
      addresses: this.addresses,
      addressPrefix,
      ip: `${addressPrefix}.255.254`,
      keepsDetails: this.#options.details !== 'forgotten',
      observe: (event) => this.observe({ ...event, node: name }),
    });
    const node = new SimulatedNode({
      shape,
      addressPrefix,
      host,
      random: this.random.fork(`node ${name}`),
      log: this.#log(process),
      transport: (life) => this.transportOf({ party: name, process, life, user }),
    });
    this.nodes.set(name, node);
    return this.#addMachine(name, { agent: node.agent }, host.hooks);
  }

  #log(process: string): Logger {
    return newObservingLogger(process, (event) => this.observe(event));
  }
}
