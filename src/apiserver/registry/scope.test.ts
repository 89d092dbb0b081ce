import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WatchFrame } from '../../api/message.ts';
import { NODES, PODS, SERVICES } from '../../api/resources.ts';
import {
  newRequest,
  newSimulatedApiServer,
  PODS_URL,
  pod,
  type SimulatedApiServer,
} from '../../simulation/sim-api-server.ts';
import { scopeOf } from './scope.ts';
import { parseSelection } from './selection.ts';

const scopeFor = (row: typeof PODS | typeof NODES | typeof SERVICES, namespace: string, query: string) => {
  const { prefix, exact, indexed } = scopeOf(row, namespace, parseSelection(row, new URLSearchParams(query)));
  return { prefix, ...(exact && { exact }), ...(indexed && { value: indexed.value }) };
};

test('scopeOf is the key of a name, the index of a node, else the collection', () => {
  const nameIs = (name: string) => `fieldSelector=metadata.name%3D${name}`;
  assert.deepEqual(scopeFor(NODES, '', nameIs('n1')), { prefix: '/registry/nodes/n1', exact: true });
  assert.deepEqual(scopeFor(PODS, 'x', nameIs('a')), { prefix: '/registry/pods/x/a', exact: true });
  assert.deepEqual(scopeFor(PODS, '', nameIs('a')), { prefix: '/registry/pods/' });
  const onNode = 'labelSelector=app%3Dweb&fieldSelector=status.phase!%3DFailed,spec.nodeName%3Dn1';
  assert.deepEqual(scopeFor(PODS, '', onNode), { prefix: '/registry/pods/', value: 'n1' });
  assert.deepEqual(scopeFor(PODS, 'x', onNode), { prefix: '/registry/pods/x/', value: 'n1' });
  const elsewhere = 'fieldSelector=spec.nodeName!%3Dn1';
  assert.deepEqual(scopeFor(PODS, '', elsewhere), { prefix: '/registry/pods/' });
  assert.deepEqual(scopeFor(SERVICES, '', 'labelSelector=a%3Db'), { prefix: '/registry/services/' });
});

interface SeenPod {
  metadata: { name: string; labels?: { app?: string }; resourceVersion: string };
  spec: { nodeName?: string };
  status: { phase: string };
}

/** Selectors, each with what it means, told again in the plainest way. */
const SELECTIONS: readonly [query: string, matches: (pod: SeenPod) => boolean][] = [
  ['', () => true],
  ['fieldSelector=spec.nodeName%3Dn1', ({ spec }) => spec.nodeName === 'n1'],
  ['fieldSelector=spec.nodeName%3Dn2', ({ spec }) => spec.nodeName === 'n2'],
  ['fieldSelector=spec.nodeName%3D', ({ spec }) => spec.nodeName === undefined],
  ['fieldSelector=spec.nodeName!%3Dn1', ({ spec }) => spec.nodeName !== 'n1'],
  [
    'labelSelector=app%3Dweb&fieldSelector=spec.nodeName%3Dn1',
    ({ metadata, spec }) => spec.nodeName === 'n1' && metadata.labels?.app === 'web',
  ],
  [
    'fieldSelector=status.phase%3DRunning,spec.nodeName%3Dn1',
    ({ spec, status }) => spec.nodeName === 'n1' && status.phase === 'Running',
  ],
  ['fieldSelector=spec.nodeName%3Dn1,spec.nodeName%3Dn2', () => false],
  ['fieldSelector=metadata.name%3Da', ({ metadata }) => metadata.name === 'a'],
  [
    'fieldSelector=metadata.name%3Da,spec.nodeName%3Dn1',
    ({ metadata, spec }) => metadata.name === 'a' && spec.nodeName === 'n1',
  ],
];

type Step = { kind: 'create' | 'bind' | 'label' | 'run' | 'delete'; name: string; node: string; app: string };

const step = fc.record<Step>({
  kind: fc.constantFrom('create', 'create', 'bind', 'bind', 'label', 'run', 'delete'),
  name: fc.constantFrom('a', 'ab', 'b', 'c'),
  node: fc.constantFrom('n1', 'n2', ''),
  app: fc.constantFrom('web', 'db'),
});

const MERGE = { 'content-type': 'application/merge-patch+json' };
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' };

/** Some are refused (a Pod that is there, or is not, or has a node): nothing is written then. */
async function apply({ call }: SimulatedApiServer, { kind, name, node, app }: Step): Promise<void> {
  const url = `${PODS_URL}/${name}`;
  const metadata = { name, labels: { app } };
  if (kind === 'create')
    await call('POST', PODS_URL, { ...pod(name, node ? { nodeName: node } : {}), metadata });
  else if (kind === 'bind')
    await call('POST', `${url}/binding`, { metadata: { name }, target: { name: node } });
  else if (kind === 'label') await call('PATCH', url, { metadata: { labels: { app } } }, MERGE);
  else if (kind === 'run') await call('PATCH', `${url}/status`, { status: { phase: 'Running' } }, STRATEGIC);
  else await call('DELETE', `${url}?gracePeriodSeconds=0`);
}

interface Watching {
  query: string;
  frames: WatchFrame[];
}

/** Reads until the revision of the last frame, or of a bookmark, is the store's. */
function startWatch({ server }: SimulatedApiServer, query: string, revision: number, signal: AbortSignal) {
  const url = `${PODS_URL}?watch=true&resourceVersion=${revision}&${query}`;
  const watching: Watching = { query, frames: [] };
  const read = async () => {
    const { body } = await server.handle(newRequest('GET', url), signal);
    assert.equal(body.kind, 'watch');
    for await (const batch of body.frames) watching.frames.push(...batch);
  };
  void read();
  return watching;
}

type Told = [type: string, name: string, revision: string];

const toldOf = ({ type, object }: WatchFrame): Told => {
  const { metadata } = object as SeenPod;
  return [type, metadata.name, metadata.resourceVersion];
};

/** What a watcher of `matches` must be told, given all changes and the Pods from before. */
function naively(
  all: readonly WatchFrame[],
  before: readonly SeenPod[],
  matches: (pod: SeenPod) => boolean,
): Told[] {
  const known = new Map(before.map((each) => [each.metadata.name, each]));
  const told: Told[] = [];
  for (const { type, object } of all) {
    const now = object as SeenPod;
    const { name, resourceVersion } = now.metadata;
    const previous = known.get(name);
    const was = previous !== undefined && matches(previous);
    const is = type !== 'DELETED' && matches(now);
    if (is) told.push([was ? 'MODIFIED' : 'ADDED', name, resourceVersion]);
    else if (was) told.push(['DELETED', name, resourceVersion]);
    if (type === 'DELETED') known.delete(name);
    else known.set(name, now);
  }
  return told;
}

test('WatchStream and listObjects of any selection say what a naive filter of everything says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(step, { maxLength: 30 }),
      fc.array(step, { maxLength: 12 }),
      async (before, during, after) => {
        const api = await newSimulatedApiServer();
        const stop = new AbortController();
        for (const each of before) await apply(api, each);
        const start = (await api.call('GET', PODS_URL)).value;
        const revision = Number(start.metadata.resourceVersion);
        const live = SELECTIONS.map(([query]) => startWatch(api, query, revision, stop.signal));
        for (const each of during) await apply(api, each);
        const late = SELECTIONS.map(([query]) => startWatch(api, query, revision, stop.signal));
        for (const each of after) await apply(api, each);
        await api.clock.settle();
        stop.abort();
        const all = live[0]!.frames;
        for (const [i, [query, matches]] of SELECTIONS.entries()) {
          const expected = naively(all, start.items, matches);
          assert.deepEqual(live[i]!.frames.map(toldOf), expected, `watch ${query}`);
          assert.deepEqual(late[i]!.frames.map(toldOf), expected, `watch ${query} from before`);
          await checkLists(api, { query, matches, revision, before: start.items });
        }
      },
    ),
    { numRuns: 60 },
  );
});

interface ListCheck {
  query: string;
  matches: (pod: SeenPod) => boolean;
  revision: number;
  before: readonly SeenPod[];
}

/** Of now, of then, and of now in pages. */
async function checkLists({ call }: SimulatedApiServer, check: ListCheck): Promise<void> {
  const { query, matches, revision, before } = check;
  const itemsOf = async (more: string) => (await call('GET', `${PODS_URL}?${query}${more}`)).value.items;
  const expected = (await call('GET', PODS_URL)).value.items.filter(matches);
  assert.deepEqual(await itemsOf(''), expected, `list ${query}`);
  const then = `&resourceVersionMatch=Exact&resourceVersion=${revision}`;
  assert.deepEqual(await itemsOf(then), before.filter(matches), `list ${query} at ${revision}`);
  const paged: SeenPod[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const page: { items: SeenPod[]; metadata: { continue?: string } } = (
      await call('GET', `${PODS_URL}?${query}&limit=1&continue=${encodeURIComponent(token)}`)
    ).value;
    paged.push(...page.items);
    token = page.metadata.continue;
  }
  assert.deepEqual(paged, expected, `list ${query} in pages`);
}
