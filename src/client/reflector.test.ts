import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '../api/generated/core-v1.ts';
import type { ApiRequest } from '../api/message.ts';
import { CONFIG_MAPS } from '../api/resources.ts';
import { silentLogger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import { InMemoryApi, type RequestFate } from '../simulation/in-memory-api.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { newSeededRandom } from '../simulation/sim-random.ts';
import { newInformerFactory } from './informer-factory.ts';
import { newRestClient } from './rest-client.ts';

const never = new AbortController().signal;

function newSetting(seed: number, fateOf: (request: ApiRequest) => RequestFate = () => 'answered') {
  const clock = newSimulatedClock();
  const random = newSeededRandom(seed);
  const lag = random.fork('lag');
  const requests: string[] = [];
  const api = new InMemoryApi({
    clock,
    random: random.fork('api'),
    watchLagMs: () => lag.next() * 200,
    fateOf: (request) => {
      if (request.method === 'GET') requests.push(`${request.path}?${request.query.toString()}`);
      return fateOf(request);
    },
  });
  const client = newRestClient(api, { userAgent: 'test' });
  const factory = newInformerFactory({ client, clock, random, log: silentLogger });
  const stop = new AbortController();
  const ended = factory.run(stop.signal);
  const end = async () => {
    stop.abort(new Error('over'));
    await ended;
  };
  return { clock, random, api, client, factory, requests, end };
}

type Setting = ReturnType<typeof newSetting>;

const create = ({ client }: Setting, name: string, data = '') =>
  client.create<ConfigMap>(
    CONFIG_MAPS,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'd' }, data: { data } },
    never,
  );

const stateOf = (objects: readonly ConfigMap[]) =>
  objects.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);

test('newInformerFactory lists by streaming, then follows; the objects are the server’s own', async () => {
  const setting = newSetting(1);
  await create(setting, 'b');
  await create(setting, 'a');
  const informer = setting.factory.informer(CONFIG_MAPS);
  equal(informer.synced, false);
  await setting.clock.advance(10);
  equal(informer.synced, true);
  deepEqual(
    informer.list().map(({ metadata }) => metadata.name),
    ['a', 'b'],
  );
  equal(informer.get('d/a'), setting.api.objects<ConfigMap>(CONFIG_MAPS)[0]);
  equal(informer.revision, String(setting.api.revision));
  equal(setting.requests.length, 1);
  equal(setting.factory.informer(CONFIG_MAPS), informer);
  await setting.end();
});

test('newInformerFactory falls back to paged lists where streaming lists are refused', async () => {
  const refuse = new StatusError('Invalid', 'sendInitialEvents is forbidden');
  const setting = newSetting(1, ({ query }) => (query.has('sendInitialEvents') ? refuse : 'answered'));
  for (let i = 0; i < 1200; i++) await create(setting, `c${i}`);
  const informer = setting.factory.informer(CONFIG_MAPS);
  await setting.clock.advance(1000);
  equal(informer.list().length, 1200);
  deepEqual(
    setting.requests.map((request) => /limit=500|watch=true/.exec(request)?.[0]),
    ['watch=true', 'limit=500', 'limit=500', 'limit=500', 'watch=true'],
  );
  await create(setting, 'late');
  await setting.clock.advance(1000);
  equal(informer.list().length, 1201);
  await setting.end();
});

test('newInformerFactory resumes from its last revision, and lists anew only when that has expired', async () => {
  let isAway = false;
  const away = new StatusError('ServiceUnavailable', 'away');
  const setting = newSetting(1, ({ method }) => (isAway && method === 'GET' ? away : 'answered'));
  const informer = setting.factory.informer(CONFIG_MAPS);
  const listings = () => setting.requests.filter((request) => request.includes('sendInitialEvents')).length;
  await create(setting, 'a');
  await setting.clock.advance(20_000);
  setting.api.breakWatches();
  await create(setting, 'b');
  await setting.clock.advance(20_000);
  deepEqual(stateOf(informer.list()), stateOf(setting.api.objects<ConfigMap>(CONFIG_MAPS)));
  equal(listings(), 1);

  isAway = true;
  setting.api.breakWatches();
  await setting.clock.advance(1000);
  await create(setting, 'c');
  setting.api.compact();
  isAway = false;
  await setting.clock.advance(20_000);
  deepEqual(stateOf(informer.list()), stateOf(setting.api.objects<ConfigMap>(CONFIG_MAPS)));
  equal(listings(), 2);
  await setting.end();
});

test('newInformerFactory backs off while the server is away', async () => {
  let isAway = true;
  const away = new StatusError('ServiceUnavailable', 'away');
  const setting = newSetting(1, () => (isAway ? away : 'answered'));
  const informer = setting.factory.informer(CONFIG_MAPS);
  await setting.clock.advance(600_000);
  ok(setting.requests.length < 50, `${setting.requests.length} requests`);
  isAway = false;
  await setting.clock.advance(30_000);
  equal(informer.synced, true);
  await setting.end();
});

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
  test(`newInformerFactory tells listeners every state exactly once through broken watches, seed ${seed}`, async () => {
    const chance = newSeededRandom(seed).fork('test');
    const setting = newSetting(seed, ({ method }) =>
      method === 'GET' && chance.next() < 0.2 ? new StatusError('ServiceUnavailable', 'x') : 'answered',
    );
    const informer = setting.factory.informer(CONFIG_MAPS);
    informer.addIndex('data', ({ data = {} }) => [data['data']!]);
    const told = new Map<string, string>();
    informer.addListener({
      onAdd({ metadata }) {
        equal(told.has(metadata.uid), false);
        told.set(metadata.uid, metadata.resourceVersion);
      },
      onUpdate({ metadata }, previous) {
        equal(told.get(metadata.uid), previous.metadata.resourceVersion);
        told.set(metadata.uid, metadata.resourceVersion);
      },
      onDelete({ metadata }) {
        ok(told.delete(metadata.uid));
      },
    });
    for (let step = 0; step < 150; step++) {
      const name = `c${Math.floor(chance.next() * 8)}`;
      const draw = chance.next();
      const data = { data: String(step % 3) };
      const target = { namespace: 'd', name };
      if (draw < 0.4) await create(setting, name, data.data).catch(() => {});
      else if (draw < 0.7) {
        await setting.client
          .patch(CONFIG_MAPS, target, { type: 'merge', body: { data } }, never)
          .catch(() => {});
      } else if (draw < 0.9) await setting.client.delete(CONFIG_MAPS, target, {}, never).catch(() => {});
      else if (draw < 0.96) setting.api.breakWatches();
      else setting.api.compact();
      await setting.clock.advance(Math.floor(chance.next() * 300));
    }
    await setting.clock.advance(60_000);
    const truth = setting.api.objects<ConfigMap>(CONFIG_MAPS);
    deepEqual(stateOf(informer.list()), stateOf(truth));
    deepEqual([...told.keys()].sort(), truth.map(({ metadata }) => metadata.uid).sort());
    for (const value of ['0', '1', '2']) {
      const wanted = truth.filter(({ data = {} }) => data['data'] === value);
      deepEqual(stateOf(informer.byIndex('data', value)), stateOf(wanted));
    }
    await setting.end();
  });
}
