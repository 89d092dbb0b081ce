/**
 * The journal against everything that can end a process: at each step of each call, by kill -9 or by power failure, with
 * full disks and failing flushes in between. The model is the list of what was acknowledged. Of the one batch whose outcome
 * nobody knows, a restart decides; what it decided stays.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type JournalRecord, JournalUnavailableError } from '../../store/journal.ts';
import { newSimulatedClock } from '../sim-clock.ts';
import { newSeededRandom } from '../sim-random.ts';
import { DiskJournal } from './disk-journal.ts';
import { SimulatedDisk } from './sim-disk.ts';

const never = new AbortController().signal;
const KEYS = ['/a', '/b', '/c', '/d'];

/** A disk that says before each step of a program what it is about to do. */
class SteppedDisk extends SimulatedDisk {
  onStep: () => void = () => {};

  override write(name: string, offset: number, pieces: readonly Uint8Array[]): void {
    this.onStep();
    super.write(name, offset, pieces);
  }
  override truncate(name: string, length: number): void {
    this.onStep();
    super.truncate(name, length);
  }
  override sync(name: string): Promise<void> {
    this.onStep();
    return super.sync(name);
  }
  override remove(name: string): void {
    this.onStep();
    super.remove(name);
  }
  override rename(from: string, to: string): void {
    this.onStep();
    super.rename(from, to);
  }
  override syncDirectory(): Promise<void> {
    this.onStep();
    return super.syncDirectory();
  }
}

type End = 'kill' | 'power';
/** The end comes before the step of that number, or after the call when it has fewer. */
type Interruption = { how: End; beforeStep: number };
type Write = { key: string; valueBytes: number; deleted: boolean };
type Step =
  | { do: 'commit'; writes: Write[]; end: Interruption | undefined }
  | { do: 'compact'; fraction: number; end: Interruption | undefined }
  | { do: 'fill'; writes: Write[]; roomBytes: number }
  | { do: 'fail'; writes: Write[]; how: End }
  | { do: 'restart'; ends: Interruption[] };

const how = fc.constantFrom<End>('kill', 'power');
const interruption = fc.record({ how, beforeStep: fc.nat(6) });
const end = fc.option(interruption, { nil: undefined });
const write = fc.record<Write>({
  key: fc.constantFrom(...KEYS),
  valueBytes: fc.oneof(fc.nat(20), fc.nat(4000)),
  deleted: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
});
const writes = fc.array(write, { minLength: 1, maxLength: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('commit' as const), writes, end }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('compact' as const),
      fraction: fc.double({ min: 0, max: 1, noNaN: true }),
      end,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fill' as const), writes, roomBytes: fc.nat(6000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), writes, how }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('restart' as const),
      ends: fc.array(interruption, { maxLength: 3 }),
    }),
  },
);

class Comparison {
  readonly disk: SteppedDisk;
  #journal: DiskJournal;
  /** All that was acknowledged or read after a restart, in order. */
  #acknowledged: JournalRecord[] = [];
  #undecided: JournalRecord[] = [];
  #compactedRevision = 0;
  #attemptedCompaction = 0;
  #assigned = 1;

  constructor(seed: number) {
    this.disk = new SteppedDisk(newSimulatedClock(), newSeededRandom(seed));
    this.#journal = this.#newJournal();
  }

  async do(next: Step): Promise<void> {
    switch (next.do) {
      case 'commit': {
        const records = this.#newRecords(next.writes);
        this.#undecided = records;
        const call = () => this.#journal.commit({ records });
        if (await this.#interrupted(call, next.end)) await this.restart();
        else this.#acknowledge();
        break;
      }
      case 'compact':
        await this.#compact(next.fraction, next.end);
        break;
      case 'fill':
        await this.#fill(next.writes, next.roomBytes);
        break;
      case 'fail':
        await this.#fail(next.writes, next.how);
        break;
      case 'restart':
        this.#end('kill');
        await this.restart(next.ends);
    }
  }

  /** Opens the journal anew, which is itself cut short by each of `ends`, and looks at what is there. */
  async restart(ends: readonly Interruption[] = []): Promise<void> {
    this.#journal = this.#newJournal();
    for (const each of ends) {
      await this.#interrupted(() => this.#journal.load(never), each);
      this.#end(each.how);
      this.#journal = this.#newJournal();
    }
    const { revision, compactedRevision, records } = await this.#journal.load(never);
    const attempted = Math.max(this.#compactedRevision, this.#attemptedCompaction);
    assert.ok(
      [this.#compactedRevision, attempted].includes(compactedRevision),
      `compacted at ${compactedRevision}`,
    );
    const undecided = this.#undecided.at(-1)?.revision;
    if (revision === undecided) this.#acknowledge();
    assert.equal(revision, this.#acknowledged.at(-1)?.revision ?? 0);
    this.#undecided = [];
    this.#compactedRevision = compactedRevision;
    this.#attemptedCompaction = 0;
    this.#assigned = Math.max(this.#assigned, revision);
    assert.deepEqual(described(records), described(living(this.#acknowledged, compactedRevision)));
  }

  async #compact(fraction: number, interruption: Interruption | undefined): Promise<void> {
    const revision = Math.floor(fraction * (this.#acknowledged.at(-1)?.revision ?? 0));
    this.#attemptedCompaction = revision;
    if (await this.#interrupted(() => this.#journal.compact(revision), interruption)) await this.restart();
    this.#compactedRevision = Math.max(this.#compactedRevision, this.#attemptedCompaction);
  }

  async #fill(wanted: Write[], roomBytes: number): Promise<void> {
    const records = this.#newRecords(wanted);
    this.disk.capacityBytes = this.disk.usedBytes + roomBytes;
    const outcome = await this.#journal.commit({ records }).then(
      () => undefined,
      (error: unknown) => error,
    );
    this.disk.capacityBytes = Number.POSITIVE_INFINITY;
    if (outcome === undefined) this.#acknowledged.push(...records);
    else assert.ok(outcome instanceof JournalUnavailableError);
  }

  async #fail(wanted: Write[], how: End): Promise<void> {
    const records = this.#newRecords(wanted);
    this.#undecided = records;
    this.disk.failSyncs = true;
    await assert.rejects(this.#journal.commit({ records }), { name: 'DiskError' });
    this.disk.failSyncs = false;
    this.#end(how);
    await this.restart();
  }

  #newJournal(): DiskJournal {
    return new DiskJournal(this.disk, { rewriteAtDeadRecords: 2 });
  }

  #end(how: End): void {
    if (how === 'power') this.disk.crash();
    this.#journal.crash();
  }

  #acknowledge(): void {
    this.#acknowledged.push(...this.#undecided);
    this.#undecided = [];
  }

  /** Whether the end came during `call`; else it has resolved. */
  async #interrupted(call: () => Promise<unknown>, interruption: Interruption | undefined): Promise<boolean> {
    if (interruption === undefined) {
      await call();
      return false;
    }
    const ended = Promise.withResolvers<true>();
    let left = interruption.beforeStep;
    this.disk.onStep = () => {
      if (left-- > 0) return;
      this.disk.onStep = () => {};
      this.#end(interruption.how);
      ended.resolve(true);
      throw new Error('a process that is gone does nothing');
    };
    const wasEnded = await Promise.race([ended.promise, call().then(() => false)]);
    this.disk.onStep = () => {};
    return wasEnded;
  }

  #newRecords(wanted: readonly Write[]): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (const { key, valueBytes, deleted } of wanted) {
      const revision = ++this.#assigned;
      const before = [...this.#acknowledged, ...records].findLast((record) => record.key === key);
      const value = new Uint8Array(valueBytes).fill(revision);
      const previousRevision = before?.revision ?? 0;
      records.push({ key, revision, createRevision: revision, previousRevision, value, deleted });
    }
    return records;
  }
}

/** By key, unlike the journal, which knows no keys: the newest at or before `horizon`, unless deleted, and all after it. */
function living(all: readonly JournalRecord[], horizon: number): JournalRecord[] {
  const heads = new Map<string, JournalRecord>();
  for (const record of all) if (record.revision <= horizon) heads.set(record.key, record);
  return all.filter(
    (record) => record.revision > horizon || (heads.get(record.key) === record && !record.deleted),
  );
}

function described(records: Iterable<JournalRecord>): unknown[] {
  return Array.from(records, ({ value, ...rest }) => ({ ...rest, value: [...value].join() }));
}

test('DiskJournal loses nothing acknowledged and keeps nothing half, however its processes end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(step, { maxLength: 25 }), async (seed, steps) => {
      const comparison = new Comparison(seed);
      await comparison.restart();
      for (const next of steps) await comparison.do(next);
      comparison.disk.crash();
      await comparison.restart();
    }),
    { numRuns: 400 },
  );
});

test('DiskJournal survives the end before each step of each call', async () => {
  const two: Write[] = [
    { key: '/a', valueBytes: 1500, deleted: false },
    { key: '/b', valueBytes: 0, deleted: false },
  ];
  const before: Step = { do: 'commit', writes: [...two, ...two, ...two], end: undefined };
  for (let seed = 0; seed < 30; seed++) {
    for (const how of ['kill', 'power'] as const) {
      for (let beforeStep = 0; beforeStep < 10; beforeStep++) {
        const end = { how, beforeStep };
        const calls: Step[] = [
          { do: 'commit', writes: two, end },
          { do: 'compact', fraction: 1, end },
          { do: 'restart', ends: [end, end] },
        ];
        for (const call of calls) {
          const comparison = new Comparison(seed);
          await comparison.restart([end]);
          await comparison.do(before);
          await comparison.do(call);
          await comparison.do(before);
          comparison.disk.crash();
          await comparison.restart();
        }
      }
    }
  }
});
