import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Service } from '../api/generated/core-v1.ts';
import type { KubeObject } from '../api/meta.ts';
import { PODS, SERVICES } from '../api/resources.ts';
import { silentLogger } from '../base/logger.ts';
import type { Informer, InformerFactory, InformerListener } from '../client/informer.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import type { Dataplane, DataplaneProblem, RoutingTable } from './dataplane.ts';
import { PROBLEM_RETRY_MS, ServiceProxy } from './proxy.ts';

/** A copy that the test fills by hand. */
class HandFedInformer<T extends KubeObject> implements Informer<T> {
  readonly synced = true;
  readonly revision = '1';
  readonly #objects = new Map<string, T>();
  readonly #listeners: InformerListener<T>[] = [];

  add(object: T): void {
    this.#objects.set(`${object.metadata.namespace}/${object.metadata.name}`, object);
    for (const listener of this.#listeners) listener.onAdd(object);
  }
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }
  list(): readonly T[] {
    return [...this.#objects.values()];
  }
  byIndex(): readonly T[] {
    return [];
  }
  addIndex(): void {}
  whenSynced(): Promise<void> {
    return Promise.resolve();
  }
  addListener(listener: InformerListener<T>): void {
    this.#listeners.push(listener);
  }
}

class RecordingDataplane implements Dataplane {
  readonly tables: string[][] = [];
  problems: DataplaneProblem[] = [];
  isClosed = false;
  /** Holds an apply back until called. */
  release: (() => void) | undefined;
  holds = false;

  async apply(table: RoutingTable): Promise<DataplaneProblem[]> {
    this.tables.push(table.ports.map(({ id }) => id));
    if (this.holds) {
      await new Promise<void>((resolve) => {
        this.release = resolve;
      });
    }
    return this.problems;
  }
  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function service(name: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', uid: name, resourceVersion: '1', creationTimestamp: '' },
    spec: { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80 }] },
  } as Service;
}

function startProxy() {
  const clock = newSimulatedClock();
  const services = new HandFedInformer<Service>();
  const slices = new HandFedInformer<KubeObject>();
  const pods = new HandFedInformer<Pod>();
  const informers = {
    informer: (resource: unknown) => (resource === SERVICES ? services : resource === PODS ? pods : slices),
  } as unknown as InformerFactory;
  const dataplane = new RecordingDataplane();
  const events: string[] = [];
  const recorder = {
    event: (regarding: { metadata: { name: string } }, type: string, reason: string, message: string) => {
      events.push(`${regarding.metadata.name} ${type} ${reason} ${message}`);
    },
  };
  const node = { nodeName: 'node-1', hostPortAddresses: ['10.0.0.1'] };
  const parts = { clock, log: silentLogger, informers, events: recorder, dataplane, ...node };
  const stop = new AbortController();
  const done = new ServiceProxy(parts).run(stop.signal);
  return { clock, services, pods, dataplane, events, stop, done };
}

test('ServiceProxy applies what changed while the dataplane was busy as one table', async () => {
  const { clock, services, dataplane, stop, done } = startProxy();
  await clock.settle();
  assert.deepEqual(dataplane.tables, [[]]);
  dataplane.holds = true;
  services.add(service('a'));
  await clock.settle();
  services.add(service('b'));
  services.add(service('c'));
  await clock.settle();
  assert.equal(dataplane.tables.length, 2);
  dataplane.holds = false;
  dataplane.release?.();
  await clock.settle();
  assert.deepEqual(dataplane.tables.slice(2), [['shop/a:http', 'shop/b:http', 'shop/c:http']]);
  stop.abort();
  await done;
  assert.ok(dataplane.isClosed);
});

test('ServiceProxy tells of a problem once, tries again, and tells again when it comes back', async () => {
  const { clock, services, dataplane, events, stop, done } = startProxy();
  const problem: DataplaneProblem = {
    routeId: 'shop/a:http',
    reason: 'PortUnavailable',
    message: 'TCP x is taken',
  };
  dataplane.problems = [problem];
  services.add(service('a'));
  await clock.settle();
  const tries = dataplane.tables.length;
  await clock.advance(3 * PROBLEM_RETRY_MS);
  assert.equal(dataplane.tables.length, tries + 3);
  const message = 'node node-1 cannot serve a port of this Service: TCP x is taken';
  assert.deepEqual(events, [`a Warning PortUnavailable ${message}`]);
  dataplane.problems = [];
  await clock.advance(3 * PROBLEM_RETRY_MS);
  assert.equal(dataplane.tables.length, tries + 4);
  assert.equal(clock.pendingTimers, 0);
  dataplane.problems = [problem];
  services.add(service('b'));
  await clock.settle();
  assert.equal(events.length, 2);
  stop.abort();
  await done;
});

test('ServiceProxy serves host ports of the node’s Pods, and tells the Pod what it cannot', async () => {
  const { clock, pods, dataplane, events, stop, done } = startProxy();
  const pod = (name: string, ports: object[]): Pod =>
    ({
      metadata: { name, namespace: 'shop' },
      spec: { containers: [{ name: 'web', ports }] },
      status: { podIP: '10.0.0.5' },
    }) as unknown as Pod;
  await clock.settle();
  pods.add(pod('plain', [{ containerPort: 80 }]));
  await clock.settle();
  assert.equal(dataplane.tables.length, 1);
  const routeId = 'pod shop/web:TCP//8080';
  dataplane.problems = [{ routeId, reason: 'PortUnavailable', message: 'TCP 8080 is taken' }];
  pods.add(pod('web', [{ containerPort: 80, hostPort: 8080 }]));
  await clock.settle();
  assert.deepEqual(dataplane.tables.at(-1), [routeId]);
  const message = 'node node-1 cannot serve a host port of this Pod: TCP 8080 is taken';
  assert.deepEqual(events, [`web Warning PortUnavailable ${message}`]);
  stop.abort();
  await done;
});
