/**
 * Lists in pages and watches against the history of all writes: a list is the set at its revision, however many writers
 * come between its pages; a watch is every change of what it selects, in order, however often it is resumed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachSeed, pick, type Stream } from '../../base/seeds.fixture.ts';
import { newRequest } from '../../simulation/sim-api-server.ts';
import {
  type Collection,
  keyOf,
  type ModelEvent,
  randomCollection,
  urlOf,
  WrittenHistory,
} from './history-model.fixture.ts';

interface ShownObject {
  metadata: {
    name: string;
    namespace: string;
    resourceVersion: string;
    annotations?: Record<string, string>;
  };
}

const shownOf = ({ metadata }: ShownObject) => ({
  key: keyOf(metadata),
  revision: Number(metadata.resourceVersion),
});

async function writeSome(history: WrittenHistory, next: Stream, max: number): Promise<void> {
  for (let left = Math.floor(next() * max); left > 0; left--) await history.write(next);
}

/** Page by page, with writers between the pages. */
async function checkPages(history: WrittenHistory, collection: Collection, next: Stream): Promise<void> {
  const seen: ReturnType<typeof shownOf>[] = [];
  let token: string | undefined;
  let revision = 0;
  do {
    const page = {
      limit: String(1 + Math.floor(next() * 4)),
      ...(token === undefined ? {} : { continue: token }),
    };
    const { status, value } = await history.api.call('GET', urlOf(collection, page));
    assert.equal(status, 200, JSON.stringify(value));
    if (revision === 0) revision = Number(value.metadata.resourceVersion);
    assert.equal(
      Number(value.metadata.resourceVersion),
      revision,
      'every page is of the first one’s revision',
    );
    seen.push(...value.items.map(shownOf));
    const left = history.listAt(collection, revision).length - seen.length;
    if (value.metadata.remainingItemCount !== undefined)
      assert.equal(value.metadata.remainingItemCount, left);
    if (!collection.isSelected && left > 0) assert.equal(value.metadata.remainingItemCount, left);
    token = value.metadata.continue;
    await writeSome(history, next, 4);
  } while (token !== undefined);
  assert.deepEqual(seen, history.listAt(collection, revision));
}

/** The pages before are compacted away: what is left can be had as it is now. */
async function checkExpiry(history: WrittenHistory, collection: Collection, next: Stream): Promise<void> {
  const { api } = history;
  const { value: first } = await api.call('GET', urlOf(collection, { limit: '1' }));
  if (first.metadata.continue === undefined) return;
  await history.write(next);
  await api.store.compact(api.store.revision);
  const expired = await api.call('GET', urlOf(collection, { limit: '2', continue: first.metadata.continue }));
  assert.equal(expired.status, 410);
  assert.equal(expired.value.reason, 'Expired');
  const rest = await api.call('GET', urlOf(collection, { continue: expired.value.metadata.continue }));
  assert.equal(rest.status, 200);
  const last = keyOf(first.items[0].metadata);
  const left = history.listAt(collection, api.store.revision).filter(({ key }) => key > last);
  assert.deepEqual(rest.value.items.map(shownOf), left);
}

test('listObjects gives in pages exactly what was there at its revision', async () => {
  await forEachSeed({
    count: 40,
    run: async (next) => {
      const history = await WrittenHistory.open();
      await writeSome(history, next, 40);
      for (let i = 0; i < 6; i++) {
        await checkPages(history, randomCollection(next), next);
        await writeSome(history, next, 6);
        if (next() < 0.5) await checkExpiry(history, randomCollection(next), next);
      }
    },
  });
});

test('listObjects shows any revision that is not compacted', async () => {
  await forEachSeed({
    count: 20,
    run: async (next) => {
      const history = await WrittenHistory.open();
      await writeSome(history, next, 60);
      for (const { revision } of history.writes.filter(() => next() < 0.2)) {
        const collection = randomCollection(next);
        const exact = { resourceVersion: String(revision), resourceVersionMatch: 'Exact' };
        const { value } = await history.api.call('GET', urlOf(collection, exact));
        assert.deepEqual(value.items.map(shownOf), history.listAt(collection, revision));
      }
    },
  });
});

const FORMS: Readonly<Record<string, string | undefined>> = {
  whole: undefined,
  table: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  metadata: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
};

interface Frame {
  type: string;
  object: ShownObject & { rows?: { object: ShownObject }[] };
}

/** Reads frames while writers go on, and stops after as many as it was told. */
class WatchReader {
  readonly frames: Frame[] = [];
  readonly #stop = new AbortController();
  #reading: Promise<void> | undefined;

  async open({ api }: WrittenHistory, url: string, accept: string | undefined): Promise<void> {
    const headers: Record<string, string> = accept === undefined ? {} : { accept };
    const { body } = await api.server.handle(newRequest('GET', url, undefined, headers), this.#stop.signal);
    assert.equal(body.kind, 'watch');
    const { frames } = body;
    this.#reading = (async () => {
      for await (const batch of frames) {
        for (const frame of batch)
          this.frames.push(JSON.parse(new TextDecoder().decode(frame.bytes())) as Frame);
      }
    })();
  }

  async close({ api }: WrittenHistory): Promise<void> {
    await api.clock.settle();
    this.#stop.abort();
    await this.#reading;
  }
}

function eventOf({ type, object }: Frame): ModelEvent {
  const shown = object.rows === undefined ? object : object.rows[0]!.object;
  return { type, ...shownOf(shown) };
}

/** A watch from now on, closed and resumed where it was while writes go on. */
async function checkResumes(history: WrittenHistory, collection: Collection, next: Stream): Promise<void> {
  const begin = pick(next, [history.api.store.revision, ...history.writes.map(({ revision }) => revision)]);
  const accept = FORMS[pick(next, Object.keys(FORMS))];
  const events: ModelEvent[] = [];
  let at = begin;
  for (let i = 0; i < 3; i++) {
    const reader = new WatchReader();
    const more = { watch: '1', resourceVersion: String(at), allowWatchBookmarks: 'true' };
    await reader.open(history, urlOf(collection, more), accept);
    await writeSome(history, next, 12);
    if (next() < 0.3) await history.api.clock.advance(60_000);
    await reader.close(history);
    // Whoever is cut off has read only so much of it.
    const read = reader.frames.slice(
      0,
      i === 2 ? undefined : Math.floor(next() * (reader.frames.length + 1)),
    );
    for (const frame of read) {
      if (frame.type !== 'BOOKMARK') events.push(eventOf(frame));
      at = revisionOf(frame);
    }
  }
  assert.deepEqual(events, history.eventsAfter(collection, begin));
}

function revisionOf({ object }: Frame): number {
  const { metadata } = object.rows?.[0]?.object ?? object;
  return Number(metadata.resourceVersion);
}

/** What is there first, and then what happens. */
async function checkInitialEvents(
  history: WrittenHistory,
  collection: Collection,
  next: Stream,
): Promise<void> {
  const isStreaming = next() < 0.5;
  const initial = history.listAt(collection, history.api.store.revision);
  const begin = history.api.store.revision;
  const streaming = {
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
  };
  const reader = new WatchReader();
  await reader.open(history, urlOf(collection, { watch: '1', ...(isStreaming ? streaming : {}) }), undefined);
  await writeSome(history, next, 12);
  await reader.close(history);
  const expected: { type: string; key: string }[] = [
    ...initial.map(({ key, revision }) => ({ type: 'ADDED', key, revision })),
    ...(isStreaming ? [{ type: 'BOOKMARK', key: '', revision: begin }] : []),
    ...history.eventsAfter(collection, begin),
  ];
  const shown = reader.frames.map((frame) =>
    frame.type === 'BOOKMARK' ? { type: 'BOOKMARK', key: '', revision: revisionOf(frame) } : eventOf(frame),
  );
  assert.deepEqual(shown, expected);
}

test('a watch shows every change of what it selects once and in order, however often it is resumed', async () => {
  await forEachSeed({
    count: 60,
    run: async (next) => {
      const history = await WrittenHistory.open();
      await writeSome(history, next, 20);
      for (let i = 0; i < 3; i++) await checkResumes(history, randomCollection(next), next);
    },
  });
});

test('a watch without a revision shows what is there, and then every change', async () => {
  await forEachSeed({
    count: 40,
    run: async (next) => {
      const history = await WrittenHistory.open();
      for (let i = 0; i < 3; i++) {
        await writeSome(history, next, 20);
        await checkInitialEvents(history, randomCollection(next), next);
      }
    },
  });
});
