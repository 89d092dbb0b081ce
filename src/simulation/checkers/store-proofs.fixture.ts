/** Broken stores and API servers, and which checker says so. Holds no tests of its own. */
import type { ApiResponse, WatchFrame } from '../../api/message.ts';
import { CONFIG_MAPS, SERVICES } from '../../api/resources.ts';
import { CONTROL_PLANE, type World } from '../world/world.ts';
import { breakServer, never, type Proof, WEB } from './proof.fixture.ts';

const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: WEB } as const;

const SERVICE = {
  apiVersion: 'v1' as const,
  kind: 'Service' as const,
  metadata: WEB,
  spec: { ports: [{ port: 80 }] },
};

const createService = (world: World) => world.finish(world.client().create(SERVICES, SERVICE, never));
const create = (world: World) =>
  world.finish(world.client().create(CONFIG_MAPS, { ...MAP, data: { n: '0' } }, never));
const write = (world: World, n: string) =>
  world.finish(world.client().patch(CONFIG_MAPS, WEB, { type: 'merge', body: { data: { n } } }, never));
const read = (world: World) => world.finish(world.client().get(CONFIG_MAPS, WEB, never));

export const STORE_PROOFS: readonly Proof[] = [
  {
    checker: 'broken-process',
    broken: 'a component whose invariant does not hold',
    async run(world) {
      const broken = async () => {
        throw new Error('a set has an entry twice');
      };
      world.addMachine('rogue', { rogue: broken });
      await world.advance(1000);
    },
    says: /^rogue\/rogue broke: Error: a set has an entry twice/,
  },
  {
    checker: 'revisions',
    broken: 'a store that gives a revision twice',
    async run(world) {
      const { metadata } = await create(world);
      const object = { ...MAP, metadata: { ...metadata, name: 'other' } };
      const revision = Number(metadata.resourceVersion);
      const key = '/registry/configmaps/default/other';
      world.observe({ kind: 'commit', type: 'put', revision, key, object, previous: undefined });
    },
    says: /^revision \d+ of \/registry\/configmaps\/default\/other follows revision \d+$/,
  },
  {
    checker: 'acknowledged-writes',
    broken: 'a server that answers before anything is durable',
    async run(world) {
      const { metadata } = await create(world);
      breakServer(world, async (request, whole) => {
        if (request.method !== 'PATCH') return whole();
        const resourceVersion = String(Number(metadata.resourceVersion) + 1000);
        const value = { ...MAP, metadata: { ...metadata, resourceVersion } };
        return { status: 200, headers: {}, body: { kind: 'object', value, bytes: () => new Uint8Array() } };
      });
      await write(world, '1');
      await world.advance(10_000);
    },
    says: /^PATCH \/api\/v1\/namespaces\/default\/configmaps\/web by user \(revision \d+\) was answered, and is not durable$/,
  },
  {
    checker: 'durable-state',
    broken: 'a disk that says flushed and is not',
    options: { disk: 'simulated' },
    async run(world) {
      await create(world);
      world.disk!.loseSyncs = true;
      await write(world, '1');
      world.disk!.loseSyncs = false;
      world.machine(CONTROL_PLANE).powerOff();
      world.machine(CONTROL_PLANE).powerOn();
      await world.advance(10_000);
    },
    says: /^\/registry\/configmaps\/default\/web is back at revision \d+ after a restart; \d+ was published$/,
  },
  {
    checker: 'fresh-reads',
    broken: 'a server that reads from a copy which lags',
    async run(world) {
      await create(world);
      let copy: ApiResponse | undefined;
      breakServer(world, async (request, whole) => {
        const isRead = request.method === 'GET' && request.path.endsWith('/configmaps/web');
        const response = await whole();
        if (!isRead) return response;
        copy ??= response;
        return copy;
      });
      await read(world);
      await write(world, '1');
      await world.advance(1000);
      await read(world);
      await world.advance(10_000);
    },
    says: /^user read revision \d+ of \/registry\/configmaps\/default\/web, sent at \d+; revision \d+ is durable$/,
  },
  {
    checker: 'watch-streams',
    broken: 'a server that loses an event of a watch',
    async run(world) {
      const { resourceVersion } = (await create(world)).metadata;
      breakServer(world, async (request, whole) => {
        const response = await whole();
        return request.path.endsWith('/configmaps') ? withoutSecondChange(response) : response;
      });
      const watched = watchTo(world, '3', resourceVersion);
      await world.advance(1000);
      for (const n of ['1', '2', '3']) await write(world, n);
      await world.finish(watched);
    },
    says: /^the watch \/api\/v1\/namespaces\/default\/configmaps of user left out MODIFIED \S+ of revision \d+$/,
  },
  {
    checker: 'service-addresses',
    broken: 'a server that gives one address to two Services',
    async run(world) {
      const { spec } = await createService(world);
      const metadata = { ...WEB, name: 'other', resourceVersion: '1' };
      const key = '/registry/services/default/other';
      const object = { ...SERVICE, metadata, spec };
      world.observe({ kind: 'commit', type: 'put', revision: 1, key, object, previous: undefined });
    },
    says: /^[\d.]+ is given to default\/web and to default\/other$/,
  },
  {
    checker: 'service-addresses',
    broken: 'a server that forgets the IPAddress of a Service that goes',
    async run(world) {
      const object = { ...(await createService(world)) };
      const key = '/registry/services/default/web';
      world.observe({ kind: 'commit', type: 'delete', revision: 1, key, object, previous: undefined });
    },
    says: /^default\/web left the IPAddress [\d.]+ behind$/,
  },
];

async function watchTo(world: World, n: string, resourceVersion: string): Promise<void> {
  const stream = world.client().watch(CONFIG_MAPS, { namespace: 'default', resourceVersion }, never);
  for await (const event of stream) {
    if (event.type === 'MODIFIED' && event.object.data?.['n'] === n) return;
  }
}

function withoutSecondChange(response: ApiResponse): ApiResponse {
  if (response.body.kind !== 'watch') return response;
  const { frames } = response.body;
  let changes = 0;
  const isKept = ({ type }: WatchFrame) => type !== 'MODIFIED' || ++changes !== 2;
  async function* lossy() {
    for await (const batch of frames) yield batch.filter(isKept);
  }
  return { ...response, body: { kind: 'watch', frames: lossy() } };
}
