/**
 * Watches have no gap, no repeat and no reordering, stream by stream, by the frames that arrive; and once faults have
 * stopped, every process watches what it watched, and has been told everything: so its copies are what the store holds.
 */
import { findResource } from '../../api/resources.ts';
import type { ApiObject } from '../../apiserver/api-object.ts';
import { prefixOf } from '../../apiserver/registry/registry.ts';
import { parseSelection } from '../../apiserver/registry/selection.ts';
import { parseRequest } from '../../apiserver/route.ts';
import type { OpenedWatch, StreamObserver } from '../world/watch-observer.ts';
import { USER_PARTY } from '../world/world.ts';
import type { ProcessChanged } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { CommitLog } from './commit-log.ts';
import { STALE_MAX_MS } from './held-bound.ts';
import { type WatchedSelection, WatchedStream } from './watched-stream.ts';

/** What was committed a moment ago may still be on its way over a slow link. */
const TOLD_WITHIN_MS = 5_000;

export const newWatchStreamsChecker: CheckerFactory = (cluster, report) => {
  const book = new StreamBook(cluster, report);
  return {
    onEvent(event) {
      if (event.kind === 'commit') book.onCommit(event);
      else if (event.kind === 'process') book.onProcess(event);
    },
    onWatch: (watch) => book.open(watch),
    unconverged: () => book.unconverged(),
  };
};

/** What one process watches by one path and selection: how many streams of it are open, and since when one lacks. */
interface Interest {
  readonly process: string;
  readonly name: string;
  readonly streams: Set<WatchedStream>;
  readonly lackingSinceMs: number[];
}

class StreamBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  readonly #commits: CommitLog;
  /** Frames that came before the commit that they tell of was told here. */
  #early: { revision: number; deliver: () => void }[] = [];
  /** Bounded by what processes watch. */
  readonly #interests = new Map<string, Interest>();

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
    this.#commits = new CommitLog(cluster.world);
  }

  onCommit(commit: Parameters<CommitLog['add']>[0]): void {
    this.#commits.add(commit);
    // What tells of no revision, as the end of a stream by an error, waits for nothing but its turn.
    while (this.#early.length > 0 && !(this.#early[0]!.revision > this.#commits.revision)) {
      this.#early.shift()!.deliver();
    }
  }

  /** Whatever a process watched ends with it. */
  onProcess({ process, what }: ProcessChanged): void {
    if (what !== 'killed' && what !== 'stopped' && what !== 'broken') return;
    for (const [id, interest] of this.#interests)
      if (interest.process === process) this.#interests.delete(id);
  }

  open(watch: OpenedWatch): StreamObserver {
    const selection = selectionOf(watch);
    if (selection === undefined) return { delivered() {}, ended() {} };
    const stream = new WatchedStream(this.#commits, selection, this.#report);
    const interest = this.#interestOf(watch, selection);
    interest?.streams.add(stream);
    interest?.lackingSinceMs.shift();
    return {
      delivered: (frames) => {
        for (const frame of frames) this.#deliver(stream, frame);
      },
      ended: (by) => {
        interest?.streams.delete(stream);
        if (by !== 'client') interest?.lackingSinceMs.push(this.#cluster.world.clock.now());
      },
    };
  }

  unconverged(): string[] {
    const { world, calm } = this.#cluster;
    return [...this.#interests.values()].flatMap(({ process, name, streams, lackingSinceMs }) => {
      const [machine = ''] = process.split('/', 1);
      const calmMs = calm.forMs(world.nodes.has(machine) ? machine : undefined);
      if (calmMs < STALE_MAX_MS) return [];
      const [sinceMs] = lackingSinceMs;
      const problems: string[] = [];
      if (sinceMs !== undefined && world.clock.now() - sinceMs >= STALE_MAX_MS)
        problems.push(`${name} is not watched any more`);
      for (const stream of streams) {
        const missing = stream.missing();
        if (missing !== undefined && world.clock.now() - missing.atMs >= TOLD_WITHIN_MS)
          problems.push(`the watch ${name} has not told of ${missing.key} at ${missing.revision}`);
      }
      return problems;
    });
  }

  #deliver(stream: WatchedStream, frame: Parameters<WatchedStream['deliver']>[0]): void {
    const { metadata } = frame.object as { metadata?: { resourceVersion?: string } };
    const revision = Number(metadata?.resourceVersion);
    if (this.#early.length === 0 && !(revision > this.#commits.revision)) stream.deliver(frame);
    else this.#early.push({ revision, deliver: () => stream.deliver(frame) });
  }

  /** People come and go, and so do watches of the single objects that a Pod refers to. */
  #interestOf({ process, request }: OpenedWatch, { name }: WatchedSelection): Interest | undefined {
    const isPassing = /\/(secrets|configmaps)\?.*metadata\.name/.test(name);
    if (process === USER_PARTY || isPassing) return undefined;
    const id = `${name} ${request.headers['accept'] ?? ''}`;
    let interest = this.#interests.get(id);
    if (interest === undefined) {
      interest = { process, name, streams: new Set(), lackingSinceMs: [] };
      this.#interests.set(id, interest);
    }
    return interest;
  }
}

/** `undefined` for what cannot be told: Tables, kinds that are not built in, watches from "now". */
function selectionOf({ process, request }: OpenedWatch): WatchedSelection | undefined {
  const { query, path, headers } = request;
  const { group, version, resource, namespace } = parseRequest(request);
  const row = findResource(group, version, resource);
  if (row === undefined || headers['accept']?.includes('as=Table')) return undefined;
  const afterRevision = Number(query.get('resourceVersion') ?? 0);
  const isInitial = query.get('sendInitialEvents') === 'true';
  if (!isInitial && afterRevision === 0) return undefined;
  const { matches } = parseSelection(row, query);
  const selectors = ['labelSelector', 'fieldSelector'].flatMap((name) => query.get(name) ?? []);
  return {
    name: `${path}${selectors.length === 0 ? '' : `?${selectors.join('&')}`} of ${process}`,
    prefix: prefixOf(row, ''),
    scope: prefixOf(row, namespace),
    matches: (object) => matches(object as unknown as ApiObject),
    afterRevision: isInitial ? undefined : afterRevision,
  };
}
