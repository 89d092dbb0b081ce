/** Services come and go while the server is killed again and again: each that is there has its IPAddress, and nothing else has one. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../../src/api/generated/core-v1.ts';
import { EVENTS, IP_ADDRESSES, SERVICES } from '../../src/api/resources.ts';
import { clusterIpsOf, serviceOf } from '../../src/api/service-addresses.ts';
import type { ApiClient } from '../../src/client/api-client.ts';
import { newServerClient } from '../tools/server-client.ts';
import { newDataDir, startServer } from '../tools/server-process.ts';

const KILLS = 8;
const WRITERS = 16;
const NAMESPACE = 'default';

/** Until the server is gone. @returns how many writes were answered */
async function createAndDelete(client: ApiClient, writer: string, signal: AbortSignal): Promise<number> {
  for (let writes = 0; ; writes++) {
    const name = `${writer}-${writes >> 1}`;
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: NAMESPACE },
      spec: { ports: [{ port: 80 }] },
    } as const satisfies object;
    const write =
      writes % 2 === 0
        ? client.create(SERVICES, service as unknown as Service, signal)
        : client.delete(SERVICES, { namespace: NAMESPACE, name }, {}, signal);
    const answer = await write.catch(() => undefined);
    if (answer === undefined) return writes;
  }
}

async function assertConsistent(client: ApiClient, signal: AbortSignal): Promise<number> {
  const services = (await client.list(SERVICES, {}, signal)).items;
  const addresses = (await client.list(IP_ADDRESSES, {}, signal)).items;
  const held = services.flatMap((service) =>
    clusterIpsOf(service).map((ip) => `${ip} ${service.metadata.namespace}/${service.metadata.name}`),
  );
  const named = addresses.map((address) => {
    const { namespace, name } = serviceOf(address)!;
    return `${address.metadata.name} ${namespace}/${name}`;
  });
  assert.deepEqual(named.toSorted(), held.toSorted());
  const { items } = await client.list(EVENTS, { namespace: NAMESPACE }, signal);
  assert.deepEqual(
    items.map(({ message }) => message),
    [],
    'nothing had to be repaired',
  );
  return services.length;
}

test('a Service and its IPAddress are there together, or not at all, over eight kill -9', async (t) => {
  const dataDir = await newDataDir();
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  let written = 0;
  let left = 0;
  for (let life = 0; life <= KILLS; life++) {
    const server = await startServer({ dataDir });
    t.after(() => server.kill());
    const { client, close } = newServerClient(server);
    const gone = new AbortController();
    left = await assertConsistent(client, gone.signal);
    const writers = Array.from({ length: life === KILLS ? 0 : WRITERS }, (_, i) =>
      createAndDelete(client, `s-${life}-${i}`, gone.signal),
    );
    await delay(randomInt(100, 500));
    await server.kill();
    gone.abort();
    for (const writes of await Promise.all(writers)) written += writes;
    close();
  }
  t.diagnostic(`${written} writes answered, ${left} Services left`);
  assert.ok(written > 200, 'the writers wrote');
});
