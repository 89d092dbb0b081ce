/**
 * What a client of the API could know who wrote everything down: each write with its revision. Lists at any revision and
 * the events of any watch follow from it, slowly.
 */
import assert from 'node:assert/strict';
import { pick, type Stream } from '../../base/seeds.fixture.ts';
import { newSimulatedApiServer, type SimulatedApiServer } from '../../simulation/sim-api-server.ts';

export interface Written {
  revision: number;
  resource: 'pods' | 'configmaps';
  namespace: string;
  name: string;
  /** Absent: deleted by it. */
  tier?: string;
  node?: string;
}

/** What is listed or watched. */
export interface Collection {
  resource: Written['resource'];
  /** Empty: all of them. */
  namespace: string;
  query: Readonly<Record<string, string>>;
  matches: (object: Written) => boolean;
  isSelected: boolean;
}

export interface ModelEvent {
  type: string;
  key: string;
  revision: number;
}

const NAMESPACES = ['default', 'other'];
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const TIERS = ['red', 'blue'];
const NODES = ['n1', 'n2'];
const MERGE = { 'content-type': 'application/merge-patch+json' };
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };

export const keyOf = ({ namespace, name }: Pick<Written, 'namespace' | 'name'>): string =>
  `${namespace}/${name}`;

export class WrittenHistory {
  readonly api: SimulatedApiServer;
  readonly writes: Written[] = [];
  /** What there is now, by resource and key. */
  readonly #now = new Map<string, Written>();

  static async open(): Promise<WrittenHistory> {
    const api = await newSimulatedApiServer();
    await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'other' } });
    await api.call('POST', '/api/v1/namespaces/other/serviceaccounts', { metadata: { name: 'default' } });
    return new WrittenHistory(api);
  }

  private constructor(api: SimulatedApiServer) {
    this.api = api;
  }

  /** One write of any kind: what is not there is created, what is there changed, relabelled or deleted. */
  async write(next: Stream): Promise<void> {
    const about = {
      resource: pick(next, ['pods', 'pods', 'configmaps'] as const),
      namespace: pick(next, NAMESPACES),
      name: pick(next, NAMES),
    };
    const url = `/api/v1/namespaces/${about.namespace}/${about.resource}`;
    const old = this.#now.get(`${about.resource} ${keyOf(about)}`);
    if (old === undefined) await this.#create(url, about, next);
    else if (next() < 0.35) await this.#delete(url, old);
    else await this.#change(`${url}/${about.name}`, old, next);
  }

  async #create(url: string, about: Omit<Written, 'revision'>, next: Stream): Promise<void> {
    const isPod = about.resource === 'pods';
    const node = isPod && next() < 0.7 ? { node: pick(next, NODES) } : {};
    const tier = pick(next, TIERS);
    const spec = {
      containers: [{ name: 'main', image: 'web' }],
      ...(node.node ? { nodeName: node.node } : {}),
    };
    const metadata = { name: about.name, labels: { tier } };
    const { status, value } = await this.api.call('POST', url, { metadata, ...(isPod ? { spec } : {}) });
    assert.equal(status, 201, JSON.stringify(value));
    this.#note({ ...about, tier, ...node, revision: Number(value.metadata.resourceVersion) });
  }

  async #change(url: string, old: Written, next: Stream): Promise<void> {
    const tier = pick(next, TIERS);
    const annotations = { at: String(this.writes.length) };
    const { value: before } = await this.api.call('GET', url);
    const metadata = { ...before.metadata, annotations, labels: { tier } };
    const ways = [
      () => this.api.call('PUT', url, { ...before, metadata }),
      () => this.api.call('PATCH', url, { metadata: { annotations, labels: { tier } } }, MERGE),
      () =>
        this.api.call(
          'PATCH',
          url,
          [
            { op: 'replace', path: '/metadata/labels/tier', value: tier },
            { op: 'add', path: '/metadata/annotations', value: annotations },
          ],
          JSON_PATCH,
        ),
    ];
    const { status, value } = await pick(next, ways)();
    assert.equal(status, 200, JSON.stringify(value));
    this.#note({ ...old, tier, revision: Number(value.metadata.resourceVersion) });
  }

  async #delete(url: string, { resource, namespace, name }: Written): Promise<void> {
    const { status } = await this.api.call('DELETE', `${url}/${name}?gracePeriodSeconds=0`);
    assert.equal(status, 200);
    this.#note({ resource, namespace, name, revision: this.api.store.revision });
  }

  #note(written: Written): void {
    this.writes.push(written);
    const id = `${written.resource} ${keyOf(written)}`;
    if (written.tier === undefined) this.#now.delete(id);
    else this.#now.set(id, written);
  }

  /** Keys and revisions of what a list shows at `revision`. */
  listAt(collection: Collection, revision: number): Pick<ModelEvent, 'key' | 'revision'>[] {
    const last = new Map<string, Written>();
    for (const written of this.writes) {
      if (written.revision <= revision && isIn(collection, written)) last.set(keyOf(written), written);
    }
    return [...last]
      .filter(([, written]) => written.tier !== undefined && collection.matches(written))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, written]) => ({ key, revision: written.revision }));
  }

  /** What a watch that begins behind `after` sees. */
  eventsAfter(collection: Collection, after: number): ModelEvent[] {
    const shown = new Set(this.listAt(collection, after).map(({ key }) => key));
    const events: ModelEvent[] = [];
    for (const written of this.writes) {
      if (written.revision <= after || !isIn(collection, written)) continue;
      const [key, { revision }] = [keyOf(written), written];
      const isShown = written.tier !== undefined && collection.matches(written);
      if (isShown) events.push({ type: shown.has(key) ? 'MODIFIED' : 'ADDED', key, revision });
      else if (shown.has(key)) events.push({ type: 'DELETED', key, revision });
      if (isShown) shown.add(key);
      else shown.delete(key);
    }
    return events;
  }
}

function isIn({ resource, namespace }: Collection, written: Written): boolean {
  return written.resource === resource && (namespace === '' || written.namespace === namespace);
}

export function randomCollection(next: Stream): Collection {
  const resource = pick(next, ['pods', 'configmaps'] as const);
  const namespace = pick(next, ['', ...NAMESPACES]);
  const [tier, node, name] = [pick(next, TIERS), pick(next, NODES), pick(next, NAMES)];
  const selections: Pick<Collection, 'query' | 'matches'>[] = [
    { query: { labelSelector: `tier=${tier}` }, matches: (object) => object.tier === tier },
    { query: { labelSelector: `tier notin (${tier}),tier` }, matches: (object) => object.tier !== tier },
    { query: { fieldSelector: `metadata.name=${name}` }, matches: (object) => object.name === name },
    { query: { fieldSelector: `metadata.name!=${name}` }, matches: (object) => object.name !== name },
  ];
  const ofPods: Pick<Collection, 'query' | 'matches'>[] = [
    { query: { fieldSelector: `spec.nodeName=${node}` }, matches: (object) => object.node === node },
    {
      query: { fieldSelector: `spec.nodeName!=${node}`, labelSelector: `tier!=${tier}` },
      matches: (object) => object.node !== node && object.tier !== tier,
    },
  ];
  const all = { query: {}, matches: () => true };
  const isSelected = next() < 0.6;
  const chosen = isSelected ? pick(next, resource === 'pods' ? [...selections, ...ofPods] : selections) : all;
  return { resource, namespace, ...chosen, isSelected };
}

export function urlOf({ resource, namespace, query }: Collection, more: Record<string, string>): string {
  const path = `/api/v1${namespace === '' ? '' : `/namespaces/${namespace}`}/${resource}`;
  return `${path}?${new URLSearchParams({ ...query, ...more }).toString()}`;
}
