/**
 * What extension API servers hold, for the ownership graph: one key for each APIService, whose kinds are asked for anew every
 * 30 s and watched for as long as it is there. One that cannot be asked keeps the kinds it had, and holds up no other.
 *
 * Nothing that comes from there is believed to have a certain shape: what an object lacks to be tracked leaves it out.
 * @see k8s.io/kubernetes/pkg/controller/garbagecollector/garbagecollector.go Sync, graph_builder.go syncMonitors
 */
import { isExtension } from '../../api/api-service.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { KubeObject } from '../../api/meta.ts';
import { API_SERVICES, type ResourceRow } from '../../api/resources.ts';
import { newScope } from '../../base/abort.ts';
import { hasReason, StatusError } from '../../base/status-error.ts';
import type { Informer } from '../../client/informer.ts';
import { Reflector } from '../../client/reflector.ts';
import type { ControllerContext } from '../framework/controller.ts';
import { discoverExtension } from '../framework/extension-kinds.ts';
import { newWorkerLoop, type SyncResult, type WorkerLoop } from '../framework/worker-loop.ts';
import { newWaryClient } from './wary-client.ts';

const WORKERS = 5;
/** Upstream's period of discovery. */
const DISCOVERY_MS = 30_000;
/** Kinds of extensions that are watched; of more, those whose names come first. */
const WATCHES_MAX = 500;
const VERBS = ['delete', 'list', 'watch'] as const;

export interface ExtensionSink {
  upsert(row: ResourceRow, object: KubeObject): void;
  remove(uid: string): void;
  /** Kinds are known that were not. */
  resolve(): void;
}

interface KindWatch {
  readonly row: ResourceRow;
  readonly seen: Seen;
  readonly stop: AbortController;
}

export class ExtensionWatches {
  readonly #context: ControllerContext;
  readonly #sink: ExtensionSink;
  readonly #services: Informer<APIService>;
  readonly #loop: WorkerLoop;
  /** By the name of the APIService. */
  readonly #served = new Map<string, readonly ResourceRow[]>();
  readonly #everServed = new WeakSet<ResourceRow>();
  /** By group and resource: each kind in one version. */
  readonly #watches = new Map<string, KindWatch>();
  readonly #running = new Set<Promise<void>>();
  #scope = new AbortController();

  constructor(context: ControllerContext, sink: ExtensionSink) {
    this.#context = context;
    this.#sink = sink;
    this.#services = context.informers.informer(API_SERVICES);
    this.#loop = newWorkerLoop(context, {
      name: 'garbage-collector-extensions',
      workers: WORKERS,
      sync: (name, signal) => this.#sync(name, signal),
      informers: [this.#services],
    });
    const enqueue = ({ metadata }: APIService) => this.#loop.enqueue(metadata.name);
    this.#services.addListener({
      onAdd: (service) => isExtension(service) && enqueue(service),
      onUpdate: (service, before) => (isExtension(service) || isExtension(before)) && enqueue(service),
      onDelete: (service) => isExtension(service) && enqueue(service),
    });
  }

  /** As a controller's: rejects only when an invariant is broken. */
  async run(signal: AbortSignal): Promise<void> {
    this.#scope = newScope(signal);
    const { signal: inner } = this.#scope;
    await this.#loop.run(inner);
    await Promise.all(this.#running);
    if (!signal.aborted) throw inner.reason;
  }

  find(group: string, version: string, kind: string): ResourceRow | undefined {
    return this.#served
      .get(`${version}.${group}`)
      ?.find((row) => row.group === group && row.version === version && row.kind === kind);
  }

  /**
   * That something of this kind was not found means that it is gone only where the extension answers.
   *
   * @throws StatusError ServiceUnavailable otherwise
   */
  async assertServed(row: ResourceRow, signal: AbortSignal): Promise<void> {
    if (!this.#everServed.has(row)) return;
    const name = `${row.version}.${row.group}`;
    const service = await this.#context.client
      .get<APIService>(API_SERVICES, { name }, signal)
      .catch(ignoreNotFound);
    const available = service?.status?.conditions?.find(({ type }) => type === 'Available');
    if (service !== undefined && isExtension(service) && available?.status === 'True') return;
    throw new StatusError('ServiceUnavailable', `${name} does not say whether it is gone`);
  }

  async #sync(name: string, signal: AbortSignal): Promise<SyncResult> {
    const service = this.#services.get(name);
    if (service === undefined || !isExtension(service)) {
      this.#served.delete(name);
      this.#watch();
      return {};
    }
    const rows = await discoverExtension(this.#context.client, service, signal);
    if (rows !== undefined) {
      this.#serve(name, rows);
      this.#watch();
    }
    return { requeueAfterMs: DISCOVERY_MS };
  }

  /** Rows that stay are the same ones. */
  #serve(name: string, rows: readonly ResourceRow[]): void {
    const before = this.#served.get(name) ?? [];
    const next = rows.map((row) => before.find((known) => isSameKind(known, row)) ?? row);
    this.#served.set(name, next);
    const added = next.filter((row) => !before.includes(row));
    for (const row of added) this.#everServed.add(row);
    if (added.length > 0) this.#sink.resolve();
  }

  /** Brings what is watched to what is served. */
  #watch(): void {
    const wanted = this.#wanted();
    for (const [id, { row, seen, stop }] of this.#watches) {
      if (wanted.get(id) === row) continue;
      stop.abort();
      seen.replace([]);
      this.#watches.delete(id);
    }
    for (const [id, row] of wanted) {
      if (this.#watches.has(id)) continue;
      const watch = { row, seen: new Seen(row, this.#sink), stop: newScope(this.#scope.signal) };
      this.#watches.set(id, watch);
      this.#start(watch);
    }
  }

  /** A version that is watched is kept while it is served. */
  #wanted(): ReadonlyMap<string, ResourceRow> {
    const wanted = new Map<string, ResourceRow>();
    const names = [...this.#served.keys()].sort();
    const rows = names.flatMap((name) => this.#served.get(name)!).filter(isTracked);
    const watched = new Set([...this.#watches.values()].map(({ row }) => row));
    for (const row of rows) {
      const id = `${row.resource}.${row.group}`;
      if (!wanted.has(id) || watched.has(row)) wanted.set(id, row);
    }
    return new Map([...wanted].slice(0, WATCHES_MAX));
  }

  #start({ row, seen, stop }: KindWatch): void {
    const { client, clock, random, log } = this.#context;
    const id = `${row.group}/${row.version} ${row.resource}`;
    const options = { clock, log, resource: row, selector: {}, isListedFirst: true };
    const reflector = new Reflector<KubeObject>(
      { ...options, random: random.fork(`extension ${id}`), client: newWaryClient(client, clock) },
      seen,
    );
    const running = reflector
      .run(stop.signal)
      .catch((error: unknown) => this.#scope.abort(error))
      .then(() => void this.#running.delete(running));
    this.#running.add(running);
  }
}

/** What was seen of one kind: what a list leaves out is gone, as everything is when the kind is. */
class Seen {
  readonly #row: ResourceRow;
  readonly #sink: ExtensionSink;
  #uids = new Set<string>();

  constructor(row: ResourceRow, sink: ExtensionSink) {
    this.#row = row;
    this.#sink = sink;
  }

  replace(objects: Iterable<KubeObject>): void {
    const before = this.#uids;
    this.#uids = new Set();
    for (const object of objects) {
      before.delete(object.metadata.uid);
      this.upsert(object);
    }
    for (const uid of before) this.#sink.remove(uid);
  }

  upsert(object: KubeObject): void {
    this.#uids.add(object.metadata.uid);
    this.#sink.upsert(this.#row, object);
  }

  remove({ metadata: { uid } }: KubeObject): void {
    this.#uids.delete(uid);
    this.#sink.remove(uid);
  }
}

function isTracked({ verbs }: ResourceRow): boolean {
  return VERBS.every((verb) => verbs.includes(verb));
}

function isSameKind(a: ResourceRow, b: ResourceRow): boolean {
  return (
    a.resource === b.resource &&
    a.kind === b.kind &&
    a.namespaced === b.namespaced &&
    String(a.verbs) === String(b.verbs)
  );
}

function ignoreNotFound(error: unknown): undefined {
  if (!hasReason(error, 'NotFound')) throw error;
}
