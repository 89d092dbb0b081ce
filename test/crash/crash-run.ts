/**
 * The workload of a crash test: writers that never stop, watchers that resume, and a process that is killed under them.
 *
 *     start -> writers write, watchers watch -> kill -9 -> (killed again while it starts) -> start -> ... -> final checks
 *
 * Afterwards: every acknowledged write is there or was replaced by a later one; no value is torn; no revision ever stood for
 * two writes; every watcher has been told each acknowledged write exactly once, and its events add up to the final list.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CrashLedger } from './crash-ledger.ts';
import {
  type CrashEvent,
  type CrashList,
  type CrashSession,
  type CrashTarget,
  newCrashValue,
} from './crash-target.ts';

export interface CrashRunOptions {
  target: CrashTarget;
  writers: number;
  kills: number;
  watchers: number;
  /** The process lives a random time of this range before it is killed. */
  lifeMs: { min: number; max: number };
}

export interface CrashReport {
  acknowledged: number;
  /** Writes whose answer the kill swallowed. */
  unanswered: number;
  compactions: number;
}

const KEYS_PER_WRITER = 20;
/** Keys that all writers write. */
const SHARED_KEYS = 3;

export async function runCrashes(options: CrashRunOptions): Promise<CrashReport> {
  const run = new CrashRun(options);
  for (let kill = 0; kill < options.kills; kill++) await run.live(kill);
  await run.check();
  return run.report;
}

/** A watcher's memory over all lives of the process. */
interface Follower {
  seen: number;
  revisions: Set<number>;
  state: Map<string, CrashEvent>;
}

class CrashRun {
  readonly report: CrashReport = { acknowledged: 0, unanswered: 0, compactions: 0 };
  readonly #options: CrashRunOptions;
  readonly #ledger = new CrashLedger();
  readonly #followers: Follower[];
  #sequence = 0;
  #startRevision: number | undefined;

  constructor(options: CrashRunOptions) {
    this.#options = options;
    this.#followers = Array.from({ length: options.watchers }, () => {
      return { seen: 0, revisions: new Set<number>(), state: new Map() };
    });
  }

  /** One life of the process, from its start to its death. */
  async live(round: number): Promise<void> {
    const { target, lifeMs, writers } = this.#options;
    if (round % 4 === 3) await target.startAndKill(randomInt(20, 120));
    const session = await target.start();
    await this.#join(session);
    const watching = this.#followers.map((follower) => this.#follow(session, follower));
    const writing = Array.from({ length: writers }, (_, writer) => this.#writeUntilDeath(session, writer));
    const lived = delay(randomInt(lifeMs.min, lifeMs.max));
    if (round % 3 === 1) await Promise.race([lived, this.#compact(session)]);
    await lived;
    await session.kill();
    await Promise.all([...watching, ...writing]);
  }

  async check(): Promise<void> {
    const session = await this.#options.target.start();
    const last = await this.#writeLast(session);
    const list = await session.list();
    this.#ledger.list(list);
    this.#checkAcknowledged(list);
    for (const follower of this.#followers) await this.#checkFollower(session, follower, { list, last });
    await session.kill();
    this.report.acknowledged = this.#ledger.acknowledgedCount;
  }

  /** The process may write for itself as it starts; this is the newest of what watchers are told of. */
  async #writeLast(session: CrashSession): Promise<number> {
    const value = newCrashValue('last');
    this.#ledger.attempt('last', value);
    const revision = await session.write('last', value);
    this.#ledger.acknowledgeWrite('last', revision, value);
    return revision;
  }

  /** The first life tells where watching starts; each later one shows what survived. */
  async #join(session: CrashSession): Promise<void> {
    const list = await session.list();
    this.#ledger.list(list);
    if (this.#startRevision !== undefined) return this.#checkAcknowledged(list);
    this.#startRevision = list.revision;
    for (const follower of this.#followers) follower.seen = list.revision;
  }

  async #writeUntilDeath(session: CrashSession, writer: number): Promise<void> {
    for (;;) {
      const sequence = ++this.#sequence;
      const shared = sequence % 10 === 0;
      const key = shared ? `shared-${sequence % SHARED_KEYS}` : `w${writer}-${sequence % KEYS_PER_WRITER}`;
      const write =
        sequence % 7 === 0 ? this.#remove(session, key) : this.#put(session, key, `${writer}.${sequence}`);
      if ((await write) === 'died') return;
    }
  }

  async #put(session: CrashSession, key: string, id: string): Promise<'answered' | 'died'> {
    const value = newCrashValue(id);
    this.#ledger.attempt(key, value);
    const revision = await session.write(key, value).catch(() => undefined);
    if (revision === undefined) return this.#died();
    this.#ledger.acknowledgeWrite(key, revision, value);
    return 'answered';
  }

  async #remove(session: CrashSession, key: string): Promise<'answered' | 'died'> {
    const outcome = await session.remove(key).catch(() => 'died' as const);
    if (outcome === 'died') return this.#died();
    if (outcome !== undefined) this.#ledger.acknowledgeRemoval(key, outcome);
    return 'answered';
  }

  #died(): 'died' {
    this.report.unanswered++;
    return 'died';
  }

  async #follow(session: CrashSession, follower: Follower): Promise<void> {
    for await (const event of session.watch(follower.seen)) this.#note(follower, event);
  }

  #note(follower: Follower, event: CrashEvent): void {
    assert.ok(event.revision > follower.seen, `revision ${event.revision} was told after ${follower.seen}`);
    this.#ledger.event(event);
    follower.seen = event.revision;
    follower.revisions.add(event.revision);
    if (event.type === 'put') follower.state.set(event.key, event);
    else follower.state.delete(event.key);
  }

  /** At what every watcher has seen: none of them may be shut out. Death may come first. */
  async #compact(session: CrashSession): Promise<void> {
    await delay(randomInt(this.#options.lifeMs.min));
    const seen = Math.min(...this.#followers.map((follower) => follower.seen));
    await session.compact(seen).then(
      () => this.report.compactions++,
      () => {},
    );
  }

  #checkAcknowledged(list: CrashList): void {
    const stored = new Map(list.items.map((item) => [item.key, item]));
    for (const [key, { revision, write }] of this.#ledger.newestAcknowledged()) {
      assert.ok(revision <= list.revision, `revision ${revision} of "${write}" is ahead of the store`);
      const item = stored.get(key);
      // A later attempt without an answer may have replaced or removed it: then the ledger saw or will see its revision.
      if (item === undefined) continue;
      assert.ok(
        item.revision >= revision,
        `"${write}" at ${revision} is lost: ${key} is at ${item.revision}`,
      );
    }
  }

  async #checkFollower(
    session: CrashSession,
    follower: Follower,
    { list, last }: { list: CrashList; last: number },
  ): Promise<void> {
    if (follower.seen < last) {
      for await (const event of session.watch(follower.seen)) {
        this.#note(follower, event);
        if (follower.seen >= last) break;
      }
    }
    for (const revision of this.#ledger.acknowledgedBetween(this.#startRevision!, list.revision)) {
      assert.ok(
        follower.revisions.has(revision),
        `a watcher was never told of acknowledged revision ${revision}`,
      );
    }
    const told = [...follower.state.values()].map(({ key, revision, value }) => ({ key, revision, value }));
    const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
    assert.deepEqual(told.sort(byKey), list.items.toSorted(byKey));
  }
}
