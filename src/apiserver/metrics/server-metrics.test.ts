import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest } from '../../api/message.ts';
import {
  newRequest,
  newSimulatedApiServer,
  type SimulatedApiServer,
} from '../../simulation/sim-api-server.ts';

const PODS = '/api/v1/namespaces/default/configmaps';
const DURATION = 'apiserver_request_duration_seconds';

/** Of the samples of `name` that have all of `labels` the sum; undefined where there is none. */
function sumOf({ server }: SimulatedApiServer, name: string, ...labels: string[]): number | undefined {
  const lines = server.metrics.text().split('\n');
  const own = lines.filter(
    (line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)),
  );
  if (own.length === 0) return undefined;
  return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

function remote(method: ApiRequest['method'], url: string): ApiRequest {
  return {
    ...newRequest(method, url),
    peer: { kind: 'remote', address: '192.0.2.1', certificate: undefined },
  };
}

test('ServerMetrics count requests with their code, and how long they took', async () => {
  const api = await newSimulatedApiServer();
  await api.call('POST', PODS, { metadata: { name: 'a' } });
  await api.call('POST', PODS, { metadata: { name: 'a' } });
  await api.call('POST', `${PODS}?dryRun=All`, { metadata: { name: 'b' } });
  const created = ['verb="POST"', 'resource="configmaps"', 'scope="resource"', 'component="apiserver"'];
  const count = (...labels: string[]) => sumOf(api, 'apiserver_request_total', ...created, ...labels);
  assert.equal(count('code="201"', 'dry_run=""'), 1);
  assert.equal(count('code="409"', 'dry_run=""'), 1);
  assert.equal(count('code="201"', 'dry_run="All"'), 1);
  assert.equal(sumOf(api, `${DURATION}_count`, ...created, 'dry_run=""'), 2);
  assert.equal(sumOf(api, `${DURATION}_bucket`, ...created, 'dry_run=""', 'le="0.005"'), 2);
});

test('ServerMetrics count nothing that has no route, so that nobody can make them grow', async () => {
  const api = await newSimulatedApiServer();
  const before = api.server.metrics.text();
  for (const url of [
    '/api/v1/nonsense',
    '/apis/none/v1/things',
    '/api/v1/namespaces/default/pods/a/nonsense',
    '/x',
  ]) {
    await api.call('GET', url);
  }
  await api.call('OPTIONS', PODS);
  assert.equal(api.server.metrics.text(), before);
});

test('ServerMetrics measure what is read by others, once it is sent', async () => {
  const api = await newSimulatedApiServer();
  const signal = new AbortController().signal;
  const one = await api.server.handle(remote('GET', '/api/v1/namespaces/default'), signal);
  const all = await api.server.handle(remote('GET', '/api/v1/namespaces'), signal);
  const sizes = (...labels: string[]) => sumOf(api, 'apiserver_response_sizes_sum', ...labels);
  assert.equal(sizes('verb="GET"'), undefined);
  assert.ok(one.body.kind === 'object' && all.body.kind === 'list');
  assert.equal(one.body.bytes().length, sizes('verb="GET"', 'scope="resource"'));
  const sent = [...all.body.chunks()].reduce((sum, chunk) => sum + chunk.length, 0);
  assert.equal(sent, sizes('verb="LIST"', 'scope="cluster"'));
});

test('ServerMetrics count a watch while it lasts, what it has sent, and at its end how long it took', async () => {
  const api = await newSimulatedApiServer();
  const response = await api.server.handle(remote('GET', `${PODS}?watch=1`), new AbortController().signal);
  const lasting = () => sumOf(api, 'apiserver_longrunning_requests', 'verb="WATCH"', 'scope="namespace"');
  assert.ok(response.body.kind === 'watch');
  const frames = response.body.frames[Symbol.asyncIterator]();
  const first = frames.next();
  assert.equal(lasting(), 1);
  await api.call('POST', PODS, { metadata: { name: 'a' } });
  await first;
  assert.equal(
    sumOf(api, 'apiserver_watch_events_total', 'group=""', 'version="v1"', 'resource="configmaps"'),
    1,
  );
  assert.equal(sumOf(api, 'apiserver_request_total', 'verb="WATCH"'), undefined);
  await api.clock.advance(7000);
  await frames.return?.();
  assert.equal(lasting(), 0);
  assert.equal(sumOf(api, 'apiserver_request_total', 'verb="WATCH"', 'code="200"'), 1);
  assert.equal(sumOf(api, `${DURATION}_sum`, 'verb="WATCH"'), 7);
});

test('ServerMetrics know that a watch has ended, whoever ends it', async () => {
  const api = await newSimulatedApiServer();
  const lasting = () => sumOf(api, 'apiserver_longrunning_requests', 'verb="WATCH"');
  const open = async (query: string) => {
    const end = new AbortController();
    const response = await api.server.handle(remote('GET', `${PODS}?watch=1${query}`), end.signal);
    assert.ok(response.body.kind === 'watch');
    return { end, next: response.body.frames[Symbol.asyncIterator]().next() };
  };
  const [aborted, late] = [await open(''), await open('&timeoutSeconds=5')];
  assert.equal(lasting(), 2);
  aborted.end.abort();
  assert.equal((await aborted.next).done, true);
  assert.equal(lasting(), 1);
  await api.clock.advance(10_000);
  assert.equal((await late.next).done, true);
  assert.equal(lasting(), 0);
});

test('ServerMetrics tell how many objects there are, at most once a minute', async () => {
  const api = await newSimulatedApiServer();
  const counted = () => sumOf(api, 'apiserver_resource_objects', 'group=""', 'resource="configmaps"');
  assert.equal(counted(), 0);
  await api.call('POST', PODS, { metadata: { name: 'a' } });
  assert.equal(counted(), 0);
  await api.clock.advance(60_000);
  assert.equal(counted(), 1);
  assert.equal(sumOf(api, 'apiserver_storage_objects', 'resource="configmaps"'), 1);
  assert.ok(sumOf(api, 'apiserver_storage_objects', 'resource="deployments.apps"') === 0);
});
