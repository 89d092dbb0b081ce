import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest, ApiResponse, Transport, UserInfo } from '../../api/message.ts';
import { newInProcessTransport } from '../../client/in-process-transport.ts';
import { newPacedTransport } from '../../client/paced-transport.ts';
import {
  newRequest,
  newSimulatedApiServer,
  PODS_URL,
  pod,
  type SimulatedApiServer,
} from '../../simulation/sim-api-server.ts';
import { fairnessMetrics } from './fairness-metrics.ts';
import { runFairness } from './run-fairness.ts';

const GROUP = '/apis/flowcontrol.apiserver.k8s.io/v1';
const SCHEMAS = `${GROUP}/flowschemas`;
const LEVELS = `${GROUP}/prioritylevelconfigurations`;
const MERGE = { 'content-type': 'application/merge-patch+json' };
const ALICE: UserInfo = { username: 'alice', groups: ['system:authenticated'] };
const AUTOUPDATE = 'apf.kubernetes.io/autoupdate-spec';

interface Server extends SimulatedApiServer {
  /** Requests of alice are held once they have their seat, until the function that this returns is called. */
  hold(): () => void;
  /** Asks as alice, from outside of the process. */
  ask(method: ApiRequest['method'], url: string, signal?: AbortSignal): Promise<ApiResponse>;
}

async function newServer(t: { after(clean: () => void): void }): Promise<Server> {
  let held: PromiseWithResolvers<void> | undefined;
  const api = await newSimulatedApiServer({
    totalSeats: 245,
    authenticator: {
      authenticate: ({ peer }) => (peer.kind === 'internal' ? peer.user : ALICE),
    },
    authorizer: {
      async authorize({ user }) {
        if (user === ALICE) await held?.promise;
        return { allowed: true };
      },
    },
  });
  const stop = new AbortController();
  t.after(() => stop.abort());
  runFairness(api.server.fairness, api.server.registry, stop.signal).catch(() => {});
  await api.clock.settle();
  return {
    ...api,
    hold() {
      held = Promise.withResolvers();
      return () => held?.resolve();
    },
    ask(method, url, signal = new AbortController().signal) {
      const peer = { kind: 'remote', address: '127.0.0.1', certificate: undefined } as const;
      return api.server.handle({ ...newRequest(method, url), peer }, signal);
    },
  };
}

/** A level for alice alone, of one seat that nobody lends her and that she lends nobody. */
async function giveAliceOneSeat(api: Server, limitResponse: Record<string, unknown>): Promise<void> {
  const limited = { nominalConcurrencyShares: 1, borrowingLimitPercent: 0, limitResponse };
  const level = await api.call('POST', LEVELS, {
    metadata: { name: 'narrow' },
    spec: { type: 'Limited', limited },
  });
  equal(level.status, 201, level.value.message);
  const rule = {
    subjects: [{ kind: 'User', user: { name: 'alice' } }],
    resourceRules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] },
    ],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  };
  const schema = await api.call('POST', SCHEMAS, {
    metadata: { name: 'alice' },
    spec: {
      matchingPrecedence: 10,
      priorityLevelConfiguration: { name: 'narrow' },
      distinguisherMethod: { type: 'ByUser' },
      rules: [rule],
    },
  });
  equal(schema.status, 201, schema.value.message);
  await api.clock.settle();
}

const REJECT = { type: 'Reject' };
const QUEUE = { type: 'Queue', queuing: { queues: 1, handSize: 1, queueLengthLimit: 2 } };

function metric(api: Server, name: string, ...labels: string[]): number | undefined {
  const lines = fairnessMetrics(api.server.fairness, 0).split('\n');
  const line = lines.find(
    (each) =>
      each.startsWith(`apiserver_flowcontrol_${name}`) && labels.every((label) => each.includes(label)),
  );
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

test('a request is answered with the UIDs of its flow schema and of its priority level', async (t) => {
  const api = await newServer(t);
  await giveAliceOneSeat(api, REJECT);
  const { value: schema } = await api.call('GET', `${SCHEMAS}/alice`);
  const { value: level } = await api.call('GET', `${LEVELS}/narrow`);
  const { status, headers } = await api.ask('GET', '/version');
  equal(status, 404);
  equal(headers['x-kubernetes-pf-flowschema-uid'], schema.metadata.uid);
  equal(headers['x-kubernetes-pf-prioritylevel-uid'], level.metadata.uid);
  const found =
    'This FlowSchema references the PriorityLevelConfiguration object named "narrow" and it exists';
  deepEqual(schema.status.conditions, [
    {
      type: 'Dangling',
      status: 'False',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      reason: 'Found',
      message: found,
    },
  ]);
  equal(metric(api, 'nominal_limit_seats', '"narrow"'), 1);
});

test('a request that finds no seat is told to come again', async (t) => {
  const api = await newServer(t);
  await giveAliceOneSeat(api, REJECT);
  const go = api.hold();
  const first = api.ask('GET', PODS_URL);
  const second = await api.ask('GET', PODS_URL);
  equal(second.status, 429);
  equal(second.headers['retry-after'], '1');
  ok(second.headers['x-kubernetes-pf-flowschema-uid']);
  equal(second.body.kind, 'object');
  const { message, reason } = (second.body as { value: { message: string; reason: string } }).value;
  deepEqual([message, reason], ['Too many requests, please try again later.', 'TooManyRequests']);
  equal(metric(api, 'rejected_requests_total', '"alice"', 'concurrency-limit'), 1);
  const counted =
    /^apiserver_request_total\{verb="LIST".*resource="pods".*scope="namespace".*code="429"\} 1$/m;
  match(api.server.metrics.text(), counted);
  // What lasts is not counted.
  const log = api.ask('GET', `${PODS_URL}/none/log`);
  go();
  equal((await first).status, 200);
  equal((await log).status, 404);
  equal((await api.ask('GET', PODS_URL)).status, 200);
  equal(metric(api, 'current_executing_requests', '"alice"'), 0);
  equal(metric(api, 'dispatched_requests_total', '"alice"'), 2);
  equal(metric(api, 'request_execution_seconds_count', '"alice"', 'type="regular"'), 2);
});

test('a request is told to come again later when much has been refused', async (t) => {
  const api = await newServer(t);
  await giveAliceOneSeat(api, REJECT);
  const go = api.hold();
  const first = api.ask('GET', PODS_URL);
  const refused: (string | undefined)[] = [];
  for (let second = 0; second < 2; second++) {
    for (let count = 0; count < 3; count++) {
      refused.push((await api.ask('GET', PODS_URL)).headers['retry-after']);
    }
    await api.clock.advance(1000);
  }
  deepEqual(refused, ['1', '1', '1', '2', '2', '2']);
  go();
  await first;
});

test('a request waits for its seat, and others are not kept waiting', async (t) => {
  const api = await newServer(t);
  await giveAliceOneSeat(api, QUEUE);
  const go = api.hold();
  const answers = [api.ask('GET', PODS_URL), api.ask('GET', PODS_URL), api.ask('GET', PODS_URL)];
  equal((await api.ask('GET', PODS_URL)).status, 429);
  equal(metric(api, 'current_inqueue_requests', '"alice"'), 2);
  equal((await api.call('GET', PODS_URL)).status, 200);
  go();
  for (const { status } of await Promise.all(answers)) equal(status, 200);
  equal(metric(api, 'request_wait_duration_seconds_count', '"alice"'), 3);
  equal(metric(api, 'rejected_requests_total', '"alice"', 'queue-full'), 1);
});

test('a request that waits leaves its queue when its client does, and when it has waited too long', async (t) => {
  const api = await newServer(t);
  await giveAliceOneSeat(api, QUEUE);
  const go = api.hold();
  const first = api.ask('GET', PODS_URL);
  const gone = new AbortController();
  const leaving = api.ask('GET', PODS_URL, gone.signal);
  const late = api.ask('GET', PODS_URL);
  await api.clock.settle();
  equal(metric(api, 'current_inqueue_requests', '"alice"'), 2);
  gone.abort(new Error('the client has gone'));
  await rejects(leaving, /the client has gone/);
  equal(metric(api, 'current_inqueue_requests', '"alice"'), 1);
  await api.clock.advance(16_000);
  equal((await late).status, 429);
  equal(metric(api, 'rejected_requests_total', '"alice"', 'time-out'), 1);
  equal(metric(api, 'rejected_requests_total', '"alice"', 'cancelled'), 1);
  go();
  equal((await first).status, 200);
  equal(metric(api, 'current_executing_seats', '"alice"'), 0);
});

test('a wide list holds its seats until the last of it has been taken', async (t) => {
  const api = await newServer(t);
  const data = { text: 'x'.repeat(20_000) };
  for (let index = 0; index < 15; index++) {
    await api.call('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name: `c${index}` },
      data,
    });
  }
  await api.clock.advance(5000);
  const seats = () => metric(api, 'current_executing_seats', '"global-default"');
  const { body } = await api.ask('GET', '/api/v1/configmaps');
  equal(body.kind, 'list');
  equal(seats(), 3);
  const chunks = (body as { chunks(): Iterable<Uint8Array> }).chunks();
  ok([...chunks].length > 0);
  equal(seats(), 0);
  equal((await api.ask('GET', '/api/v1/configmaps?limit=1')).status, 200);
  equal(seats(), 0, 'a page of one has one seat, for as long as it is made');
  const gone = new AbortController();
  await api.ask('GET', '/api/v1/configmaps', gone.signal);
  equal(seats(), 3);
  gone.abort();
  equal(seats(), 0);
});

test('a watch has a seat until it has shown what there was', async (t) => {
  const api = await newServer(t);
  const watches = () => metric(api, 'current_executing_requests', '"global-default"');
  const stop = new AbortController();
  t.after(() => stop.abort());
  const resumed = await api.ask('GET', `${PODS_URL}?watch=1&resourceVersion=1`, stop.signal);
  equal(resumed.body.kind, 'watch');
  equal(watches(), 0);
  const fresh = await api.ask('GET', '/api/v1/namespaces?watch=1', stop.signal);
  equal(watches(), 1);
  const frames = (fresh.body as { frames: AsyncIterable<unknown> }).frames[Symbol.asyncIterator]();
  ok(!(await frames.next()).done);
  void frames.next();
  await api.clock.settle();
  equal(watches(), 0);
});

test('a flow schema says whether its priority level exists', async (t) => {
  const api = await newServer(t);
  await giveAliceOneSeat(api, REJECT);
  await api.call('DELETE', `${LEVELS}/narrow`);
  await api.clock.settle();
  const dangling = async () => {
    const { value } = await api.call('GET', `${SCHEMAS}/alice`);
    return value.status.conditions.map(({ status, reason }: Record<string, string>) => `${status} ${reason}`);
  };
  deepEqual(await dangling(), ['True NotFound']);
  const { headers } = await api.ask('GET', '/version');
  const { value: fallback } = await api.call('GET', `${SCHEMAS}/global-default`);
  equal(headers['x-kubernetes-pf-flowschema-uid'], fallback.metadata.uid);
  const patch = {
    status: { conditions: [{ type: 'Other', status: 'True' }] },
    metadata: { labels: { a: 'b' } },
  };
  const patched = await api.call('PATCH', `${SCHEMAS}/alice/status`, patch, MERGE);
  equal(patched.status, 200);
  equal(patched.value.metadata.labels, undefined, 'a status write is no way to the metadata');
  await api.clock.settle();
  deepEqual(await dangling(), ['True undefined', 'True NotFound']);
});

test('what a cluster starts with is put right within a minute, but for what somebody has chosen', async (t) => {
  const api = await newServer(t);
  const spec = async (url: string) => (await api.call('GET', url)).value.spec;
  const system = await spec(`${LEVELS}/system`);
  equal((await api.call('DELETE', `${SCHEMAS}/catch-all`)).status, 200);
  equal((await api.call('DELETE', `${LEVELS}/workload-low`)).status, 200);
  const shares = { spec: { limited: { nominalConcurrencyShares: 7 } } };
  equal((await api.call('PATCH', `${LEVELS}/system`, shares, MERGE)).status, 200);
  const mine = { ...shares, metadata: { annotations: { [AUTOUPDATE]: 'false' } } };
  equal((await api.call('PATCH', `${LEVELS}/global-default`, mine, MERGE)).status, 200);
  const refused = await api.call('PATCH', `${LEVELS}/catch-all`, shares, MERGE);
  equal(refused.status, 422);
  match(refused.value.message, /spec of 'catch-all' must equal the fixed value/);
  const unwanted = { metadata: { name: 'old', annotations: { [AUTOUPDATE]: 'true' } }, spec: system };
  equal((await api.call('POST', LEVELS, unwanted)).status, 201);
  await api.clock.advance(61_000);
  deepEqual(await spec(`${LEVELS}/system`), system);
  equal((await spec(`${SCHEMAS}/catch-all`)).matchingPrecedence, 10_000);
  equal((await spec(`${LEVELS}/workload-low`)).limited.nominalConcurrencyShares, 100);
  equal((await spec(`${LEVELS}/global-default`)).limited.nominalConcurrencyShares, 7);
  equal((await api.call('GET', `${LEVELS}/old`)).status, 404);
});

test('dump_priority_levels, dump_queues and dump_requests show what waits where', async (t) => {
  const api = await newServer(t);
  await giveAliceOneSeat(api, QUEUE);
  const go = api.hold();
  const answers = [api.ask('GET', PODS_URL), api.ask('GET', PODS_URL)];
  await api.clock.settle();
  const dump = async (name: string) => {
    const { response } = await api.call('GET', `/debug/api_priority_and_fairness/${name}`);
    equal(response.body.kind, 'bytes');
    return new TextDecoder().decode((response.body as { bytes: Uint8Array }).bytes);
  };
  match(await dump('dump_priority_levels'), /^narrow, +1, +false, +false, +1, +1$/m);
  match(await dump('dump_queues'), /^narrow, +0, +1, +1, +1, /m);
  match(await dump('dump_requests'), /^narrow, +alice, +0, +0, +alice, +2026-01-01T00:00:00\.000000Z, 1$/m);
  go();
  await Promise.all(answers);
});

test('a controller that creates hundreds of Pods at once is refused none of them', async (t) => {
  const api = await newServer(t);
  const groups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'];
  const user = { username: 'system:serviceaccount:kube-system:replicaset-controller', groups };
  const direct = newInProcessTransport(api.server.handle.bind(api.server), user);
  const refused = async (transport: Transport, prefix: string) => {
    const names = Array.from({ length: 500 }, (_, index) => `${prefix}${index}`);
    const { signal } = new AbortController();
    const answers = names.map((name) => transport.send(newRequest('POST', PODS_URL, pod(name)), signal));
    return (await Promise.all(answers)).filter(({ status }) => status !== 201).length;
  };
  ok((await refused(direct, 'a')) > 0, 'more than its queues hold');
  equal(await refused(newPacedTransport(direct, 100), 'b'), 0);
});
