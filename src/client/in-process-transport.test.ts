import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../api/generated/core-v1.ts';
import { PODS } from '../api/resources.ts';
import { silentLogger } from '../base/logger.ts';
import { ADMIN, newSimulatedApiServer, PODS_URL, pod } from '../simulation/sim-api-server.ts';
import { newSeededRandom } from '../simulation/sim-random.ts';
import { newInProcessTransport } from './in-process-transport.ts';
import { newInformerFactory } from './informer-factory.ts';
import { newRestClient } from './rest-client.ts';

test('newInProcessTransport hands out the frozen objects of the store themselves, in answers and to informers', async () => {
  const { server, store, clock, call } = await newSimulatedApiServer();
  const transport = newInProcessTransport((request, signal) => server.handle(request, signal), ADMIN);
  const client = newRestClient(transport, { userAgent: 'test' });
  const stop = new AbortController();
  const random = newSeededRandom(1);
  const informers = newInformerFactory({ client, clock, random, log: silentLogger });
  const pods = informers.informer(PODS);
  const ofNode = informers.informer(PODS, { fieldSelector: 'spec.nodeName=n1' });
  await call('POST', PODS_URL, pod('before', { nodeName: 'n1' }));
  const running = informers.run(stop.signal);
  await informers.whenAllSynced(stop.signal);
  await call('POST', PODS_URL, pod('after', { nodeName: 'n1' }));
  await clock.settle();
  for (const name of ['before', 'after']) {
    const stored = store.get(`/registry/pods/default/${name}`)!.value as unknown as Pod;
    ok(Object.isFrozen(stored.spec.containers));
    equal(pods.get(`default/${name}`), stored);
    equal(ofNode.get(`default/${name}`), stored);
    equal(await client.get(PODS, { namespace: 'default', name }, stop.signal), stored);
  }
  stop.abort();
  await running;
  // The server may keep the second by which the last request had to be answered.
  await clock.advance(60_000);
  equal(clock.pendingTimers, 0);
});
