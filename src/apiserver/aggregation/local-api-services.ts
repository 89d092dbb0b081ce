/**
 * The APIServices of what this server serves itself: one for each group version, built in or of CustomResourceDefinitions.
 * They come and go with those, and come back when somebody deletes them.
 *
 *     kinds ─┐
 *            ├─► planLocalApiServices ─► create | put right | delete
 *     APIServices ─┘
 *
 * Whoever wants to serve a group version instead of this server takes the label off: what has none is left alone.
 * @see k8s.io/kube-aggregator/pkg/controllers/autoregister/autoregister_controller.go; differs: what is built in comes back
 * at once, not with the next start
 */
import { apiServiceName, isExtension, LOCALLY_AVAILABLE, REGISTRATION_GROUP } from '../../api/api-service.ts';
import type { APIService, APIServiceSpec } from '../../api/generated/apiregistration-v1.ts';
import { equalJson } from '../../api/json.ts';
import { API_SERVICES, allResources } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import { hasReason } from '../../base/status-error.ts';
import { Wake } from '../../base/wake.ts';
import { AS_SERVER, ensureObject } from '../ensure-object.ts';
import type { KindCatalog } from '../kinds.ts';
import { deleteObject } from '../registry/delete.ts';
import { prefixOf, type Registry } from '../registry/registry.ts';
import type { ApiServiceView } from './api-service-view.ts';
import { withAvailability } from './judge-backend.ts';
import { defaultPriority } from './priorities.ts';
import { writeConditions } from './write-conditions.ts';

export const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged';
/** A store that cannot write now, as one whose disk is full, is asked again. */
const RETRY_MS = 1000;

/** `onstart`: put right when the server starts; `true`: always. */
export type Managed = 'onstart' | 'true';

export interface LocalApiService {
  name: string;
  managed: Managed;
  spec: APIServiceSpec;
}

export interface LocalPlan {
  /** To create, or to put right. */
  put: LocalApiService[];
  delete: APIService[];
  /** Without a Service, and not said to be available. */
  tell: APIService[];
}

/**
 * Pure. `existing` are all APIServices; what nobody manages is left alone.
 *
 * @param isStart  nothing was planned before
 */
export function planLocalApiServices(
  desired: readonly LocalApiService[],
  existing: Iterable<APIService>,
  isStart: boolean,
): LocalPlan {
  const missing = new Map(desired.map((one) => [one.name, one]));
  const plan: LocalPlan = { put: [], delete: [], tell: [] };
  for (const service of existing) {
    const { name } = service.metadata;
    const wanted = missing.get(name);
    missing.delete(name);
    if (service.metadata.deletionTimestamp !== undefined) continue;
    const managed = service.metadata.labels?.[AUTOMANAGED];
    const isOurs = managed === 'true' || (managed === 'onstart' && isStart);
    if (isOurs && wanted === undefined) plan.delete.push(service);
    else if (isOurs && wanted !== undefined && !equalJson(service.spec, wanted.spec)) plan.put.push(wanted);
    else if (!isExtension(service) && !isSaidToBeLocal(service)) plan.tell.push(service);
  }
  plan.put.push(...missing.values());
  return plan;
}

function isSaidToBeLocal({ spec, status }: APIService): boolean {
  if (spec.service !== undefined) return true;
  return status?.conditions?.some(({ type, reason }) => type === 'Available' && reason === 'Local') ?? false;
}

export class LocalApiServices {
  readonly #registry: Registry;
  readonly #kinds: KindCatalog;
  readonly #view: ApiServiceView;

  constructor(registry: Registry, kinds: KindCatalog, view: ApiServiceView) {
    this.#registry = registry;
    this.#kinds = kinds;
    this.#view = view;
  }

  /** Before requests are taken: resolves when all are there. */
  async start(): Promise<void> {
    const { store } = this.#registry;
    // The view follows the store only once it runs.
    await this.#apply(planLocalApiServices(this.#desired(), readAll(store), true));
  }

  /** Works until `signal` aborts, then rejects with its reason. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = new Wake(this.#registry.clock);
    const forget = this.#kinds.onChange(() => wake.now());
    this.#view.onChange(() => wake.now());
    try {
      for (;;) {
        await wake.wait(signal);
        const isDone = await this.#sync();
        if (!isDone) wake.at(this.#registry.clock.now() + RETRY_MS);
      }
    } finally {
      forget();
      wake.close();
    }
  }

  async #sync(): Promise<boolean> {
    try {
      await this.#apply(planLocalApiServices(this.#desired(), readAll(this.#registry.store), false));
      return true;
    } catch (error) {
      // What changed meanwhile is looked at again as well.
      if (hasReason(error, 'ServiceUnavailable', 'TooManyRequests', 'NotFound', 'Conflict')) return false;
      throw error;
    }
  }

  #desired(): LocalApiService[] {
    const of = (rows: readonly { group: string; version: string }[], managed: Managed) =>
      rows.map(({ group, version }) => toLocalApiService(group, version, managed));
    const builtIn = allResources().filter(({ group }) => group !== REGISTRATION_GROUP);
    const all = [...of(this.#kinds.customRows, 'true'), ...of(builtIn, 'onstart')];
    return [...new Map(all.map((one) => [one.name, one])).values()];
  }

  async #apply(plan: LocalPlan): Promise<void> {
    const registry = this.#registry;
    await Promise.all([
      ...plan.put.map(({ name, managed, spec }) => {
        const metadata = { name, labels: { [AUTOMANAGED]: managed } };
        return ensureObject(registry, API_SERVICES, { metadata, spec }, () => true);
      }),
      ...plan.delete.map((service) => this.#delete(service)),
      ...plan.tell.map((service) => this.#tellLocal(service)),
    ]);
  }

  async #delete({ metadata }: APIService): Promise<void> {
    const { name, uid, resourceVersion } = metadata;
    const target = { row: API_SERVICES, namespace: '', name };
    const options = { preconditions: { uid: uid!, resourceVersion: resourceVersion! } };
    await deleteObject(this.#registry, target, { ...AS_SERVER, options });
  }

  #tellLocal({ metadata }: APIService): Promise<void> {
    const now = toTimestamp(this.#registry.clock.now());
    const { status, reason, message } = LOCALLY_AVAILABLE;
    const verdict = { status, reason: reason!, message: message! };
    return writeConditions(this.#registry.store, metadata, (service, conditions) =>
      isSaidToBeLocal(service) ? conditions : withAvailability(conditions, verdict, now),
    );
  }
}

function readAll(store: Registry['store']): APIService[] {
  const { objects } = store.list({ prefix: prefixOf(API_SERVICES, '') });
  return objects.map(({ value }) => value as unknown as APIService);
}

function toLocalApiService(group: string, version: string, managed: Managed): LocalApiService {
  const priority = defaultPriority(group, version);
  const spec: APIServiceSpec = {
    ...(group === '' ? {} : { group }),
    version,
    groupPriorityMinimum: priority.group,
    versionPriority: priority.version,
  };
  return { name: apiServiceName(group, version), managed, spec };
}
