/** What every Pod's worker on the node shares. */

import type { Pod } from '../api/generated/core-v1.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { ContainerRuntime } from '../container-runtime/runtime.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import type { NodeDns } from './pod-dns.ts';
import type { ProbeRegistry } from './probes/probe-registry.ts';
import type { Prober } from './probes/prober.ts';
import type { ReferencedObjects } from './referenced-objects.ts';
import type { NodeRoom } from './resize/pod-resize.ts';
import type { RuntimeObserver } from './runtime-observer.ts';
import type { StatusWriter } from './status-writer.ts';
import type { VolumeHost } from './volumes/volume-host.ts';

export interface PodDeps {
  clock: Clock;
  random: Random;
  log: Logger;
  client: ApiClient;
  events: EventRecorder;
  runtime: ContainerRuntime;
  prober: Prober;
  host: VolumeHost;
  objects: ReferencedObjects;
  observer: RuntimeObserver;
  probes: ProbeRegistry;
  statuses: StatusWriter;
  starts: ConcurrencyLimit;
  pulls: ConcurrencyLimit;
  /** Of the node, for a Pod that asks for more or less than it was given. */
  room: NodeRoom;
  settings: PodSettings;
  /** Service links for the Pod: `FOO_SERVICE_HOST` and so on; what `enableServiceLinks` leaves of them. */
  serviceVariables(pod: Pod): readonly { name: string; value: string }[];
}

export interface PodSettings {
  /** Absolute; holds `pods/UID/…`. */
  rootDir: string;
  hostIps: readonly string[];
  /** The node's, as in its status. */
  allocatable: Readonly<Record<string, string>>;
  /** Scheme of container ids, such as `process`. */
  runtimeName: string;
  dns: NodeDns;
}
