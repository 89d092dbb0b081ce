/**
 * The healing half of a node agent: kubelet and Service proxy over one client, one set of caches and whatever runtime and
 * dataplane they are given.
 */
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { ApiClient } from '../client/api-client.ts';
import { newEventRecorder } from '../client/event-writer.ts';
import type { RunningInformerFactory } from '../client/informer-factory.ts';
import type { ContainerRuntime } from '../container-runtime/runtime.ts';
import { type Kubelet, type KubeletOptions, newKubelet } from '../kubelet/kubelet.ts';
import type { Prober } from '../kubelet/probes/prober.ts';
import type { VolumeHost } from '../kubelet/volumes/volume-host.ts';
import type { Dataplane } from '../network/dataplane.ts';
import { ServiceProxy } from '../network/proxy.ts';
import type { Task } from './run-all.ts';
import { newServiceVariables } from './service-variables.ts';

export interface NodePartsOptions {
  clock: Clock;
  random: Random;
  log: Logger;
  client: ApiClient;
  informers: RunningInformerFactory;
  runtime: ContainerRuntime;
  prober: Prober;
  volumes: VolumeHost;
  dataplane: Dataplane;
  kubelet: KubeletOptions;
  /** See {@link ServiceProxy}. */
  hostPortAddresses: readonly string[];
}

export interface NodeParts {
  kubelet: Kubelet;
  /** All of it; they live and die together. */
  tasks: readonly Task[];
}

export function newNodeParts(options: NodePartsOptions): NodeParts {
  const { clock, random, log, client, informers, runtime, prober, dataplane, hostPortAddresses } = options;
  const { name: nodeName } = options.kubelet.node;
  const recorderOf = (component: string) =>
    newEventRecorder({ client, clock, random, log, component, host: nodeName });
  const [events, proxyEvents] = [recorderOf('kubelet'), recorderOf('kube-proxy')];
  const kubelet = newKubelet({
    clock,
    random,
    log,
    client,
    informers,
    events,
    runtime,
    prober,
    host: options.volumes,
    serviceVariables: newServiceVariables(informers),
    options: options.kubelet,
  });
  const proxy = new ServiceProxy({
    clock,
    log,
    informers,
    events: proxyEvents,
    dataplane,
    nodeName,
    hostPortAddresses,
  });
  const tasks = [kubelet, proxy, informers, events, proxyEvents].map(
    (part) => (signal: AbortSignal) => part.run(signal),
  );
  return { kubelet, tasks };
}
