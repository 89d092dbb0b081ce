/**
 * The store against a model that could not be simpler: the list of all writes that were acknowledged. Random writes, full
 * disks, crashes, compactions, lists and watches; after each step both must say the same.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newMemoryDisk } from './memory-journal.ts';
import { type Fixture, newFixture, object, reasonOf } from './store.fixture.ts';
import type {
  Change,
  ListResult,
  ObjectIndex,
  Scope,
  StoreEvent,
  StoreWatch,
  TransactResult,
} from './store.ts';

const KEYS = ['/p/a', '/p/b', '/p/b/c', '/p/b/d', '/q/a', '/q/b'];
const GROUPS = ['red', 'blue', ''];
const BY_GROUP: ObjectIndex = { prefix: '/p/', valueOf: (value) => String(value['group']) };
const SCOPES: Scope[] = [
  { prefix: '/' },
  { prefix: '/p/' },
  { prefix: '/p/b' },
  { prefix: '/q/a' },
  { prefix: '/none/' },
  { prefix: '/p/b/' },
  { prefix: '/p/b', exact: true },
  { prefix: '/p/', exact: true },
  { prefix: '/p/', indexed: { index: BY_GROUP, value: 'red' } },
  { prefix: '/p/', indexed: { index: BY_GROUP, value: '' } },
  { prefix: '/p/b', indexed: { index: BY_GROUP, value: 'blue' } },
];

type Write = { key: string; verb: 'put' | 'delete' | 'keep'; group: string };
type Step =
  | { do: 'write' | 'lose' | 'crash'; writes: Write[] }
  | { do: 'compact' | 'list'; fraction: number }
  | { do: 'watch'; scope: Scope; fraction: number }
  | { do: 'reconnect'; watcher: number };

/** One acknowledged write; `serial` tells values apart. */
interface Entry {
  key: string;
  revision: number;
  serial: number;
  group: string;
  deleted: boolean;
}

function isInScope({ prefix, exact, indexed }: Scope, { key, group }: Pick<Entry, 'key' | 'group'>): boolean {
  if (exact ? key !== prefix : !key.startsWith(prefix)) return false;
  return indexed === undefined || group === indexed.value;
}

interface ModelWatcher {
  scope: Scope;
  watch: StoreWatch;
  /** The revision it has seen everything up to. */
  seen: number;
}

const write = fc.record<Write>({
  key: fc.constantFrom(...KEYS),
  verb: fc.constantFrom('put', 'put', 'put', 'delete', 'keep'),
  group: fc.constantFrom(...GROUPS),
});
const writes = fc.array(write, { minLength: 1, maxLength: 8 });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), writes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lose' as const, 'crash' as const), writes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('compact' as const, 'list' as const), fraction }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('watch' as const),
      scope: fc.constantFrom(...SCOPES),
      fraction,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconnect' as const), watcher: fc.nat(9) }) },
);

class Comparison {
  #fixture: Fixture;
  #entries: Entry[] = [];
  #watchers: ModelWatcher[] = [];
  #serial = 0;
  /** No revision may be at or below one that somebody has seen. */
  #newestSeen = 1;

  constructor(fixture: Fixture) {
    this.#fixture = fixture;
  }

  async do(next: Step): Promise<void> {
    switch (next.do) {
      case 'write':
        await this.#write(next.writes);
        break;
      case 'lose':
        await this.#lose(next.writes);
        break;
      case 'crash':
        await this.#crash(next.writes);
        break;
      case 'compact':
        await this.#fixture.store.compact(this.#revisionAt(next.fraction));
        break;
      case 'list':
        this.#checkList(this.#revisionAt(next.fraction));
        break;
      case 'watch':
        this.#openWatch(next.scope, this.#revisionAt(next.fraction));
        break;
      case 'reconnect':
        this.#reconnect(next.watcher);
    }
    this.#checkList(this.#fixture.store.revision);
    for (const watcher of this.#watchers) await this.#checkWatch(watcher);
  }

  async #write(wanted: Write[]): Promise<void> {
    const results = await Promise.all(wanted.map((each) => this.#attempt(each)));
    const changed = results.filter(({ result }) => result.changed);
    // Acknowledged in any order, but decided and numbered in the order of the calls.
    for (const { write: made, result, serial } of changed) {
      const revision = result.object!.revision;
      assert.ok(revision > this.#newestSeen, `revision ${revision} was seen before`);
      this.#newestSeen = revision;
      const { key, verb, group } = made;
      this.#entries.push({ key, revision, serial, group, deleted: verb === 'delete' });
    }
  }

  async #attempt(made: Write): Promise<{ write: Write; result: TransactResult; serial: number }> {
    const serial = ++this.#serial;
    const changes: Record<Write['verb'], Change> = {
      put: { put: object(made.key, { serial, group: made.group }) },
      delete: { delete: true, final: object(made.key, { serial, group: made.group }) },
      keep: { keep: true },
    };
    const result = await this.#fixture.store.transact(made.key, () => changes[made.verb]);
    return { write: made, result, serial };
  }

  /** The disk is full for a moment: whatever changes something is refused. */
  async #lose(wanted: Write[]): Promise<void> {
    this.#fixture.journal.becomeUnavailable();
    const reasons = await Promise.all(wanted.map((each) => reasonOf(this.#attempt(each))));
    this.#fixture.journal.recover();
    assert.ok(reasons.every((reason) => reason === undefined || reason === 'ServiceUnavailable'));
  }

  /** The process dies with writes in flight; none was acknowledged and none was written. */
  async #crash(wanted: Write[]): Promise<void> {
    this.#fixture.journal.hold();
    for (const each of wanted) void this.#attempt(each);
    this.#fixture = await this.#fixture.reopen();
    this.#watchers = this.#watchers.map(({ scope, seen }) => this.#newWatcher(scope, seen));
    this.#watchers = this.#watchers.filter(({ seen }) => seen >= this.#fixture.store.compactedRevision);
  }

  #revisionAt(where: number): number {
    const { compactedRevision, revision } = this.#fixture.store;
    return compactedRevision + Math.round(where * (revision - compactedRevision));
  }

  #openWatch(scope: Scope, afterRevision: number): void {
    if (this.#watchers.length < 10) this.#watchers.push(this.#newWatcher(scope, afterRevision));
  }

  #reconnect(which: number): void {
    const watcher = this.#watchers[which];
    if (watcher === undefined || watcher.seen < this.#fixture.store.compactedRevision) return;
    this.#watchers[which] = this.#newWatcher(watcher.scope, watcher.seen);
  }

  #newWatcher(scope: Scope, seen: number): ModelWatcher {
    return { scope, seen, watch: this.#fixture.store.watch(scope, seen, new AbortController().signal) };
  }

  #checkList(revision: number): void {
    for (const scope of SCOPES) {
      const state = new Map<string, Entry>();
      for (const entry of this.#entries) if (entry.revision <= revision) state.set(entry.key, entry);
      const expected = [...state.values()]
        .filter((entry) => !entry.deleted && isInScope(scope, entry))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ key, revision: written, serial }) => ({ key, written, serial }));
      assert.deepEqual(this.#listPaged(scope, revision), expected);
    }
    for (const key of KEYS) {
      const newest = this.#entries.findLast((entry) => entry.key === key);
      const expected = newest?.deleted === true ? undefined : newest?.serial;
      assert.equal(this.#fixture.store.get(key)?.value['serial'], expected);
    }
  }

  #listPaged(scope: Scope, revision: number): object[] {
    const objects: ListResult['objects'] = [];
    let afterKey: string | undefined;
    do {
      const range = { ...scope, revision, limit: 2, ...(afterKey === undefined ? {} : { afterKey }) };
      const page = this.#fixture.store.list(range);
      objects.push(...page.objects);
      afterKey = page.continueAfterKey;
    } while (afterKey !== undefined);
    return objects.map((each) => ({ key: each.key, written: each.revision, serial: each.value['serial'] }));
  }

  async #checkWatch(watcher: ModelWatcher): Promise<void> {
    const { store } = this.#fixture;
    const iterator = watcher.watch[Symbol.asyncIterator]();
    const events: StoreEvent[] = [];
    while (watcher.watch.deliveredRevision < store.revision) events.push(...(await iterator.next()).value!);
    const expected = this.#entries
      .filter((entry) => entry.revision > watcher.seen && this.#concerns(watcher.scope, entry))
      .map(({ key, revision, serial, deleted }) => ({ key, revision, serial, deleted }));
    assert.deepEqual(
      events.map(({ type, key, revision, object: { value } }) => {
        return { key, revision, serial: value['serial'], deleted: type === 'delete' };
      }),
      expected,
    );
    watcher.seen = store.revision;
  }

  /** What is in the scope, and what replaced or deleted something that was. */
  #concerns(scope: Scope, entry: Entry): boolean {
    if (isInScope(scope, entry)) return true;
    const before = this.#entries.findLast(
      ({ key, revision }) => key === entry.key && revision < entry.revision,
    );
    return before !== undefined && !before.deleted && isInScope(scope, before);
  }
}

test('the store says the same as a list of acknowledged writes, through full disks and crashes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, keepsRecords) => {
      const disk = newMemoryDisk({ keepsRecords });
      const comparison = new Comparison(await newFixture({ disk, limits: { commitMaxRecords: 3 } }));
      for (const next of steps) await comparison.do(next);
    }),
    { numRuns: 200 },
  );
});
