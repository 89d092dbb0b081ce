/** The scheduler on an API server in memory and in virtual time, with caches that may lag and bindings that may go wrong. */
import type { Node, Pod } from '../api/generated/core-v1.ts';
import type { Transport } from '../api/message.ts';
import type { NewObject } from '../api/meta.ts';
import { NODES, PODS } from '../api/resources.ts';
import { silentLogger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import { StatusError } from '../base/status-error.ts';
import { newInProcessTransport } from '../client/in-process-transport.ts';
import { newInformerFactory } from '../client/informer-factory.ts';
import { newRestClient } from '../client/rest-client.ts';
import { ADMIN, newSimulatedApiServer } from '../simulation/sim-api-server.ts';
import type { SimulatedClock } from '../simulation/sim-clock.ts';
import { newSeededRandom } from '../simulation/sim-random.ts';
import { newPod, type PodShape } from './scheduler.fixture.ts';
import { Scheduler } from './scheduler.ts';

/** Refused, or done without an answer. */
export type BindingFate = 'answered' | 'refused' | 'lost';

export interface SchedulerBenchOptions {
  seed?: number;
  /** Every change reaches the caches 20 to 420 ms late. */
  lagged?: boolean;
  fateOfBinding?: (random: Random) => BindingFate;
}

export type SchedulerBench = Awaited<ReturnType<typeof newSchedulerBench>>;

export async function newSchedulerBench({
  seed = 1,
  lagged = false,
  fateOfBinding = () => 'answered',
}: SchedulerBenchOptions) {
  const { server, clock } = await newSimulatedApiServer({ seed });
  const random = newSeededRandom(seed);
  const fates = random.fork('fates');
  const stop = new AbortController();
  const { signal } = stop;
  const send = (request: Parameters<typeof server.handle>[0], requestSignal: AbortSignal) =>
    server.handle(request, requestSignal);
  const transport = newInProcessTransport(send, ADMIN);
  const clientOver = (chosen: Transport) => newRestClient(chosen, { userAgent: 'bench' });
  const client = clientOver(transport);
  const watching = lagged ? newLaggingTransport(transport, clock, random.fork('lag')) : transport;
  const informers = newInformerFactory({ client: clientOver(watching), clock, random, log: silentLogger });
  const events: string[] = [];
  const scheduler = new Scheduler({
    clock,
    random,
    log: silentLogger,
    client: clientOver(newFaultyTransport(transport, () => fateOfBinding(fates))),
    informers,
    recorder: { event: (_, type, reason, message) => events.push(`${type} ${reason} ${message}`) },
  });
  const ended = Promise.all([informers.run(signal), scheduler.run(signal)]);
  const target = (name: string) => ({ namespace: 'default', name });
  return {
    clock,
    client,
    signal,
    events,
    createNode: (node: Node) => client.create<Node>(NODES, node as NewObject<Node>, signal),
    createPod(name: string, shape: PodShape = {}) {
      const { kind, apiVersion, metadata, spec } = newPod(name, { labels: { app: 'web' }, ...shape });
      const { labels, namespace } = metadata;
      return client.create<Pod>(
        PODS,
        { kind, apiVersion, spec, metadata: { name, labels, namespace } } as NewObject<Pod>,
        signal,
      );
    },
    pod: (name: string) => client.get<Pod>(PODS, target(name), new AbortController().signal),
    pods: async () => (await client.list<Pod>(PODS, {}, signal)).items,
    cordon: (name: string, unschedulable: boolean) =>
      client.patch(NODES, { name }, { type: 'merge', body: { spec: { unschedulable } } }, signal),
    /** The kubelet's last word: the Pod is gone. */
    finish: (name: string) => client.delete(PODS, target(name), { gracePeriodSeconds: 0 }, signal),
    async end() {
      stop.abort(new Error('the bench is taken down'));
      await ended;
    },
  };
}

function newLaggingTransport(transport: Transport, clock: SimulatedClock, random: Random): Transport {
  return {
    async send(request, signal) {
      const response = await transport.send(request, signal);
      if (response.body.kind !== 'watch') return response;
      const { frames } = response.body;
      async function* late() {
        for await (const batch of frames) {
          await clock.sleep(20 + random.next() * 400, signal);
          yield batch;
        }
      }
      return { ...response, body: { kind: 'watch', frames: late() } };
    },
  };
}

function newFaultyTransport(transport: Transport, fate: () => BindingFate): Transport {
  return {
    async send(request, signal) {
      const isBinding = request.method === 'POST' && request.path.endsWith('/binding');
      const decided = isBinding ? fate() : 'answered';
      if (decided === 'refused') throw new StatusError('Forbidden', 'not today');
      const response = await transport.send(request, signal);
      if (decided === 'lost') throw new StatusError('ServiceUnavailable', 'the answer was lost');
      return response;
    },
  };
}
