/**
 * Every kind through the life that upstream's conformance tests lead it through: found in discovery, created, read, listed,
 * watched, patched, updated, its status patched and replaced, deleted alone and as a collection; as JSON and as protobuf.
 *
 * @see Kubernetes test/e2e, the tests named "… API operations" and "… lifecycle"
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { splitApiVersion } from '../../src/api/meta.ts';
import { allResources } from '../../src/api/resources.ts';
import { startServerFor } from '../tools/server-process.ts';
import { eventually } from '../tools/up-cluster.ts';
import {
  type ApiObject,
  type ApiSession,
  type ObjectWatch,
  openApiSession,
  PROTOBUF,
} from './api-session.ts';
import { LIFECYCLES, type LifecycleRow } from './sample-objects.ts';

const NAMESPACE = 'lifecycle';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

let opened: ApiSession | undefined;
// Before the server goes: hooks run in this order.
after(() => opened?.close());
const server = await startServerFor({ after });
const api = openApiSession(server);
opened = api;
await api.ok('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });

test('every stored kind has a row', () => {
  const led = new Set(LIFECYCLES.map(({ apiVersion, resource }) => `${apiVersion} ${resource}`));
  const missing = allResources()
    .filter(({ virtual }) => !virtual)
    .map(({ group, version, resource }) => `${group === '' ? '' : `${group}/`}${version} ${resource}`)
    .filter((name) => !led.has(name));
  assert.deepEqual(missing, []);
});

for (const row of LIFECYCLES) {
  const title = `${row.apiVersion} ${row.kind}`;
  test(`${title} is in the discovery documents`, () => discover(row));
  test(`${title} lives and dies`, () => live(new Life(row, 'application/json')));
  test(`${title} lives and dies in protobuf`, () => live(new Life(row, PROTOBUF)));
}

async function discover({ apiVersion, kind, resource, status }: LifecycleRow): Promise<void> {
  const { group, version } = splitApiVersion(apiVersion);
  if (group !== '') {
    const { groups } = (await api.ok('GET', '/apis')) as { groups?: { name: string; versions: object[] }[] };
    const found = groups?.find(({ name }) => name === group);
    assert.ok(found, group);
    assert.ok(found.versions.some((each) => 'version' in each && each.version === version));
    assert.deepEqual((await api.ok('GET', `/apis/${group}`))['versions'], found.versions);
  }
  const list = (await api.ok('GET', rootOf(apiVersion))) as { resources?: { name: string; kind: string }[] };
  const names = list.resources?.filter((each) => each.kind === kind).map(({ name }) => name) ?? [];
  assert.ok(names.includes(resource), String(names));
  assert.equal(names.includes(`${resource}/status`), status !== undefined);
}

/** The objects of one row that one test makes, and how it speaks of them. */
class Life {
  readonly row: LifecycleRow;
  readonly type: string;
  readonly everywhere: string;
  readonly collection: string;
  /** The first object. */
  readonly one: string;
  readonly #uid = crypto.randomUUID();

  constructor(row: LifecycleRow, type: string) {
    this.row = row;
    this.type = type;
    const root = rootOf(row.apiVersion);
    this.everywhere = `${root}/${row.resource}`;
    this.collection = row.clusterScoped ? this.everywhere : `${root}/namespaces/${NAMESPACE}/${row.resource}`;
    this.one = `${this.collection}/${this.name(0)}`;
  }

  name(n: number): string {
    return this.row.name?.(n) ?? `life-${n}-${this.#uid}`;
  }

  get mine(): string {
    return `labelSelector=special-uid%3D${this.#uid}`;
  }

  ask(method: string, path: string, body?: unknown): Promise<ApiObject> {
    return api.ok(method, path, body, { accept: this.type, type: this.type });
  }

  patch(path: string, body: unknown, type = MERGE): Promise<ApiObject> {
    return api.ok('PATCH', path, body, { accept: this.type, type });
  }

  make(n: number): Promise<ApiObject> {
    const metadata = { name: this.name(n), labels: { 'special-uid': this.#uid } };
    const { apiVersion, kind } = this.row;
    return this.ask('POST', this.collection, { apiVersion, kind, metadata, ...this.row.body(n) });
  }

  async count(path: string): Promise<number> {
    return (await this.ask('GET', path)).items?.length ?? 0;
  }

  /** Read, change, write: anew where somebody else wrote between. */
  async update(path: string, change: (object: ApiObject) => ApiObject): Promise<ApiObject> {
    for (;;) {
      const changed = change(await this.ask('GET', this.one));
      const answer = await api.ask('PUT', path, changed, { accept: this.type, type: this.type });
      if (answer.status === 200) return answer.object;
      assert.equal(answer.object['reason'], 'Conflict', JSON.stringify(answer.object));
    }
  }
}

async function live(life: Life): Promise<void> {
  const { uid } = (await life.make(0)).metadata;
  assert.equal((await life.ask('GET', life.one)).metadata.uid, uid);
  const listed = await life.ask('GET', `${life.collection}?${life.mine}`);
  assert.equal(listed.items?.length, 1);
  assert.equal(await life.count(`${life.everywhere}?${life.mine}`), 1);
  assert.equal(await life.count(`${life.collection}?fieldSelector=metadata.name%3D${life.name(0)}`), 1);
  const since = `resourceVersion=${listed.metadata.resourceVersion}`;
  const watch = api.watch(`${life.collection}?watch=true&${life.mine}&${since}`, life.type);
  await change(life, watch);
  if (life.row.status) await changeStatus(life, life.row.status);
  await life.ask('DELETE', life.one);
  // A namespace goes when it is empty, by its controller.
  if (life.row.kind !== 'Namespace') {
    await watch.until(({ type, object }) => type === 'DELETED' && object.metadata.uid === uid);
    const gone = await api.ask('GET', life.one);
    assert.deepEqual([gone.status, gone.object['reason']], [404, 'NotFound']);
  }
  watch.close();
  if (!life.row.hasNoCollectionDelete) await deleteTogether(life);
}

async function change(life: Life, watch: ObjectWatch): Promise<void> {
  const seen = (annotation: string) =>
    watch.until(
      ({ type, object }) => type === 'MODIFIED' && object.metadata.annotations?.[annotation] === 'true',
    );
  const patched = await life.patch(life.one, { metadata: { annotations: { patched: 'true' } } });
  assert.equal(patched.metadata.annotations?.['patched'], 'true');
  await seen('patched');
  const labelled = await life.patch(life.one, { metadata: { labels: { patched: 'too' } } }, STRATEGIC);
  assert.equal(labelled.metadata.labels?.['patched'], 'too');
  const updated = await life.update(life.one, (object) => annotated(object, 'updated'));
  assert.equal(updated.metadata.annotations?.['patched'], 'true');
  await seen('updated');
}

async function changeStatus(life: Life, status: object): Promise<void> {
  const path = `${life.one}/status`;
  const patched = await life.patch(path, { metadata: { annotations: { patchedstatus: 'true' } }, status });
  assert.partialDeepStrictEqual(patched['status'], status);
  const taken = life.row.statusKeepsMetadata ? undefined : 'true';
  assert.equal(patched.metadata.annotations?.['patchedstatus'], taken);
  assert.partialDeepStrictEqual((await life.ask('GET', path))['status'], status);
  const change = (object: ApiObject) => ({ ...annotated(object, 'updatedstatus'), status });
  assert.partialDeepStrictEqual((await life.update(path, change))['status'], status);
}

async function deleteTogether(life: Life): Promise<void> {
  for (const n of [1, 2]) await life.make(n);
  assert.equal(await life.count(`${life.collection}?${life.mine}`), 2);
  await life.ask('DELETE', `${life.collection}?${life.mine}`);
  await eventually('all are gone', async () =>
    assert.equal(await life.count(`${life.collection}?${life.mine}`), 0),
  );
}

function annotated(object: ApiObject, annotation: string): ApiObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [annotation]: 'true' } },
  };
}

function rootOf(apiVersion: string): string {
  return apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
}
