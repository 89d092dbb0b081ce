import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ResponseBody, WatchFrame } from '../api/message.ts';
import { hasReason } from '../base/status-error.ts';
import { WatchEvents } from './watch-events.ts';

const never = new AbortController().signal;

function eventsOf(body: ResponseBody, signal = never): WatchEvents<unknown> {
  return new WatchEvents(async () => ({ status: 200, headers: {}, body }), signal);
}

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (let i = 0; offset < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

const encode = (text: string) => new TextEncoder().encode(text);

test('WatchEvents reads the same events however the bytes are cut, within characters too', async () => {
  const names = fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 });
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(names, sizes, async (all, cuts) => {
      const lines = all.map((name) => `${JSON.stringify({ type: 'ADDED', object: { name } })}\n`);
      const seen: unknown[] = [];
      const chunks = cut(encode(lines.join('')), cuts);
      for await (const event of eventsOf({ kind: 'stream', chunks })) seen.push(event);
      deepEqual(
        seen,
        all.map((name) => ({ type: 'ADDED', object: { name } })),
      );
    }),
  );
});

test('WatchEvents drops a line that the connection cut off, and throws what an ERROR event says', async () => {
  const bookmark = {
    type: 'BOOKMARK',
    object: { metadata: { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'true' } } },
  };
  const seen: unknown[] = [];
  const chunks = cut(encode(`${JSON.stringify(bookmark)}\n{"type":"ADDED","obj`), [1000]);
  for await (const event of eventsOf({ kind: 'stream', chunks })) seen.push(event);
  deepEqual(seen, [{ type: 'BOOKMARK', resourceVersion: '7', initialEventsEnd: true }]);

  const error = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'old' } };
  const failing = eventsOf({ kind: 'bytes', bytes: encode(`${JSON.stringify(error)}\n`) });
  await rejects(failing.next(), (thrown) => hasReason(thrown, 'Expired'));
});

test('WatchEvents throws a StatusError for what is no event', async () => {
  for (const line of ['null', '1', '{}', '{"type":"BOOKMARK","object":{}}', '{"type":"BOOKMARK"}', 'x']) {
    const failing = eventsOf({ kind: 'bytes', bytes: encode(`${line}\n`) });
    await rejects(failing.next(), (thrown) => hasReason(thrown, 'InternalError'), line);
  }
});

/** A server's frames, and whether their reader has left. */
function framesOf(...batches: WatchFrame[][]) {
  const state = { hasLeft: false };
  async function* frames() {
    try {
      yield* batches;
    } finally {
      state.hasLeft = true;
    }
  }
  return { state, body: { kind: 'watch', frames: frames() } as const };
}

const frame = (type: WatchFrame['type'], object: unknown): WatchFrame => ({
  type,
  object,
  bytes: () => new Uint8Array(),
});

test('WatchEvents hands on the frames of the same process as they are, whatever batches they come in', async () => {
  const [a, b, c] = [frame('ADDED', { n: 1 }), frame('MODIFIED', { n: 2 }), frame('DELETED', { n: 3 })];
  const { body } = framesOf([a!, b!], [], [c!]);
  const seen: unknown[] = [];
  for await (const event of eventsOf(body)) seen.push(event);
  equal(seen.length, 3);
  equal(seen[0], a);
  equal(seen[2], c);
});

test('WatchEvents closes its source when its reader leaves, its signal aborts or an ERROR comes', async () => {
  const left = framesOf([frame('ADDED', {}), frame('ADDED', {})]);
  for await (const _ of eventsOf(left.body)) break;
  equal(left.state.hasLeft, true);

  const stop = new AbortController();
  const stopped = framesOf([frame('ADDED', {}), frame('ADDED', {})]);
  const reading = eventsOf(stopped.body, stop.signal);
  await reading.next();
  stop.abort(new Error('enough'));
  await rejects(reading.next(), /enough/);
  equal(stopped.state.hasLeft, true);
  deepEqual(await reading.next(), { done: true, value: undefined });

  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'old' };
  const failed = framesOf([frame('ERROR', status), frame('ADDED', {})]);
  await rejects(eventsOf(failed.body).next(), (thrown) => hasReason(thrown, 'Expired'));
  equal(failed.state.hasLeft, true);
});

test('WatchEvents of a watch that ends after its signal aborted says so', async () => {
  const stop = new AbortController();
  const { body } = framesOf([frame('ADDED', {})]);
  const reading = eventsOf(body, stop.signal);
  await reading.next();
  stop.abort(new Error('enough'));
  await rejects(reading.next(), /enough/);
});
