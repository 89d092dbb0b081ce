/** A whole cluster in a test: what a test can do with it. {@link startCluster} makes one. */
import type { Event as CoreEvent } from '../api/generated/core-v1.ts';
import type { JsonValue } from '../api/json.ts';
import type { SimulatedProgram } from '../simulation/sim-program.ts';
import type { SimulatedBackend } from '../simulation/sim-webhooks.ts';
import type { TimelineEntry } from '../simulation/timeline/timeline-entry.ts';
import type { TimelineFilter } from '../simulation/timeline/timeline-filter.ts';
import type { WorldEvent } from '../simulation/world/world-event.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { ControllerFunction } from './controller-context.ts';
import type { ObjectOf } from './kinds.ts';
import type { Applied, Manifests } from './manifests.ts';
import type { Span } from './parse-span.ts';

/** `deployment/web`, `pod/shop/web-1`, `node/node-1`. */
export type ObjectPath = `${string}/${string}`;

/** What a path's first word says of its type. */
export type ObjectAt<P extends string> = P extends `${infer Kind}/${string}` ? ObjectOf<Kind> : never;

/** As whom a client speaks. */
export interface User {
  user: string;
  /** Besides `system:authenticated`. */
  groups?: readonly string[];
}

export interface UntilOptions {
  /** Of the cluster's time; default 5 minutes; in real time 30 seconds on the wall. */
  within?: Span;
  /** Of what is waited for, for the error: `the web Deployment is available`. */
  description?: string;
}

/** What is left of `T` when it is true. */
export type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

export interface PartitionOptions {
  /** Only messages from it (`out`), or to it (`in`), are lost; default both. */
  direction?: 'both' | 'in' | 'out';
}

export interface RunOptions {
  /** By which it can be crashed and cut off; default the function's own. */
  name?: string;
  /** Default: an administrator. */
  as?: User;
}

/** A controller of the test's own, in the cluster's time. */
export interface ControllerHandle {
  readonly name: string;
  /** Aborts its signal. Resolves when its function has ended. @throws LeakError naming what it left open */
  stop(): Promise<void>;
}

/** How clients outside of the process reach the cluster. */
export interface ClusterHttps {
  /** `https://127.0.0.1:43210`. */
  readonly url: string;
  /** Path of a kubeconfig for `kubernetes-admin`; gone when the cluster has stopped. */
  readonly kubeconfig: string;
  /** What stands in it. */
  readonly kubeconfigText: string;
  /** PEM: what signs the server's certificate. */
  readonly ca: string;
  /** PEM: the administrator's certificate and key. */
  readonly cert: string;
  readonly key: string;
}

/** Everything that lets time pass resolves at the very moment that it waited for: virtual time stands still after it. */
export interface Cluster extends AsyncDisposable {
  /** The API, as an administrator. */
  readonly client: ClusterClient;
  /** The API, as anybody. */
  clientFor(user: User): ClusterClient;
  /** As `kubectl apply`: creates what is missing, patches what differs. @throws ManifestError */
  apply(manifests: Manifests, options?: { namespace?: string }): Promise<Applied[]>;
  /** @throws StatusError `NotFound` */
  get<const P extends ObjectPath>(path: P, options?: { namespace?: string }): Promise<ObjectAt<P>>;
  /** As `get`; `undefined` where there is none. */
  find<const P extends ObjectPath>(
    path: P,
    options?: { namespace?: string },
  ): Promise<ObjectAt<P> | undefined>;
  /**
   * Lets time pass until `condition` returns something that is true, and returns it. One that throws does not hold yet.
   * It is asked whenever something has happened, and at least once a second.
   * @throws ConditionTimeoutError that shows the objects which the condition looked at, and the timeline's end
   */
  until<T>(condition: () => T | Promise<T>, options?: UntilOptions): Promise<Truthy<T>>;
  /** Lets so much time pass. */
  advance(span: Span): Promise<void>;
  /**
   * Lets time pass while something outside of the cluster runs (kubectl, a client over HTTPS): `speed` times as fast as on
   * the wall, default 60. Returns what it resolves with. In real time it only waits.
   */
  during<T>(promise: Promise<T>, options?: { speed?: number }): Promise<T>;
  /** The cluster's wall clock, ms since 1970. */
  now(): number;

  /** A machine loses power: a node, `control-plane`, a controller's own. */
  kill(machine: string): Promise<void>;
  /** A machine stands still, with all that runs on it, and knows nothing of it. */
  freeze(machine: string): Promise<void>;
  /** No message from or to it arrives. */
  partition(machine: string, options?: PartitionOptions): Promise<void>;
  /** It is on, thawed and reachable again. */
  restore(machine: string): Promise<void>;
  /** Kills a process as kill -9 does; its keeper starts it again: `server`, `controllers`, `node-1/agent`, a controller. */
  crash(process: string): Promise<void>;
  /**
   * Any fault of the simulator: `stale-watches`, `missed-events`, `clock-drift` … The returned function ends it.
   * @throws FaultError that names the fault or the parameter which there is not, and those that there are
   */
  fault(name: string, parameters?: Readonly<Record<string, JsonValue>>): () => Promise<void>;
  /** From now on the image does this. */
  setProgram(image: string, program: SimulatedProgram): void;
  /**
   * What answers at the URL of a webhook (without a query; `https://NAME.NAMESPACE.svc:PORT/path` for a Service's). Where
   * nothing does, connections are refused: no URL is ever looked for outside of the process.
   */
  webhook(url: string, backend: SimulatedBackend): void;
  /** Names of the nodes that it was started with. */
  readonly nodes: readonly string[];

  /** What was told about an object, oldest first. */
  events(object: ObjectPath | NamedObject): Promise<CoreEvent[]>;
  /** The story so far, for people. @param filter  as `object=pod/web-*,kind=event`, or as a value */
  timeline(filter?: string | TimelineFilter): string;
  /** The same for programs. */
  timelineEntries(filter?: string | TimelineFilter): TimelineEntry[];
  /** Everything that happens from now on; the returned function ends it, and must be called before the cluster stops. */
  onEvent(listener: (event: WorldEvent) => void): () => void;

  /** Runs a controller of the test's own in the cluster's time. */
  run(controller: ControllerFunction, options?: RunOptions): ControllerHandle;
  /** Only with `https: true`. */
  readonly https: ClusterHttps;
  /**
   * Ends everything. Further calls do nothing.
   * @throws LeakError naming what the test left open; AggregateError of what failed in the background and was not told yet
   */
  stop(): Promise<void>;
}

/** Any object that the API returned. */
export interface NamedObject {
  kind: string;
  metadata: { name: string; namespace?: string; uid?: string };
}
