import { deepEqual, equal } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { allResources } from '../../api/resources.ts';
import { silentLogger } from '../../base/logger.ts';
import { newInProcessTransport } from '../../client/in-process-transport.ts';
import { newInformerFactory } from '../../client/informer-factory.ts';
import { newRestClient } from '../../client/rest-client.ts';
import { ADMIN, newSimulatedApiServer } from '../../simulation/sim-api-server.ts';
import { ADDRESS, API_SERVICE, SERVICE, SLICE } from '../../simulation/sim-extension.fixture.ts';
import type { SimulatedExtension } from '../../simulation/sim-extensions.ts';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import { noControllerMetrics } from '../framework/metrics.ts';
import { newGarbageCollector } from './controller.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const THINGS = '/apis/x.io/v1/namespaces/default/things';
const RESOURCES = [
  {
    name: 'things',
    singularName: 'thing',
    namespaced: true,
    kind: 'Thing',
    verbs: ['delete', 'get', 'list', 'watch'],
  },
];

/** Holds Things by name; a watch ends at once, with what has happened since. */
class Things {
  readonly objects = new Map<string, JsonObject>();
  readonly #events: { type: string; object: unknown }[] = [];
  /** What a list says beside these. */
  oddities: unknown[] = [];

  put(name: string, ownerReferences: JsonObject[] = []): JsonObject {
    const resourceVersion = String(this.#events.length + 1);
    const metadata = { name, namespace: 'default', uid: `thing-${name}`, resourceVersion, ownerReferences };
    const object = { apiVersion: 'x.io/v1', kind: 'Thing', metadata };
    this.objects.set(name, object);
    this.#events.push({ type: 'ADDED', object });
    return object;
  }

  readonly answer: SimulatedExtension = ({ path, query }, method) => {
    const { pathname, searchParams } = new URL(`${path}?${query}`, 'https://x');
    const json = (status: number, value: unknown) => ({ status, text: JSON.stringify(value) });
    if (pathname === '/apis/x.io/v1')
      return json(200, { kind: 'APIResourceList', groupVersion: 'x.io/v1', resources: RESOURCES });
    const name = /\/things\/(.+)$/.exec(pathname)?.[1];
    if (name !== undefined) return this.#one(name, method);
    const since = Number(searchParams.get('resourceVersion') ?? 0);
    if (searchParams.get('watch') !== null) {
      const lines = this.#events.slice(since).map((event) => `${JSON.stringify(event)}\n`);
      return { status: 200, text: lines.join('') };
    }
    const items = [...this.objects.values(), ...this.oddities];
    return json(200, { kind: 'ThingList', metadata: { resourceVersion: `${this.#events.length}` }, items });
  };

  #one(name: string, method: string) {
    const object = this.objects.get(name) as { metadata: JsonObject } | undefined;
    if (object === undefined)
      return {
        status: 404,
        text: JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 }),
      };
    if (method === 'DELETE') this.remove(name);
    return { status: 200, text: JSON.stringify(object) };
  }

  remove(name: string): void {
    const object = this.objects.get(name) as { metadata: JsonObject };
    this.objects.delete(name);
    const metadata = { ...object.metadata, resourceVersion: String(this.#events.length + 1) };
    this.#events.push({ type: 'DELETED', object: { ...object, metadata } });
  }
}

async function start(t: TestContext) {
  const { server, clock, call, extensions } = await newSimulatedApiServer();
  await server.aggregation.start();
  const ending = new AbortController();
  const client = newRestClient(newInProcessTransport(server.handle.bind(server), ADMIN), { userAgent: 't' });
  const random = newSeededRandom(1);
  const informers = newInformerFactory({ client, clock, random, log: silentLogger });
  const collector = newGarbageCollector(
    {
      clock,
      random,
      client,
      informers,
      log: silentLogger,
      metrics: noControllerMetrics,
      recorder: { event: () => {} },
    },
    allResources(),
  );
  const running = [server.definitions, server.aggregation, informers, collector].map((part) =>
    part.run(ending.signal).catch((error: unknown) => {
      if (!ending.signal.aborted) throw error;
    }),
  );
  t.after(async () => {
    ending.abort();
    await Promise.all(running);
  });
  const things = new Things();
  extensions.listen(ADDRESS, things.answer);
  await call('POST', '/api/v1/namespaces/default/services', SERVICE);
  await call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', SLICE);
  const serve = async () => {
    await call('POST', API_SERVICES, API_SERVICE);
    await clock.advance(60_000);
  };
  const makeConfigMap = async (name: string, ...ownerReferences: unknown[]) =>
    (await call('POST', CONFIG_MAPS, { metadata: { name, ownerReferences } })).value;
  const configMaps = async () =>
    (await call('GET', CONFIG_MAPS)).value.items.map(
      ({ metadata }: { metadata: { name: string } }) => metadata.name,
    );
  return { call, clock, extensions, things, serve, makeConfigMap, configMaps };
}

function refTo(object: unknown): JsonObject {
  const { apiVersion, kind, metadata } = object as Record<string, JsonObject>;
  return { apiVersion: apiVersion!, kind: kind!, name: metadata!['name']!, uid: metadata!['uid']! };
}

test('newGarbageCollector deletes what an extension owns, and what is owned there', async (t) => {
  const { things, serve, makeConfigMap, configMaps, call, clock } = await start(t);
  const owner = await makeConfigMap('owner');
  const thing = things.put('owning');
  things.put('owned', [refTo(owner)]);
  await makeConfigMap('owned', refTo(thing));
  await makeConfigMap('owned-by-nothing', { ...refTo(thing), name: 'never', uid: 'never-there' });
  await serve();
  deepEqual(await configMaps(), ['owned', 'owner']);
  things.remove('owning');
  await call('DELETE', `${CONFIG_MAPS}/owner`);
  await clock.advance(120_000);
  deepEqual([await configMaps(), [...things.objects.keys()]], [[], []]);
});

test('newGarbageCollector takes no owner for absent whose extension does not answer, and goes on with all else', async (t) => {
  const { things, serve, makeConfigMap, configMaps, call, clock, extensions } = await start(t);
  await makeConfigMap('owned', refTo(things.put('owning')));
  const other = await makeConfigMap('other');
  await makeConfigMap('collected', refTo(other));
  await serve();
  extensions.listen(ADDRESS, () => 'never');
  await clock.advance(60_000);
  await makeConfigMap('owned-anew', refTo({ ...things.put('new') }));
  await call('DELETE', `${CONFIG_MAPS}/other`);
  await clock.advance(60_000);
  deepEqual(await configMaps(), ['owned', 'owned-anew']);
  extensions.listen(ADDRESS, () => ({ status: 404, text: '{}' }));
  await clock.advance(600_000);
  deepEqual(await configMaps(), ['owned', 'owned-anew']);
  await call('DELETE', `${API_SERVICES}/v1.x.io`);
  await clock.advance(2_000_000);
  deepEqual(await configMaps(), ['owned', 'owned-anew']);
  extensions.listen(ADDRESS, things.answer);
  things.remove('new');
  await serve();
  await clock.advance(2_000_000);
  deepEqual(await configMaps(), ['owned']);
});

test('newGarbageCollector survives what an extension says that makes no sense', async (t) => {
  const { things, serve, makeConfigMap, call, clock, extensions } = await start(t);
  const owner = await makeConfigMap('owner');
  things.put('owned', [refTo(owner)]);
  const metadata = { name: 'a', uid: 'a', resourceVersion: '1' };
  things.oddities = [null, 1, {}, { metadata: null }, { metadata: { ...metadata, ownerReferences: [null] } }];
  things.oddities.push({ metadata: { ...metadata, ownerReferences: {} } }, { metadata: { name: 'a' } });
  await serve();
  for (const text of ['null\n', '{"type":"ADDED"}\n', '{"type":"BOOKMARK","object":{}}\n', 'x\n', '[1]\n']) {
    extensions.listen(ADDRESS, (target, method) =>
      target.query.includes('watch=') ? { status: 200, text } : things.answer(target, method),
    );
    await clock.advance(60_000);
  }
  extensions.listen(ADDRESS, things.answer);
  await call('DELETE', `${CONFIG_MAPS}/owner`);
  await clock.advance(120_000);
  equal(things.objects.size, 0);
  equal((await call('GET', `${THINGS}/owned`)).status, 404);
});

test('newGarbageCollector begins a watch anew that an extension does not answer', async (t) => {
  const { things, serve, makeConfigMap, configMaps, clock, extensions } = await start(t);
  await makeConfigMap('owned', refTo(things.put('owning')));
  extensions.listen(ADDRESS, (target, method) =>
    target.query.includes('watch=') ? 'never' : things.answer(target, method),
  );
  await serve();
  extensions.listen(ADDRESS, things.answer);
  things.remove('owning');
  await clock.advance(120_000);
  deepEqual(await configMaps(), []);
});
