/** The cluster of {@link startCluster}: a world, who moves its time, and a record of what the test has opened. */
import type { Event as CoreEvent } from '../api/generated/core-v1.ts';
import type { Transport, UserInfo } from '../api/message.ts';
import { EVENTS } from '../api/resources.ts';
import { newRestClient } from '../client/rest-client.ts';
import type { Parameters } from '../simulation/faults/fault-parameters.ts';
import type { SimulatedProgram } from '../simulation/sim-program.ts';
import type { SimulatedBackend } from '../simulation/sim-webhooks.ts';
import { formatTimeline } from '../simulation/timeline/format-timeline.ts';
import { recordTimeline, type Timeline } from '../simulation/timeline/timeline.ts';
import type { TimelineEntry } from '../simulation/timeline/timeline-entry.ts';
import { parseTimelineFilter, selects, type TimelineFilter } from '../simulation/timeline/timeline-filter.ts';
import { ADMIN, type World } from '../simulation/world/world.ts';
import type { WorldEvent } from '../simulation/world/world-event.ts';
import { callSite } from './call-site.ts';
import type {
  Cluster,
  ClusterHttps,
  ControllerHandle,
  NamedObject,
  ObjectAt,
  ObjectPath,
  PartitionOptions,
  RunOptions,
  Truthy,
  UntilOptions,
  User,
} from './cluster.ts';
import { type ClusterClient, newClusterClient } from './cluster-client.ts';
import type { ControllerFunction } from './controller-context.ts';
import { Controllers } from './controllers.ts';
import { Failures } from './failures.ts';
import type { OpenHttps } from './https-gateway.ts';
import { KnownKinds } from './known-kinds.ts';
import { Machinery } from './machinery.ts';
import { applyManifests } from './manifest-input.ts';
import type { Applied, Manifests } from './manifests.ts';
import { NodeAgents } from './node-agents.ts';
import { parseObjectPath, pathOf } from './object-path.ts';
import { ObservedObjects } from './observed-objects.ts';
import { LeakError, type OpenThing, OpenThings } from './open-things.ts';
import { OutsideClients } from './outside-clients.ts';
import { parseSpan, type Span } from './parse-span.ts';
import { StandstillWarning } from './standstill-warning.ts';
import { PassingTime, type TimeDriver, VirtualTime } from './time-driver.ts';
import { describeCondition, type WaitContext, waitUntil } from './until.ts';

/** Of requests from outside the process. */
const OUTSIDE = 'outside';
const STANDSTILL_PATIENCE_MS = 1000;
/** How long a condition is waited for when the test does not say: of virtual time, and on the wall. */
const UNTIL_VIRTUAL_MS = 300_000;
const UNTIL_REAL_MS = 30_000;
/** Of real time: how often a condition is looked at when nothing happens. */
const POLL_REAL_MS = 50;
/** Of real time, between two steps of virtual time that runs beside it. */
const PACE_MS = 5;
const PACE_SPEED = 60;

export interface RunningClusterOptions {
  time: 'virtual' | 'real';
  speed: number;
  nodes: readonly string[];
}

export class RunningCluster implements Cluster {
  readonly client: ClusterClient;
  readonly nodes: readonly string[];
  readonly #world: World;
  readonly #time: TimeDriver;
  readonly #isVirtual: boolean;
  readonly #patienceMs: number;
  readonly #timeline: Timeline;
  readonly #observed = new ObservedObjects();
  readonly #open = new OpenThings();
  readonly #failures: Failures;
  readonly #standstill: StandstillWarning;
  readonly #agents: NodeAgents;
  readonly #machinery: Machinery;
  readonly #kinds: KnownKinds;
  readonly #controllers: Controllers;
  readonly #end = new AbortController();
  #https: OpenHttps | undefined;
  #stopping: Promise<void> | undefined;

  constructor(world: World, { time, speed, nodes }: RunningClusterOptions) {
    this.#world = world;
    this.nodes = nodes;
    const { clock } = world;
    this.#isVirtual = time === 'virtual';
    this.#patienceMs = this.#isVirtual ? UNTIL_VIRTUAL_MS : UNTIL_REAL_MS * speed;
    this.#time = this.#isVirtual ? new VirtualTime(clock) : new PassingTime(clock, POLL_REAL_MS * speed);
    this.#timeline = recordTimeline(world);
    this.#failures = new Failures(world);
    world.onEvent(({ kind }) => {
      if (kind !== 'request' && kind !== 'log') this.#time.happened();
    });
    this.#standstill = new StandstillWarning({
      monotonicMs: () => clock.monotonicMs(),
      warn: (message) => process.emitWarning(message, 'KintsugiWarning'),
      patienceMs: STANDSTILL_PATIENCE_MS,
    });
    this.#agents = new NodeAgents(world);
    this.#machinery = new Machinery(world);
    this.#kinds = new KnownKinds(world);
    this.#controllers = new Controllers({
      world,
      time: this.#time,
      failures: this.#failures,
      kinds: this.#kinds,
    });
    this.client = this.#newClient(ADMIN);
  }

  /** What comes after the start: the address, the first manifests. */
  async open({ https, manifests }: { https: boolean; manifests: Manifests | undefined }): Promise<void> {
    if (https) {
      // Loaded only for those who need it: TLS costs more than the cluster.
      const { openHttpsGateway } = await import('./https-gateway.ts');
      this.#https = await openHttpsGateway({ transport: this.#gateway(), agents: this.#agents });
    }
    if (manifests !== undefined) await this.apply(manifests);
  }

  get https(): ClusterHttps {
    if (this.#https !== undefined) return this.#https;
    throw new Error('this cluster listens nowhere; start it with { https: true }');
  }

  clientFor({ user, groups = [] }: User): ClusterClient {
    return this.#newClient(toUserInfo({ user, groups }));
  }

  apply(manifests: Manifests, { namespace = 'default' }: { namespace?: string } = {}): Promise<Applied[]> {
    const target = { client: this.client.api, kinds: this.#kinds, time: this.#time, namespace };
    return applyManifests(manifests, target, this.#end.signal);
  }

  async get<const P extends ObjectPath>(path: P, options?: { namespace?: string }): Promise<ObjectAt<P>> {
    const { row, ...target } = parseObjectPath(path, this.#kinds, options?.namespace);
    return (await this.client.get(row, target)) as ObjectAt<P>;
  }

  async find<const P extends ObjectPath>(
    path: P,
    options?: { namespace?: string },
  ): Promise<ObjectAt<P> | undefined> {
    const { row, ...target } = parseObjectPath(path, this.#kinds, options?.namespace);
    return (await this.client.find(row, target)) as ObjectAt<P> | undefined;
  }

  async until<T>(condition: () => T | Promise<T>, options: UntilOptions = {}): Promise<Truthy<T>> {
    this.#end.signal.throwIfAborted();
    const { within = this.#patienceMs } = options;
    const withinMs = parseSpan(within, 'until: within');
    const description = describeCondition(condition, options.description);
    const thing = { what: `until(${description})`, site: callSite() };
    const done = this.#open.add(thing);
    try {
      return await waitUntil({ condition, withinMs, description, thing }, this.#waitContext());
    } finally {
      done();
    }
  }

  async advance(span: Span): Promise<void> {
    const delayMs = parseSpan(span, 'advance');
    const done = this.#open.add({ what: `advance(${JSON.stringify(span)})`, site: callSite() });
    try {
      await this.#time.advance(delayMs);
    } finally {
      done();
    }
    this.#failures.throwIfAny();
  }

  async during<T>(promise: Promise<T>, { speed = PACE_SPEED }: { speed?: number } = {}): Promise<T> {
    if (!this.#isVirtual) return promise;
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    promise.then(over, over);
    for (let lastMs = performance.now(); !isOver; ) {
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      const nowMs = performance.now();
      await this.#time.advance((nowMs - lastMs) * speed);
      lastMs = nowMs;
    }
    this.#failures.throwIfAny();
    return promise;
  }

  now(): number {
    return this.#world.clock.now();
  }

  async kill(machine: string): Promise<void> {
    this.#machinery.kill(machine);
    await this.#time.settle();
  }

  async freeze(machine: string): Promise<void> {
    this.#machinery.freeze(machine);
    await this.#time.settle();
  }

  async partition(machine: string, { direction = 'both' }: PartitionOptions = {}): Promise<void> {
    this.#machinery.partition(machine, direction);
    await this.#time.settle();
  }

  async restore(machine: string): Promise<void> {
    this.#machinery.restore(machine);
    await this.#time.settle();
  }

  async crash(name: string): Promise<void> {
    this.#machinery.crash(name);
    await this.#time.settle();
  }

  fault(name: string, parameters: Parameters = {}): () => Promise<void> {
    const end = this.#machinery.fault(name, parameters);
    return async () => {
      end();
      await this.#time.settle();
    };
  }

  setProgram(image: string, program: SimulatedProgram): void {
    this.#world.programs[image] = program;
  }

  webhook(url: string, backend: SimulatedBackend): void {
    this.#world.webhooks.listen(url, backend);
  }

  async events(object: ObjectPath | NamedObject): Promise<CoreEvent[]> {
    const { kind, name, namespace } = pathOf(object, this.#kinds);
    const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
    const events = await this.client.list(EVENTS, {
      fieldSelector,
      ...(namespace === '' ? {} : { namespace }),
    });
    return events.sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
  }

  timeline(filter?: string | TimelineFilter): string {
    return formatTimeline(this.timelineEntries(filter));
  }

  timelineEntries(filter: string | TimelineFilter = {}): TimelineEntry[] {
    const wanted = typeof filter === 'string' ? parseTimelineFilter(filter) : filter;
    return this.#timeline.entries().filter((entry) => selects(wanted, entry));
  }

  onEvent(listener: (event: WorldEvent) => void): () => void {
    const ended = this.#open.add({ what: 'a listener of onEvent', site: callSite() });
    const stop = this.#world.onEvent(listener);
    return () => {
      stop();
      ended();
    };
  }

  run(controller: ControllerFunction, { name, as }: RunOptions = {}): ControllerHandle {
    this.#end.signal.throwIfAborted();
    const user = as === undefined ? ADMIN : toUserInfo(as);
    const site = callSite();
    return this.#controllers.start({ run: controller, name: name ?? controller.name, user, site });
  }

  stop(): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping.catch(() => {});
    this.#stopping = this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const leaks = this.#open.list();
    leaks.push(...(await this.#controllers.stop()));
    const reason = new Error('the cluster has been stopped');
    this.#end.abort(reason);
    this.#time.stop(reason);
    this.#standstill.stop();
    // Whoever waits hears of the end before the world is gone, in which nothing is heard any more.
    await this.#time.settle();
    await this.#https?.close();
    await this.#world.stop();
    this.#failures.throwIfAny();
    if (leaks.length > 0) throw new LeakError(leaks);
  }

  #newClient(user: UserInfo): ClusterClient {
    const transport = this.#agents.opening(this.#world.transport(user));
    const client = newRestClient(this.#observed.watchOver(this.#driven(transport)), {
      userAgent: user.username,
    });
    return newClusterClient({
      client,
      kinds: this.#kinds,
      signal: this.#end.signal,
      opened: (thing) => this.#open.add(thing),
      waiting: (thing) => this.#waiting(thing),
    });
  }

  /** Requests from outside: whoever sent them is known by certificate or token. */
  #gateway(): Transport {
    const outside = new OutsideClients((thing) => this.#waiting(thing));
    this.#time.waitFor(outside);
    return outside.watchOver(this.#driven(this.#world.gateway(OUTSIDE)));
  }

  #driven(transport: Transport): Transport {
    return { send: (request, signal) => this.#time.request(() => transport.send(request, signal)) };
  }

  /** In real time nothing stands still. */
  #waiting(thing: OpenThing): () => void {
    return this.#isVirtual ? this.#standstill.waiting(thing) : () => {};
  }

  #waitContext(): WaitContext {
    return {
      time: this.#time,
      world: this.#world,
      timeline: this.#timeline,
      observed: this.#observed,
      kinds: this.#kinds,
      waiting: (thing) => this.#waiting(thing),
      throwIfFailed: () => this.#failures.throwIfAny(),
    };
  }
}

function toUserInfo({ user, groups = [] }: User): UserInfo {
  return { username: user, groups: [...groups, 'system:authenticated'] };
}

function timeOf({ lastTimestamp, eventTime, metadata }: CoreEvent): string {
  return lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
}
