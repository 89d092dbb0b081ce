/**
 * Watchers that only note when an event of which revision came, and paced updates under them. Watchers do not parse: they look
 * for the revision in the first bytes of a line, where the server's metadata stands.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { newApiPod } from './api-pod.ts';
import { open } from './http2-client.ts';
import type { LoadResult, LoadTask } from './task.ts';

type WatchTask = Extract<LoadTask, { kind: 'watch' }>;

const REVISION = Buffer.from('"resourceVersion":"');
const LINE_FEED = 10;
/** Answers that may be on their way at a time. */
const UPDATES_IN_FLIGHT = 32;
const SETTLE_DEADLINE_MS = 10_000;

export async function loadWatch(
  task: WatchTask,
  watching: readonly ClientHttp2Session[],
  writing: readonly ClientHttp2Session[],
): Promise<LoadResult> {
  const arrivals = new Map<number, number[]>();
  const path = `/api/v1/namespaces/${task.namespace}/pods`;
  const since = await currentRevision(writing[0]!, path);
  const watchers = await Promise.all(
    Array.from({ length: task.watchers }, (_, index) => {
      return openWatcher(
        watching[index % watching.length]!,
        `${path}?watch=1&resourceVersion=${since}`,
        arrivals,
      );
    }),
  );
  const began = performance.now();
  const answers = await update(task, writing, path);
  const elapsedMs = performance.now() - began;
  await untilAllArrived(answers, arrivals, task.watchers);
  for (const watcher of watchers) watcher.close();
  return { elapsedMs, requests: answers.size, latenciesMs: latenciesOf(answers, arrivals) };
}

/** Answers that are behind do not hold up the pace: every update is sent when it is due, or as soon as one has come back. */
async function update(
  task: WatchTask,
  sessions: readonly ClientHttp2Session[],
  path: string,
): Promise<Map<number, number>> {
  const answers = new Map<number, number>();
  const total = task.ratePerSecond * task.seconds;
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: UPDATES_IN_FLIGHT }, async (_, writer) => {
      for (let index = next++; index < total; index = next++) {
        const dueMs = began + (index * 1000) / task.ratePerSecond - performance.now();
        if (dueMs > 0) await delay(dueMs);
        const name = `web-${index % task.names}`;
        const body = newApiPod(name, { ...task, mark: index + 1 });
        const revision = await put(sessions[writer % sessions.length]!, `${path}/${name}/status`, body);
        answers.set(revision, performance.now());
      }
    }),
  );
  return answers;
}

/** As a kubelet writes; resolves with the new revision. */
async function put(session: ClientHttp2Session, path: string, body: Buffer): Promise<number> {
  const answer = await readAll(open(session, { method: 'PUT', path, body }));
  return revisionIn(answer, 0, answer.length);
}

async function currentRevision(session: ClientHttp2Session, path: string): Promise<number> {
  const answer = await readAll(open(session, { method: 'GET', path: `${path}?limit=1` }));
  return revisionIn(answer, 0, answer.length);
}

/** Listens rather than iterates: an iterator takes an answer for broken when the request's own end is told after it. */
function readAll(stream: ClientHttp2Stream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status = 0;
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      const answer = Buffer.concat(chunks);
      if (status === 200) resolve(answer);
      else reject(new Error(`${status} ${answer.toString()}`));
    });
  });
}

/** Notes the moment of each event's last byte under its revision. */
async function openWatcher(
  session: ClientHttp2Session,
  path: string,
  arrivals: Map<number, number[]>,
): Promise<ClientHttp2Stream> {
  const stream = open(session, { method: 'GET', path });
  let head: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    const data = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const now = performance.now();
    let from = 0;
    for (let end = data.indexOf(LINE_FEED); end >= 0; end = data.indexOf(LINE_FEED, from)) {
      const revision = revisionIn(data, from, end);
      const moments = arrivals.get(revision);
      if (moments === undefined) arrivals.set(revision, [now]);
      else moments.push(now);
      from = end + 1;
    }
    head = data.subarray(from);
  });
  const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
  assert.equal(headers[':status'], 200);
  return stream;
}

function revisionIn(bytes: Buffer, from: number, to: number): number {
  const at = bytes.indexOf(REVISION, from);
  assert(at >= 0 && at < to, `an event without a revision: ${bytes.toString('latin1', from, to)}`);
  const digits = at + REVISION.length;
  return Number(bytes.toString('latin1', digits, bytes.indexOf('"', digits)));
}

async function untilAllArrived(
  answers: Map<number, number>,
  arrivals: Map<number, number[]>,
  watchers: number,
): Promise<void> {
  const deadline = performance.now() + SETTLE_DEADLINE_MS;
  const isComplete = () =>
    [...answers.keys()].every((revision) => arrivals.get(revision)?.length === watchers);
  while (!isComplete()) {
    assert.ok(performance.now() < deadline, 'not every watcher was told of every update');
    await delay(5);
  }
}

function latenciesOf(answers: Map<number, number>, arrivals: Map<number, number[]>): number[] {
  return [...answers].flatMap(([revision, answeredAt]) => {
    return arrivals.get(revision)!.map((arrivedAt) => Math.max(0, arrivedAt - answeredAt));
  });
}
