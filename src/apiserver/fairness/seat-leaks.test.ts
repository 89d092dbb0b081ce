/** Whatever a client asks and however it leaves, its seats are given back: a leak would starve a priority level for good. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApiRequest, ApiResponse, ResponseBody } from '../../api/message.ts';
import { newRequest, newSimulatedApiServer, PODS_URL, pod } from '../../simulation/sim-api-server.ts';
import { ensureFlowControl } from './bootstrap-objects.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

const REQUESTS: readonly (() => ApiRequest)[] = [
  () => newRequest('GET', CONFIG_MAPS),
  () => newRequest('GET', CONFIG_MAPS, undefined, TABLE),
  () => newRequest('HEAD', CONFIG_MAPS),
  () => newRequest('GET', `${CONFIG_MAPS}/none`),
  () => newRequest('GET', `${CONFIG_MAPS}?watch=1`),
  () => newRequest('HEAD', `${CONFIG_MAPS}?watch=1`),
  () => newRequest('GET', `${CONFIG_MAPS}?watch=1&resourceVersion=1`),
  () => newRequest('GET', `${CONFIG_MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`),
  () => newRequest('GET', `${CONFIG_MAPS}?watch=1&sendInitialEvents=maybe`),
  () => newRequest('GET', `${CONFIG_MAPS}?labelSelector=%3D%3D`),
  () => newRequest('POST', PODS_URL, pod('same')),
  () => newRequest('POST', PODS_URL, 'no JSON'),
  () => newRequest('DELETE', `${PODS_URL}/same?gracePeriodSeconds=0`),
  () => newRequest('POST', `${PODS_URL}/same/exec?command=ls`),
  () => newRequest('GET', '/none'),
  () => newRequest('GET', '/a/../b'),
];

interface Visit {
  asked: number;
  /** Reads the answer to its end, a watch until it has begun; or leaves without a look at it, before or after it is there. */
  how: 'reads' | 'leaves' | 'leaves before';
}

const visit: fc.Arbitrary<Visit> = fc.record({
  asked: fc.nat(REQUESTS.length - 1),
  how: fc.constantFrom('reads' as const, 'leaves' as const, 'leaves before' as const),
});

async function read(body: ResponseBody): Promise<void> {
  if (body.kind === 'list') for (const chunk of body.chunks()) equal(typeof chunk.length, 'number');
  if (body.kind !== 'watch') return;
  const frames = body.frames[Symbol.asyncIterator]();
  await frames.next();
  void frames.next();
}

test('Fairness has every seat back when everybody has gone', async () => {
  const alice = { username: 'alice', groups: ['system:authenticated'] };
  const api = await newSimulatedApiServer({
    totalSeats: 245,
    authenticator: { authenticate: ({ peer }) => (peer.kind === 'internal' ? peer.user : alice) },
  });
  const { fairness, registry } = api.server;
  await ensureFlowControl(registry);
  fairness.reload();
  const data = { text: 'x'.repeat(30_000) };
  for (let index = 0; index < 10; index++) {
    await api.call('POST', CONFIG_MAPS, { metadata: { name: `c${index}` }, data });
  }
  await api.clock.advance(5000);
  const statuses = new Set<number>();
  const run = async ({ asked, how }: Visit) => {
    const end = new AbortController();
    const peer = { kind: 'remote', address: '', certificate: undefined } as const;
    const request: ApiRequest = { ...REQUESTS[asked]!(), peer };
    const answer = api.server.handle(request, end.signal);
    if (how === 'leaves before') end.abort(new Error('gone'));
    const response = await answer.catch((): ApiResponse | undefined => undefined);
    if (response !== undefined) statuses.add(response.status);
    if (response !== undefined && how === 'reads' && request.method !== 'HEAD') await read(response.body);
    await api.clock.settle();
    // As the adapter does, of what has not been sent to its end.
    const isOver = request.method === 'HEAD' || response?.body.kind !== 'watch';
    if (how !== 'reads' || !isOver) end.abort(new Error('gone'));
  };
  await fc.assert(
    fc.asyncProperty(fc.array(visit, { maxLength: 40 }), async (visits) => {
      await Promise.all(visits.map(run));
      await api.clock.settle();
      const busy = [...fairness.levels.all].filter(({ isIdle }) => !isIdle);
      deepEqual(
        busy.map(({ name, queues }) => [name, queues.executing, queues.waiting, queues.seatsInUse]),
        [],
      );
    }),
    { numRuns: 60 },
  );
  deepEqual(
    [200, 400, 404].every((status) => statuses.has(status)),
    true,
    [...statuses].join(),
  );
});
