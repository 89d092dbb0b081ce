// The API server in protobuf: what a client that speaks it sends and reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import type { ResponseBody } from '../../api/message.ts';
import { decodeProtobuf } from '../../api/protobuf/decode.ts';
import { encodeProtobuf } from '../../api/protobuf/encode.ts';
import { ProtobufReader } from '../../api/protobuf/reader.ts';
import { allResources } from '../../api/resources.ts';
import { schemaForKind } from '../../api/schema.ts';
import {
  newRequest,
  newSimulatedApiServer,
  PODS_URL,
  pod,
  type SimulatedApiServer,
} from '../../simulation/sim-api-server.ts';
import { ITEMS } from './list-chunks.ts';

const TYPE = 'application/vnd.kubernetes.protobuf';
const ACCEPT = { accept: TYPE };
const SENT = { 'content-type': TYPE, accept: `${TYPE},application/json` };
const META = 'g=meta.k8s.io;v=v1';

type Named = JsonObject & { apiVersion: string; kind: string };

function bytesOf(body: ResponseBody): Buffer {
  if (body.kind === 'object') return Buffer.from(body.bytes());
  assert.equal(body.kind, 'list');
  return Buffer.concat([...body.chunks()]);
}

function encoded(object: unknown): Uint8Array {
  const bytes = encodeProtobuf(object as Named);
  assert.ok(bytes !== undefined);
  return bytes;
}

/** The answer as the client decodes it, and as JSON would have it. */
async function answered({ call }: SimulatedApiServer, url: string, accept = TYPE) {
  const { status, headers, response } = await call('GET', url, undefined, { accept });
  assert.equal(headers['content-type'], TYPE);
  return { status, bytes: bytesOf(response.body) };
}

interface Event {
  type: string;
  object: JsonObject;
}

/** The events of a watch, `count` of them, from the bytes that go to the client. */
async function watched({ server }: SimulatedApiServer, url: string, count: number, accept = TYPE) {
  const stop = new AbortController();
  const { body, headers } = await server.handle(newRequest('GET', url, undefined, { accept }), stop.signal);
  assert.equal(headers['content-type'], `${TYPE};stream=watch`);
  assert.equal(body.kind, 'watch');
  const events: Event[] = [];
  for await (const batch of body.frames) {
    for (const frame of batch) events.push(toEvent(Buffer.from(frame.bytes())));
    if (events.length >= count) break;
  }
  stop.abort();
  return events;
}

function toEvent(frame: Buffer): Event {
  assert.equal(frame.readUInt32BE(0), frame.length - 4);
  const reader = new ProtobufReader(frame.subarray(4));
  assert.equal(reader.tag(), 1);
  const type = reader.text();
  assert.equal(reader.tag(), 2);
  reader.enter();
  assert.equal(reader.tag(), 1);
  const object = decodeProtobuf(reader.bytes());
  assert.ok(reader.atEnd);
  return { type, object };
}

const nameOf = (object: JsonObject) => (object['metadata'] as { name?: string }).name;

test('an object written in protobuf is the one written in JSON', async () => {
  const api = await newSimulatedApiServer();
  // No volume with a random name.
  const sent = { ...pod('a', { automountServiceAccountToken: false }), metadata: { name: 'a' } };
  const created = await api.call('POST', PODS_URL, encoded(sent), SENT);
  assert.equal(created.status, 201);
  assert.equal(created.headers['content-type'], TYPE);
  const { value } = await api.call('GET', `${PODS_URL}/a`);
  assert.deepEqual(bytesOf(created.response.body), Buffer.from(encoded(value)));
  await api.call('POST', PODS_URL, { ...sent, metadata: { name: 'b' } });
  const other = (await api.call('GET', `${PODS_URL}/b`)).value;
  assert.deepEqual(value.spec, other.spec);
  assert.deepEqual(value.status, other.status);
});

test('updates, patches, subresources, reviews and deletions answer in protobuf', async () => {
  const api = await newSimulatedApiServer();
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { a: '1' } };
  const url = '/api/v1/namespaces/default/configmaps';
  await api.call('POST', url, encoded(map), SENT);
  const decoded = async (...[method, path, body, headers]: Parameters<SimulatedApiServer['call']>) => {
    const answer = await api.call(method, path, body, headers);
    assert.equal(answer.headers['content-type'], TYPE);
    return decodeProtobuf(bytesOf(answer.response.body)) as Record<string, Record<string, unknown>>;
  };
  const put = await decoded('PUT', `${url}/m`, encoded({ ...map, data: { a: '2' } }), SENT);
  assert.deepEqual(put['data'], { a: '2' });
  const merge = { 'content-type': 'application/merge-patch+json', accept: TYPE };
  assert.deepEqual((await decoded('PATCH', `${url}/m`, { data: { b: '3' } }, merge))['data'], {
    a: '2',
    b: '3',
  });
  const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'another' } };
  const refused = await decoded('DELETE', `${url}/m`, encoded(options), SENT);
  assert.equal(refused['reason'], 'Conflict');
  const grace = { ...options, preconditions: { uid: put['metadata']?.['uid'] } };
  const deleted = await decoded('DELETE', `${url}/m`, encoded(grace), SENT);
  assert.equal(deleted['status'], 'Success');
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
  };
  const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  assert.deepEqual((await decoded('POST', reviews, encoded(review), SENT))['status'], { allowed: true });
  const account = '/api/v1/namespaces/default/serviceaccounts/default/token';
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [] } };
  const issued = await decoded('POST', account, encoded(request), SENT);
  assert.equal(issued['status']?.['token'], 'token-of-default');
});

test('a body that names no kind is of the one that the path takes', async () => {
  const { call } = await newSimulatedApiServer();
  const named = Buffer.from(encoded({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } }));
  // k8s\0, 0a 0f { 0a 02 "v1" 12 09 "ConfigMap" }
  const nameless = Buffer.concat([named.subarray(0, 4), Buffer.of(0x0a, 0), named.subarray(4 + 2 + 15)]);
  const url = '/api/v1/namespaces/default/configmaps';
  assert.equal((await call('POST', url, nameless, SENT)).status, 201);
  assert.equal((await call('GET', `${url}/m`)).status, 200);
});

test('a list in protobuf is encoded as a whole, from what is kept of each object', async () => {
  const api = await newSimulatedApiServer();
  // More than one chunk of 256 KiB, and one object that is larger than a chunk.
  const texts = [...Array.from({ length: 9 }, () => 'x'.repeat(60_000)), 'y'.repeat(600_000), 'z'];
  for (const [i, text] of texts.entries()) {
    const map = { metadata: { name: `m${i}` }, data: { text } };
    await api.call('POST', '/api/v1/namespaces/default/configmaps', map);
  }
  const { value } = await api.call('GET', '/api/v1/configmaps');
  assert.equal(value.items.length, texts.length);
  const whole = Buffer.from(encoded(value));
  for (let i = 0; i < 2; i++) assert.ok((await answered(api, '/api/v1/configmaps')).bytes.equals(whole));
  await api.call('DELETE', '/api/v1/namespaces/default/configmaps/m3');
  await api.call('PUT', '/api/v1/namespaces/default/configmaps/m4', { metadata: { name: 'm4' } });
  const newer = (await api.call('GET', '/api/v1/configmaps')).value;
  assert.ok((await answered(api, '/api/v1/configmaps')).bytes.equals(encoded(newer)));
  const page = '/api/v1/configmaps?limit=2';
  const first = (await api.call('GET', page)).value;
  assert.ok((await answered(api, page)).bytes.equals(encoded(first)));
});

test('an empty list and one of another served version are whole, too', async () => {
  const api = await newSimulatedApiServer();
  const empty = decodeProtobuf((await answered(api, '/apis/apps/v1/deployments')).bytes);
  assert.equal(empty['kind'], 'DeploymentList');
  const scaler = {
    metadata: { name: 'h' },
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd' } },
  };
  const url = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers';
  await api.call('POST', url, scaler);
  const list = decodeProtobuf((await answered(api, url)).bytes) as unknown as { items: { spec: object }[] };
  assert.deepEqual(list.items[0]?.spec, (await api.call('GET', `${url}/h`)).value.spec);
  const one = decodeProtobuf((await answered(api, `${url}/h`)).bytes);
  assert.equal(one['apiVersion'], 'autoscaling/v1');
});

test('metadata alone comes in protobuf for every kind', async () => {
  const api = await newSimulatedApiServer();
  await api.call('POST', PODS_URL, pod('a'));
  const one = await answered(api, `${PODS_URL}/a`, `${TYPE};as=PartialObjectMetadata;${META}`);
  const { apiVersion, kind, metadata, spec } = decodeProtobuf(one.bytes);
  assert.deepEqual([apiVersion, kind, spec], ['meta.k8s.io/v1', 'PartialObjectMetadata', undefined]);
  const old = decodeProtobuf(
    (await answered(api, `${PODS_URL}/a`, `${TYPE};as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1`)).bytes,
  );
  assert.deepEqual([old.apiVersion, old['metadata']], ['meta.k8s.io/v1beta1', metadata]);
  const all = await answered(api, PODS_URL, `${TYPE};as=PartialObjectMetadataList;${META}`);
  const list = decodeProtobuf(all.bytes) as unknown as { kind: string; items: JsonObject[] };
  assert.deepEqual([list.kind, list.items.map(nameOf)], ['PartialObjectMetadataList', ['a']]);
});

test('a watch is frames of events, shared like those in JSON', async () => {
  const api = await newSimulatedApiServer();
  await api.call('POST', PODS_URL, pod('a'));
  await api.call('POST', PODS_URL, pod('b', { nodeName: 'n' }));
  const initial = `${PODS_URL}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`;
  const first = await watched(api, initial, 3, `${TYPE};stream=watch,application/json`);
  assert.deepEqual(
    first.map(({ type, object }) => [type, object['kind'], nameOf(object)]),
    [
      ['ADDED', 'Pod', 'a'],
      ['ADDED', 'Pod', 'b'],
      ['BOOKMARK', 'Pod', undefined],
    ],
  );
  const { value } = await api.call('GET', `${PODS_URL}/a`);
  assert.deepEqual(encoded(first[0]!.object), encoded(value));
  const since = api.store.revision;
  await api.call('DELETE', `${PODS_URL}/a?gracePeriodSeconds=0`);
  const later = await watched(api, `${PODS_URL}?watch=true&resourceVersion=${since}`, 1);
  assert.deepEqual(
    later.map(({ type, object }) => [type, nameOf(object)]),
    [['DELETED', 'a']],
  );
  const partial = await watched(api, initial, 2, `${TYPE};as=PartialObjectMetadata;${META}`);
  assert.deepEqual(
    partial.map(({ type, object }) => [type, object['kind']]),
    [
      ['ADDED', 'PartialObjectMetadata'],
      ['BOOKMARK', 'PartialObjectMetadata'],
    ],
  );
});

test('a watch that cannot go on says so in protobuf', async () => {
  const api = await newSimulatedApiServer();
  const since = api.store.revision;
  await api.call('POST', PODS_URL, pod('a'));
  await api.store.compact(api.store.revision);
  const [event] = await watched(api, `${PODS_URL}?watch=true&resourceVersion=${since}`, 1);
  assert.deepEqual(
    [event?.type, event?.object['kind'], event?.object['reason']],
    ['ERROR', 'Status', 'Expired'],
  );
});

test('what is refused is refused before it is done, with a Status in protobuf', async () => {
  const api = await newSimulatedApiServer();
  const missing = await api.call('GET', `${PODS_URL}/none`, undefined, ACCEPT);
  assert.equal(missing.status, 404);
  assert.equal(missing.headers['content-type'], TYPE);
  const status = decodeProtobuf(bytesOf(missing.response.body));
  assert.deepEqual([status['kind'], status['reason'], status['code']], ['Status', 'NotFound', 404]);
  assert.equal((await api.call('POST', PODS_URL, pod('a'), { accept: 'image/png' })).status, 406);
  assert.equal((await api.call('GET', `${PODS_URL}/a`)).status, 404);
  const table = await api.call('GET', PODS_URL, undefined, { accept: `${TYPE};as=Table;${META}` });
  assert.equal(table.status, 406);
});

test('a custom resource is JSON, whoever asks; its metadata and its scale are in protobuf, too', async (t) => {
  const { call, clock, server } = await newSimulatedApiServer();
  const stop = new AbortController();
  t.after(() => stop.abort());
  server.definitions.run(stop.signal).catch(() => {});
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    subresources: { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
  };
  const names = { plural: 'shirts', singular: 'shirt', kind: 'Shirt' };
  await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'shirts.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions: [version] },
  });
  await clock.settle();
  const url = '/apis/example.com/v1/namespaces/default/shirts';
  const shirt = { apiVersion: 'example.com/v1', kind: 'Shirt', metadata: { name: 's' }, spec: { size: 3 } };
  const sent = await call('POST', url, Buffer.from('k8s\0'), { 'content-type': TYPE });
  assert.equal(sent.status, 415);
  assert.doesNotMatch(sent.value.message, /protobuf/);
  assert.equal((await call('POST', url, shirt, { accept: TYPE })).status, 406);
  const created = await call('POST', url, shirt, { accept: `${TYPE},application/json` });
  assert.deepEqual([created.status, created.headers['content-type']], [201, 'application/json']);
  assert.equal((await call('GET', url, undefined, ACCEPT)).status, 406);
  assert.equal((await call('GET', `${url}?watch=true`, undefined, ACCEPT)).status, 406);
  const partial = { accept: `${TYPE};as=PartialObjectMetadataList;${META}` };
  const list = decodeProtobuf(bytesOf((await call('GET', url, undefined, partial)).response.body));
  assert.deepEqual((list['items'] as JsonObject[]).map(nameOf), ['s']);
  const scale = await call('GET', `${url}/s/scale`, undefined, ACCEPT);
  assert.deepEqual(decodeProtobuf(bytesOf(scale.response.body))['spec'], { replicas: 3 });
  const options = encoded({ apiVersion: 'example.com/v1', kind: 'DeleteOptions' });
  assert.equal((await call('DELETE', `${url}/s`, options, { 'content-type': TYPE })).status, 200);
});

test('every list has its metadata and items where the others have them', () => {
  for (const { group, version, kind } of allResources()) {
    const fields = schemaForKind({ group, version, kind: `${kind}List` })?.fields;
    if (fields === undefined) continue;
    assert.deepEqual(fields.get('metadata')?.numbers, [1], kind);
    assert.deepEqual(fields.get('items')?.numbers, [ITEMS], kind);
  }
});
