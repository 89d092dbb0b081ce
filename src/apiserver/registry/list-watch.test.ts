import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WatchFrame } from '../../api/message.ts';
import {
  newRequest,
  newSimulatedApiServer,
  PODS_URL,
  pod,
  type SimulatedApiServer,
} from '../../simulation/sim-api-server.ts';

/** Reads a watch until `enough` says so of everything that came. */
async function readFrames(
  { server }: SimulatedApiServer,
  url: string,
  enough: (frames: WatchFrame[]) => boolean,
  accept?: string,
): Promise<WatchFrame[]> {
  const stop = new AbortController();
  const headers: Record<string, string> = accept === undefined ? {} : { accept };
  const { body } = await server.handle(newRequest('GET', url, undefined, headers), stop.signal);
  assert.equal(body.kind, 'watch');
  const frames: WatchFrame[] = [];
  for await (const batch of body.frames) {
    frames.push(...batch);
    if (enough(frames)) break;
  }
  stop.abort();
  return frames;
}

const nameOf = (frame: WatchFrame) => (frame.object as { metadata: { name: string } }).metadata.name;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test('listObjects pages at one revision, and says how much is left', async () => {
  const { call } = await newSimulatedApiServer();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await call('POST', PODS_URL, pod(name));
  const first = await call('GET', `${PODS_URL}?limit=2`);
  assert.equal(first.value.metadata.remainingItemCount, 3);
  await call('DELETE', `${PODS_URL}/d`);
  await call('POST', PODS_URL, pod('cc'));
  const token = encodeURIComponent(first.value.metadata.continue);
  const rest = await call('GET', `${PODS_URL}?limit=9&continue=${token}`);
  assert.deepEqual(
    rest.value.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['c', 'd', 'e'],
  );
  assert.equal(rest.value.metadata.resourceVersion, first.value.metadata.resourceVersion);
  assert.equal(rest.value.metadata.continue, undefined);
});

test('listObjects answers 410 with a token to go on when the pages before are compacted', async () => {
  const { call, store } = await newSimulatedApiServer();
  for (const name of ['a', 'b', 'c']) await call('POST', PODS_URL, pod(name));
  const first = await call('GET', `${PODS_URL}?limit=1`);
  await call('POST', PODS_URL, pod('bb'));
  await store.compact(store.revision);
  const expired = await call(
    'GET',
    `${PODS_URL}?limit=9&continue=${encodeURIComponent(first.value.metadata.continue)}`,
  );
  assert.equal(expired.status, 410);
  const token = encodeURIComponent(expired.value.metadata.continue);
  const rest = await call('GET', `${PODS_URL}?continue=${token}`);
  assert.deepEqual(
    rest.value.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['b', 'bb', 'c'],
  );
});

test('listObjects selects by labels and fields, and refuses a field that cannot be selected', async () => {
  const { call } = await newSimulatedApiServer();
  await call('POST', PODS_URL, pod('web-1', { nodeName: 'n1' }));
  await call('POST', PODS_URL, pod('web-2'));
  const onNode = await call('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1');
  assert.equal(onNode.value.items.length, 1);
  const unassigned = await call('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3D,status.phase!%3DFailed');
  assert.equal(unassigned.value.items[0].metadata.name, 'web-2');
  const refused = await call('GET', '/api/v1/pods?fieldSelector=spec.foo%3D1');
  assert.equal(refused.status, 400);
  assert.match(refused.value.message, /field label not supported: spec.foo$/);
});

test('listObjects refuses a revision from the future, a bad limit and a foreign token', async () => {
  const { call } = await newSimulatedApiServer();
  assert.equal((await call('GET', `${PODS_URL}?resourceVersion=99999`)).status, 504);
  assert.equal((await call('GET', `${PODS_URL}?limit=x`)).status, 400);
  assert.equal((await call('GET', `${PODS_URL}?continue=abc`)).status, 400);
});

const OF_MATCH = 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch:';

for (const [query, message] of [
  [
    'resourceVersionMatch=Exact',
    `${OF_MATCH} Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided`,
  ],
  [
    'resourceVersionMatch=Exact&resourceVersion=0',
    `${OF_MATCH} Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
  ],
  [
    'resourceVersionMatch=Best&resourceVersion=1',
    `${OF_MATCH} Unsupported value: "Best": supported values: "", "Exact", "NotOlderThan"`,
  ],
  [
    'resourceVersionMatch=Exact&resourceVersion=1&continue=x',
    `${OF_MATCH} Forbidden: resourceVersionMatch is forbidden when continue is provided`,
  ],
  [
    'sendInitialEvents=true',
    'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
  ],
  [
    'watch=1&resourceVersionMatch=NotOlderThan',
    `${OF_MATCH} Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`,
  ],
  [
    'watch=1&sendInitialEvents=false',
    `${OF_MATCH} Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
  ],
] as const) {
  test(`checkListOptions and checkWatchOptions refuse ${query}`, async () => {
    const { call } = await newSimulatedApiServer();
    const { status, value } = await call('GET', `${PODS_URL}?${query}`);
    assert.deepEqual([status, value.message], [422, message]);
  });
}

test('listResponse writes the committed bytes in chunks that parse as the list', async () => {
  const { call } = await newSimulatedApiServer();
  const padding = { annotations: { note: 'x'.repeat(100_000) } };
  for (let i = 0; i < 8; i++) {
    await call('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: `c-${i}`, ...padding } });
  }
  const { response, value } = await call('GET', '/api/v1/namespaces/default/configmaps');
  assert.equal(response.body.kind, 'list');
  const chunks = [...response.body.chunks()];
  assert.ok(chunks.length > 2);
  assert.deepEqual(JSON.parse(chunks.map(text).join('')), value);
});

test('a Table has the columns of the kind and a row for each object', async () => {
  const { call } = await newSimulatedApiServer();
  await call('POST', PODS_URL, pod('web-1'));
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
  const { value } = await call('GET', PODS_URL, undefined, accept);
  assert.equal(value.kind, 'Table');
  assert.deepEqual(
    value.columnDefinitions.slice(0, 4).map((column: { name: string }) => column.name),
    ['Name', 'Ready', 'Status', 'Restarts'],
  );
  assert.equal(value.rows[0].cells[0], 'web-1');
  assert.equal(value.rows[0].object.kind, 'PartialObjectMetadata');
  const one = await call('GET', `${PODS_URL}/web-1?includeObject=Object`, undefined, accept);
  assert.equal(one.value.rows[0].object.kind, 'Pod');
});

test('WatchStream shows what enters and leaves a selection as ADDED and DELETED', async () => {
  const api = await newSimulatedApiServer();
  const { call, store } = api;
  await call('POST', PODS_URL, pod('web-1'));
  const since = store.revision;
  const label = (app: string) =>
    call(
      'PATCH',
      `${PODS_URL}/web-1`,
      { metadata: { labels: { app } } },
      { 'content-type': 'application/merge-patch+json' },
    );
  await label('db');
  await label('db2');
  await label('web');
  const { value: last } = await label('web');
  await call('DELETE', `${PODS_URL}/web-1`);
  const url = `${PODS_URL}?watch=true&labelSelector=app%3Dweb&resourceVersion=${since}`;
  const frames = await readFrames(api, url, (all) => all.length === 3);
  assert.deepEqual(
    frames.map((frame) => frame.type),
    ['DELETED', 'ADDED', 'DELETED'],
  );
  const left = frames[0]!.object as { metadata: { resourceVersion: string; labels: { app: string } } };
  assert.equal(left.metadata.labels.app, 'web');
  assert.equal(left.metadata.resourceVersion, String(since + 1));
  assert.equal(last.metadata.resourceVersion, String(since + 3));
});

test('WatchStream shares one frame between watchers and encodes it once', async () => {
  const api = await newSimulatedApiServer();
  const since = api.store.revision;
  await api.call('POST', PODS_URL, pod('a'));
  const url = `${PODS_URL}?watch=true&resourceVersion=${since}`;
  const [first] = await readFrames(api, url, () => true);
  const [second] = await readFrames(api, url, () => true);
  assert.equal(first, second);
  assert.equal(first!.bytes(), second!.bytes());
  assert.deepEqual(JSON.parse(text(first!.bytes())), { type: 'ADDED', object: first!.object });
});

test('WatchStream ends initial events with a bookmark that says so', async () => {
  const api = await newSimulatedApiServer();
  for (const name of ['a', 'b']) await api.call('POST', PODS_URL, pod(name));
  const query =
    'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const frames = await readFrames(api, `${PODS_URL}?${query}`, (all) => all.length === 3);
  assert.deepEqual(
    frames.map((frame) => frame.type),
    ['ADDED', 'ADDED', 'BOOKMARK'],
  );
  const { metadata } = frames[2]!.object as { metadata: Record<string, unknown> };
  assert.deepEqual(metadata['annotations'], { 'k8s.io/initial-events-end': 'true' });
  assert.equal(metadata['resourceVersion'], String(api.store.revision));
});

test('WatchStream sends bookmarks every minute and ends when its time is up', async () => {
  const api = await newSimulatedApiServer();
  const since = api.store.revision;
  const url = `${PODS_URL}?watch=true&resourceVersion=${since}&allowWatchBookmarks=true&timeoutSeconds=150`;
  const reading = readFrames(api, url, () => false);
  await api.clock.settle();
  await api.call('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'elsewhere' } });
  await api.clock.advance(150_000);
  const frames = await reading;
  assert.deepEqual(
    frames.map((frame) => frame.type),
    ['BOOKMARK', 'BOOKMARK', 'BOOKMARK'],
    'the last one shortly before the end',
  );
  assert.equal(
    (frames[0]!.object as { metadata: { resourceVersion: string } }).metadata.resourceVersion,
    String(since + 1),
  );
  assert.equal(api.clock.pendingTimers, 0);
});

test('a bookmark that became due while its reader was busy comes after what happened meanwhile', async () => {
  const api = await newSimulatedApiServer();
  const stop = new AbortController();
  const url = `${PODS_URL}?watch=true&resourceVersion=${api.store.revision}&allowWatchBookmarks=true`;
  const { body } = await api.server.handle(newRequest('GET', url), stop.signal);
  assert.equal(body.kind, 'watch');
  const reader = body.frames[Symbol.asyncIterator]();
  const first = reader.next();
  await api.call('POST', PODS_URL, pod('a'));
  await first;
  await api.clock.advance(60_000);
  for (const name of ['b', 'c']) await api.call('POST', PODS_URL, pod(name));
  const frames: WatchFrame[] = [];
  while (frames.length < 3) frames.push(...(await reader.next()).value);
  assert.deepEqual(
    frames.map(({ type }) => type),
    ['ADDED', 'ADDED', 'BOOKMARK'],
  );
  const { metadata } = frames[2]!.object as { metadata: { resourceVersion: string } };
  assert.equal(metadata.resourceVersion, String(api.store.revision));
  stop.abort();
  assert.equal((await reader.next()).done, true);
  // The server may keep the second by which the last request had to be answered.
  await api.clock.advance(60_000);
  assert.equal(api.clock.pendingTimers, 0);
});

test('WatchStream answers a compacted revision with an ERROR frame inside of the stream', async () => {
  const api = await newSimulatedApiServer();
  for (const name of ['a', 'b']) await api.call('POST', PODS_URL, pod(name));
  await api.store.compact(api.store.revision);
  const frames = await readFrames(api, `${PODS_URL}?watch=true&resourceVersion=1`, () => false);
  assert.equal(frames.length, 1);
  assert.equal(frames[0]!.type, 'ERROR');
  assert.equal((frames[0]!.object as { code: number }).code, 410);
});

type Step = { kind: 'create' | 'label' | 'delete'; name: string; app: string };

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind']>('create', 'label', 'delete'),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    app: fc.constantFrom('web', 'db'),
  }),
  { maxLength: 40 },
);

async function apply({ call }: SimulatedApiServer, { kind, name, app }: Step): Promise<void> {
  const url = `${PODS_URL}/${name}`;
  if (kind === 'create') await call('POST', PODS_URL, { ...pod(name), metadata: { name, labels: { app } } });
  else if (kind === 'delete') await call('DELETE', url);
  else {
    const headers = { 'content-type': 'application/merge-patch+json' };
    await call('PATCH', url, { metadata: { labels: { app } } }, headers);
  }
}

async function listNames({ call }: SimulatedApiServer, query: string): Promise<string[]> {
  const { value } = await call('GET', `${PODS_URL}?${query}`);
  return value.items.map((item: { metadata: { name: string } }) => item.metadata.name);
}

test('listObjects in pages with writes in between returns exactly the set of its revision', async () => {
  await fc.assert(
    fc.asyncProperty(steps, steps, fc.integer({ min: 1, max: 3 }), async (before, between, limit) => {
      const api = await newSimulatedApiServer();
      for (const step of before) await apply(api, step);
      const selector = 'labelSelector=app%3Dweb';
      const expected = await listNames(api, selector);
      const actual: string[] = [];
      let token = '';
      do {
        const { value } = await api.call(
          'GET',
          `${PODS_URL}?${selector}&limit=${limit}&continue=${encodeURIComponent(token)}`,
        );
        actual.push(...value.items.map((item: { metadata: { name: string } }) => item.metadata.name));
        token = value.metadata.continue ?? '';
        for (const step of between.splice(0, 3)) await apply(api, step);
      } while (token !== '');
      assert.deepEqual(actual, expected);
    }),
    { numRuns: 60 },
  );
});

test('WatchStream resumed at any revisions leads to what a list shows afterwards', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.integer({ min: 1, max: 6 })), async (script, cuts) => {
      const api = await newSimulatedApiServer();
      const selector = 'labelSelector=app%3Dweb';
      const start = api.store.revision;
      for (const step of script) await apply(api, step);
      const expected = (await listNames(api, selector)).sort();
      const seen = new Map<string, string>();
      let revision = start;
      // Ends by a step that everybody sees.
      await api.call('POST', PODS_URL, { ...pod('end'), metadata: { name: 'end', labels: { app: 'web' } } });
      for (let done = false; !done; ) {
        const count = cuts.shift() ?? 1000;
        const url = `${PODS_URL}?watch=true&${selector}&resourceVersion=${revision}`;
        const frames = await readFrames(
          api,
          url,
          (all) => all.length >= count || nameOf(all.at(-1)!) === 'end',
        );
        for (const frame of frames.slice(0, count)) {
          revision = Number(
            (frame.object as { metadata: { resourceVersion: string } }).metadata.resourceVersion,
          );
          assert.equal(seen.has(nameOf(frame)), frame.type !== 'ADDED', `${frame.type} of ${nameOf(frame)}`);
          if (frame.type === 'DELETED') seen.delete(nameOf(frame));
          else seen.set(nameOf(frame), String(revision));
          if (nameOf(frame) === 'end') done = true;
        }
      }
      seen.delete('end');
      assert.deepEqual([...seen.keys()].sort(), expected);
    }),
    { numRuns: 60 },
  );
});
