/**
 * Query strings, headers and bodies as nobody would send them: selectors, continue tokens, revisions, media types, JSON,
 * YAML, protobuf and patches with bytes flipped, cut and doubled. The answer is a success or says what is wrong.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProtobuf } from '../api/protobuf/encode.ts';
import { forEachSeed, pick, type Stream } from '../base/seeds.fixture.ts';
import { newRequest, newSimulatedApiServer, type SimulatedApiServer } from '../simulation/sim-api-server.ts';

type Method = Parameters<SimulatedApiServer['call']>[0];

const MAPS = '/api/v1/namespaces/default/configmaps';
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', labels: { app: 'web' }, annotations: { note: 'é日本\u{1f600}' } },
  spec: { containers: [{ name: 'web', image: 'web:1', env: [{ name: 'A', value: '1' }] }] },
};
const YAML = `apiVersion: v1
kind: Pod
metadata: &m {name: a, labels: {app: "web"}}
spec:
  containers:
  - name: web
    image: 'web:1'
    args: [ "a", !!str 1, ~, 0x1F, 1e3, 2001-01-01 ]
    env: &e
    - {name: A, value: |
        some
        text}
`;
const PATCHES: readonly (readonly [type: string, patch: unknown])[] = [
  [
    'json-patch',
    [
      { op: 'add', path: '/metadata/labels/b', value: 'x' },
      { op: 'test', path: '/kind', value: 1 },
    ],
  ],
  ['json-patch', [{ op: 'move', from: '/metadata/labels', path: '/metadata/annotations' }]],
  ['merge-patch', { metadata: { labels: { app: null } }, spec: { containers: [{}] } }],
  [
    'strategic-merge-patch',
    { spec: { $setElementOrder_containers: [], containers: [{ name: 'web', $patch: 'delete' }] } },
  ],
  [
    'strategic-merge-patch',
    { metadata: { $retainKeys: ['name'], '$deleteFromPrimitiveList/finalizers': ['a'] } },
  ],
  ['apply-patch', POD],
];
const TYPES = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/cbor',
  '',
];
const ACCEPTS = [
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json',
  'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io',
  'application/yaml;q=0.5, */*;q=0.1',
  'application/cbor-seq',
];
const QUERIES = [
  'labelSelector=app in (web,x),!b,c!=d,e',
  'labelSelector=x notin (a, b), y > 5',
  'fieldSelector=metadata.name=a,spec.nodeName!=b,status.phase=',
  'limit=2&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MywiC3RhcnQiOiJhXHUwMDAwIn0',
  'resourceVersion=5&resourceVersionMatch=Exact',
  'watch=true&resourceVersion=3&allowWatchBookmarks=true&timeoutSeconds=1',
  'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0',
  'fieldManager=m&force=true&dryRun=All&fieldValidation=Strict',
  'propagationPolicy=Foreground&gracePeriodSeconds=5&orphanDependents=true',
  'pretty=true&timeout=5s',
];
const STRANGE = [
  '',
  '-1',
  '1e999',
  '99999999999999999999',
  '\0',
  '\ud800',
  '%',
  '(((',
  ')',
  ',',
  '=',
  '!',
  'é',
  ' ',
];
const MESSAGES = [/^failed to create typed patch object/];

/** `bytes` with a few of them flipped, cut out, doubled, or put in. */
function mangled(bytes: Uint8Array, next: Stream): Uint8Array {
  let mangled = [...bytes];
  for (let left = 1 + Math.floor(next() * 4); left > 0; left--) {
    const at = Math.floor(next() * mangled.length);
    const length = Math.floor(next() ** 3 * (mangled.length - at));
    const part = mangled.slice(at, at + length);
    const byte = pick(next, [0, 0xff, 0x80, 0x7f, 0xc0, 0xed, 0x22, 0x5b, 0x7b, Math.floor(next() * 256)]);
    const edits = [
      () => mangled.splice(at, 1, byte),
      () => mangled.splice(at, length),
      () => mangled.splice(at, 0, ...part),
      () => mangled.splice(at, 0, ...Array<number>(1 + Math.floor(next() * 12)).fill(byte)),
    ];
    pick(next, edits)();
    mangled = mangled.slice(0, 100_000);
  }
  return Uint8Array.from(mangled);
}

function mangledText(text: string, next: Stream): string {
  const at = Math.floor(next() * text.length);
  const end = at + Math.floor(next() ** 2 * (text.length - at));
  return text.slice(0, at) + pick(next, [...STRANGE, text.slice(at, end).repeat(3)]) + text.slice(end);
}

/** Watches are read until nothing comes for a while of virtual time. */
async function answered(
  { server, clock }: SimulatedApiServer,
  request: ReturnType<typeof newRequest>,
): Promise<void> {
  const stop = new AbortController();
  const { status, body } = await server.handle(request, stop.signal);
  const value = body.kind === 'object' ? (body.value as { message?: string }) : undefined;
  const isExpected =
    status < 500 || status === 504 || MESSAGES.some((text) => text.test(value?.message ?? ''));
  assert.ok(isExpected, `${status} ${value?.message}`);
  if (body.kind === 'list') for (const chunk of body.chunks()) assert.ok(chunk);
  if (body.kind !== 'watch') return;
  const frames = body.frames[Symbol.asyncIterator]();
  const first = frames.next();
  await clock.advance(10);
  stop.abort();
  await first.catch(() => {});
  await frames.return?.();
}

function shown(request: ReturnType<typeof newRequest>): string {
  const { method, path, query, headers, body } = request;
  const bytes = body.kind === 'bytes' ? Buffer.from(body.bytes).toString('base64') : '';
  return `${method} ${path}?${query.toString()} ${JSON.stringify(headers)} ${bytes}`.slice(0, 3000);
}

async function check(api: SimulatedApiServer, request: ReturnType<typeof newRequest>): Promise<void> {
  try {
    await answered(api, request);
  } catch (error) {
    throw new Error(`${(error as Error).message} for ${shown(request)}`, { cause: error });
  }
}

async function newServer(): Promise<SimulatedApiServer> {
  const api = await newSimulatedApiServer();
  for (const name of ['a', 'b', 'c']) {
    await api.call('POST', '/api/v1/namespaces/default/pods', {
      ...POD,
      metadata: { ...POD.metadata, name },
    });
    await api.call('POST', MAPS, { metadata: { name } });
  }
  return api;
}

test('an API server answers every query and every media type without an internal error', async () => {
  const api = await newServer();
  await forEachSeed({
    count: 1500,
    run: async (next) => {
      const text = QUERIES.map((query) => (next() < 0.3 ? query : '')).join('&');
      const url = `${pick(next, [MAPS, `${MAPS}/a`, '/api/v1/pods', '/api/v1/nodes'])}?${mangledText(text, next)}`;
      const method = pick<Method>(next, ['GET', 'GET', 'GET', 'DELETE', 'POST']);
      const headers = {
        accept: next() < 0.5 ? pick(next, ACCEPTS) : mangledText(pick(next, ACCEPTS), next),
        'content-type': mangledText(pick(next, TYPES), next),
      };
      await check(api, newRequest(method, url, method === 'POST' ? POD : undefined, headers));
    },
  });
});

test('an API server answers every body without an internal error', async () => {
  const api = await newServer();
  const bodies: readonly (readonly [type: string, bytes: Uint8Array])[] = [
    ['application/json', Buffer.from(JSON.stringify(POD))],
    ['application/yaml', Buffer.from(YAML)],
    ['application/vnd.kubernetes.protobuf', encodeProtobuf(POD)!],
  ];
  await forEachSeed({
    count: 1500,
    run: async (next) => {
      const [type, bytes] = pick(next, bodies);
      const headers = { 'content-type': next() < 0.9 ? type : pick(next, TYPES) };
      const method = pick<Method>(next, ['POST', 'PUT', 'DELETE']);
      const url = `/api/v1/namespaces/default/pods${method === 'POST' ? '' : '/a'}`;
      await check(api, newRequest(method, url, mangled(bytes, next), headers));
    },
  });
});

test('an API server answers every patch without an internal error', async () => {
  const api = await newServer();
  await forEachSeed({
    count: 1000,
    run: async (next) => {
      const [type, patch] = pick(next, PATCHES);
      const bytes = mangled(Buffer.from(JSON.stringify(patch).replace('_', '/')), next);
      const suffix = type === 'apply-patch' ? '+yaml' : '+json';
      const headers = { 'content-type': `application/${type}${suffix}` };
      const url = `/api/v1/namespaces/default/pods/a${pick(next, ['', '/status', '/scale'])}?fieldManager=m`;
      await check(api, newRequest('PATCH', url, bytes, headers));
    },
  });
});
