/**
 * A node in virtual time for the tests beside this file: the whole kubelet on the simulated runtime and clock, with an API,
 * probes and files in memory. Holds no tests of its own.
 */

import type { Container, Pod, PodSpec } from '../api/generated/core-v1.ts';
import { type KubeObject, keyOf } from '../api/meta.ts';
import { NODES, PODS, type ResourceRef } from '../api/resources.ts';
import { toTimestamp } from '../base/clock.ts';
import { newDeferred } from '../base/deferred.ts';
import { silentLogger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import type {
  ApiClient,
  ListOptions,
  ObjectName,
  Patch,
  WatchEvent,
  WatchOptions,
} from '../client/api-client.ts';
import type { EventRecorder, EventSubject } from '../client/event-recorder.ts';
import { newInformerFactory } from '../client/informer-factory.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import type { SimulatedProgram } from '../simulation/sim-program.ts';
import { newSeededRandom } from '../simulation/sim-random.ts';
import { newSimulatedRuntime } from '../simulation/sim-runtime.ts';
import { MemoryVolumeHost } from '../simulation/sim-volume-host.ts';
import { type Kubelet, newKubelet } from './kubelet.ts';
import type { ProbeOutcome, Prober } from './probes/prober.ts';

type Stored = KubeObject & { spec?: PodSpec; status?: Record<string, unknown> };

/** Objects in memory behind ApiClient; strategic patches merge conditions by type. */
export class FakeApi
  implements
    Pick<ApiClient, 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'createSubresource'>
{
  readonly objects = new Map<string, Stored>();
  #revision = 0;
  #changes: { type: 'ADDED' | 'MODIFIED' | 'DELETED'; resource: string; object: Stored; revision: number }[] =
    [];
  #changed = newDeferred();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  #commit(type: 'ADDED' | 'MODIFIED' | 'DELETED', resource: string, object: Stored): Stored {
    const revision = ++this.#revision;
    const metadata = { ...object.metadata, resourceVersion: String(revision) };
    const stored = structuredClone({ ...object, metadata });
    const key = `${resource}/${keyOf(object)}`;
    if (type === 'DELETED') this.objects.delete(key);
    else this.objects.set(key, stored);
    this.#changes.push({ type, resource, object: stored, revision });
    this.#changed.resolve();
    this.#changed = newDeferred();
    return stored;
  }

  #find(resource: string, target: ObjectName): Stored {
    const found = this.objects.get(`${resource}/${keyOf({ metadata: target })}`);
    if (found === undefined) throw new StatusError('NotFound', `${resource} "${target.name}" not found`);
    return found;
  }

  async get<T extends KubeObject>({ resource }: ResourceRef<T>, target: ObjectName): Promise<T> {
    return this.#find(resource, target) as T;
  }

  async list<T extends KubeObject>({ resource }: ResourceRef<T>, options: ListOptions) {
    const items = [...this.objects].filter(
      ([key, object]) => key.startsWith(`${resource}/`) && selects(options, object),
    );
    const metadata = { resourceVersion: String(this.#revision) };
    return { apiVersion: 'v1', kind: 'List', metadata, items: items.map(([, object]) => object as T) };
  }

  async *watch<T extends KubeObject>(
    { resource }: ResourceRef<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    let seen = Number(options.resourceVersion ?? 0);
    if (options.sendInitialEvents === true) {
      for (const object of (await this.list({ resource } as ResourceRef<T>, options)).items)
        yield { type: 'ADDED', object };
      seen = this.#revision;
      yield { type: 'BOOKMARK', resourceVersion: String(seen), initialEventsEnd: true };
    }
    const ended = newDeferred();
    signal.addEventListener('abort', () => ended.resolve(), { once: true });
    while (!signal.aborted) {
      const changed = this.#changed.promise;
      for (const { object, resource: of, revision, type } of this.#changes) {
        if (revision <= seen || of !== resource || !selects(options, object)) continue;
        yield { type, object: object as T };
      }
      seen = this.#revision;
      await Promise.race([changed, ended.promise]);
    }
    throw signal.reason;
  }

  async create<T extends KubeObject>({ resource }: ResourceRef<T>, object: unknown): Promise<T> {
    const given = object as Stored;
    if (this.objects.has(`${resource}/${keyOf(given)}`))
      throw new StatusError('AlreadyExists', 'it is there already');
    const uid = given.metadata.uid ?? `uid-of-${given.metadata.name}`;
    const metadata = { ...given.metadata, uid, creationTimestamp: toTimestamp(this.#now()), generation: 1 };
    return this.#commit('ADDED', resource, { ...given, metadata }) as T;
  }

  async update<T extends KubeObject>({ resource }: ResourceRef<T>, object: T): Promise<T> {
    this.#find(resource, (object as Stored).metadata);
    return this.#commit('MODIFIED', resource, object as Stored) as T;
  }

  async patch<T extends KubeObject>(
    { resource }: ResourceRef<T>,
    target: ObjectName,
    { body }: Patch,
  ): Promise<T> {
    const current = this.#find(resource, target);
    const uid = (body as { metadata?: { uid?: string } }).metadata?.uid;
    if (uid !== undefined && uid !== current.metadata.uid) throw new StatusError('Conflict', 'another uid');
    const merged = mergeStrategically(current, body) as Stored;
    return this.#commit('MODIFIED', resource, merged) as T;
  }

  async delete<T extends KubeObject>(
    { resource }: ResourceRef<T>,
    target: ObjectName,
    options: { gracePeriodSeconds?: number },
  ): Promise<T> {
    const current = this.#find(resource, target);
    const grace = options.gracePeriodSeconds ?? current.spec?.terminationGracePeriodSeconds ?? 30;
    if (resource !== 'pods') return this.#commit('DELETED', resource, current) as T;
    const metadata = {
      ...current.metadata,
      deletionTimestamp: toTimestamp(this.#now() + grace * 1000),
      deletionGracePeriodSeconds: grace,
    };
    const type = grace === 0 ? 'DELETED' : 'MODIFIED';
    return this.#commit(type, resource, { ...current, metadata }) as T;
  }

  async createSubresource<T extends KubeObject>(
    _: ResourceRef<T>,
    target: ObjectName,
    { body }: { body: unknown },
  ): Promise<unknown> {
    const seconds = (body as { spec: { expirationSeconds: number } }).spec.expirationSeconds;
    const expirationTimestamp = toTimestamp(this.#now() + seconds * 1000);
    return {
      status: { token: `token of ${target.name} at ${toTimestamp(this.#now())}`, expirationTimestamp },
    };
  }
}

function selects({ fieldSelector, namespace }: ListOptions, object: Stored): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const [field, value] = (fieldSelector ?? '').split('=');
  if (field === 'spec.nodeName') return object.spec?.nodeName === value;
  return field !== 'metadata.name' || object.metadata.name === value;
}

function mergeStrategically(current: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return mergeLists(Array.isArray(current) ? current : [], patch);
  if (typeof patch !== 'object' || patch === null) return patch;
  const merged: Record<string, unknown> = { ...(current as Record<string, unknown> | undefined) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeStrategically(merged[key], value);
  }
  return merged;
}

function mergeLists(current: { type?: string }[], patch: { type?: string; $patch?: string }[]): unknown[] {
  if (patch.some((element) => element.type === undefined))
    return patch.filter(({ $patch }) => $patch === undefined);
  const merged = new Map(current.map((element) => [element.type, element]));
  for (const element of patch) {
    if (element.$patch === 'delete') merged.delete(element.type);
    else merged.set(element.type, mergeStrategically(merged.get(element.type), element) as { type?: string });
  }
  return [...merged.values()];
}

export interface RecordedEvent {
  atMs: number;
  reason: string;
  message: string;
  type: string;
}

export interface TestNode {
  clock: ReturnType<typeof newSimulatedClock>;
  api: FakeApi;
  runtime: ReturnType<typeof newSimulatedRuntime>;
  host: MemoryVolumeHost;
  events: RecordedEvent[];
  /** What a network probe of `host:port` answers; default success. */
  answers: Map<string, ProbeOutcome>;
  /** Wall ms of every network probe. */
  probed: number[];
  kubelet: Kubelet;
  /** Ends the agent; containers run on. */
  stop(): Promise<void>;
  /** Starts another agent on the same runtime. */
  start(): Promise<void>;
  pod(name?: string): Pod;
  events$(reason: string): string[];
}

const NODE = {
  name: 'node-1',
  labels: {},
  taints: [],
  capacity: { cpu: '4', memory: '8Gi', pods: '110' },
  allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
  addresses: [
    { type: 'InternalIP', address: '192.168.0.1' },
    { type: 'Hostname', address: 'node-1' },
  ],
  nodeInfo: {
    machineID: 'm',
    systemUUID: 's',
    bootID: 'b',
    kernelVersion: '6',
    osImage: 'Linux',
    containerRuntimeVersion: 'simulated://1',
    kubeletVersion: 'v1.36.0',
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: 'amd64',
  },
  kubeletPort: 10250,
};

/** @param programs  by image */
export async function newTestNode(programs: Record<string, SimulatedProgram>): Promise<TestNode> {
  const clock = newSimulatedClock();
  const random = newSeededRandom(7);
  const api = new FakeApi(() => clock.now());
  const runtime = newSimulatedRuntime({ clock, random: random.fork('runtime'), programs });
  const host = new MemoryVolumeHost();
  const recorded: RecordedEvent[] = [];
  const answers = new Map<string, ProbeOutcome>();
  const probed: number[] = [];
  const events: EventRecorder = {
    event(_: EventSubject, type, reason, message) {
      recorded.push({ atMs: clock.now(), type, reason, message });
    },
  };
  const answer = async ({ port }: { port: number }): Promise<ProbeOutcome> => {
    probed.push(clock.now());
    return answers.get(String(port)) ?? { result: 'success', output: '', statusCode: 200 };
  };
  const prober: Prober = { httpGet: answer, tcpSocket: answer, grpc: answer };
  const node: TestNode = {
    clock,
    api,
    runtime,
    host,
    events: recorded,
    answers,
    probed,
    kubelet: undefined as unknown as Kubelet,
    stop: async () => {},
    async start() {
      const abort = new AbortController();
      const base = {
        clock,
        random: random.fork(`agent-${clock.now()}`),
        log: silentLogger,
        client: api as unknown as ApiClient,
      };
      const informers = newInformerFactory(base);
      const options = {
        node: NODE,
        rootDir: '/var',
        runtimeName: 'process',
        dns: { servers: [], domain: 'cluster.local' },
      };
      node.kubelet = newKubelet({
        ...base,
        informers,
        events,
        runtime,
        prober,
        host,
        serviceVariables: () => [],
        options,
      });
      const running = Promise.all([informers.run(abort.signal), node.kubelet.run(abort.signal)]);
      node.stop = async () => {
        abort.abort(new Error('agent stopped'));
        await clock.settle();
        await running.catch(() => {});
      };
      await clock.settle();
    },
    pod: (name = 'web-1') => api.objects.get(`pods/default/${name}`) as unknown as Pod,
    events$: (reason) => recorded.filter((event) => event.reason === reason).map(({ message }) => message),
  };
  await node.start();
  return node;
}

/** Creates a Pod bound to the node; `containers` default to image `app`. */
export async function createPod(
  node: TestNode,
  spec: Partial<Omit<PodSpec, 'containers'>> & { containers: Partial<Container>[] },
  metadata: Partial<Pod['metadata']> = {},
): Promise<void> {
  const containers = spec.containers.map((container) => ({ name: 'web', image: 'app', ...container }));
  const object = {
    apiVersion: 'v1' as const,
    kind: 'Pod' as const,
    metadata: { name: 'web-1', namespace: 'default', ...metadata },
    spec: { nodeName: 'node-1', ...spec, containers },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  };
  await node.api.create(PODS, object);
  await node.clock.settle();
}

export { NODES, PODS };
