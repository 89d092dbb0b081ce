import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deletion, describeJournalContract, put } from '../../store/journal.contract.ts';
import { type Journal, type JournalRecord, JournalUnavailableError } from '../../store/journal.ts';
import { newSimulatedClock } from '../sim-clock.ts';
import { newSeededRandom } from '../sim-random.ts';
import { DiskJournal, JournalDamagedError } from './disk-journal.ts';
import { DiskError, SimulatedDisk } from './sim-disk.ts';

const never = new AbortController().signal;
const LOG = 'journal';
const FLUSH_MS = 10;

function newDisk(seed = 1, clock = newSimulatedClock()): SimulatedDisk {
  return new SimulatedDisk(clock, newSeededRandom(seed));
}

async function opened(disk: SimulatedDisk): Promise<DiskJournal> {
  const journal = new DiskJournal(disk);
  await journal.load(never);
  return journal;
}

async function revisionsOn(disk: SimulatedDisk): Promise<number[]> {
  const { records } = await new DiskJournal(disk).load(never);
  return Array.from(records, ({ revision }) => revision);
}

/** A record whose value is not one sector long. */
function large(revision: number): JournalRecord {
  return put(`/k${revision}`, revision, 0, 'x'.repeat(3000));
}

/** A disk with `count` commits of one large record each, from revision 2 on, and where each of them ends. */
async function filled(count: number): Promise<{ disk: SimulatedDisk; ends: number[] }> {
  const disk = newDisk();
  const journal = await opened(disk);
  const ends: number[] = [];
  for (let revision = 2; revision < count + 2; revision++) {
    await journal.commit({ records: [large(revision)] });
    ends.push(disk.size(LOG));
  }
  await journal.close();
  return { disk, ends };
}

/** Whether `promise` has settled by the end of this turn. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await newSimulatedClock().settle();
  return settled;
}

for (const rewriteAtDeadRecords of [undefined, 1]) {
  const options = rewriteAtDeadRecords === undefined ? {} : { rewriteAtDeadRecords };
  describeJournalContract(
    rewriteAtDeadRecords === undefined ? 'DiskJournal' : 'DiskJournal that rewrites its log at once',
    async () => {
      const disk = newDisk();
      return { open: () => new DiskJournal(disk, options), dispose: async () => {} };
    },
  );
}

describe('DiskJournal in a crash', () => {
  test('DiskJournal answers a commit when its flush is over, not before', async () => {
    const clock = newSimulatedClock();
    const disk = newDisk(1, clock);
    const journal = await opened(disk);
    disk.syncDelayMs = () => FLUSH_MS;
    const commit = journal.commit({ records: [large(2)] });
    await clock.advance(FLUSH_MS - 1);
    assert.equal(await hasSettled(commit), false);
    await clock.advance(1);
    assert.equal(await hasSettled(commit), true);
  });

  test('DiskJournal.crash leaves its calls undecided for ever; the disk has what was written', async () => {
    const clock = newSimulatedClock();
    const disk = newDisk(1, clock);
    const journal = await opened(disk);
    disk.syncDelayMs = () => FLUSH_MS;
    const calls = [journal.commit({ records: [large(2)] }), journal.commit({ records: [large(3)] })];
    await clock.settle();
    journal.crash();
    await clock.advance(10 * FLUSH_MS);
    calls.push(journal.compact(2));
    for (const call of calls) assert.equal(await hasSettled(call), false);
    await journal.close();
    disk.syncDelayMs = () => 0;
    assert.deepEqual(await revisionsOn(disk), [2]);
  });

  test('DiskJournal does nothing more once the power of its disk has failed', async () => {
    const disk = newDisk();
    const journal = await opened(disk);
    await journal.commit({ records: [large(2)] });
    disk.crash();
    const next = await opened(disk);
    const late = journal.commit({ records: [large(3)] });
    await next.commit({ records: [large(4)] });
    assert.equal(await hasSettled(late), false);
    assert.deepEqual(await revisionsOn(disk), [2, 4]);
  });

  test('DiskJournal.load makes durable what a killed process left in the cache', async () => {
    const clock = newSimulatedClock();
    for (let seed = 0; seed < 50; seed++) {
      const disk = newDisk(seed, clock);
      const killed = await opened(disk);
      disk.syncDelayMs = () => FLUSH_MS;
      void killed.commit({ records: [large(2)] });
      await clock.settle();
      killed.crash();
      disk.syncDelayMs = () => 0;
      assert.deepEqual(await revisionsOn(disk), [2]);
      disk.crash();
      assert.deepEqual(await revisionsOn(disk), [2], 'what somebody has read is not taken back');
    }
  });

  test('DiskJournal cuts a torn tail for good', async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 100; seed++) {
      const disk = newDisk(seed);
      const journal = await opened(disk);
      await journal.commit({ records: [large(2)] });
      const whole = disk.size(LOG);
      disk.syncDelayMs = () => FLUSH_MS;
      void journal.commit({ records: [large(3)] });
      await newSimulatedClock().settle();
      disk.crash();
      disk.syncDelayMs = () => 0;
      const torn = disk.size(LOG) > whole;
      const revisions = await revisionsOn(disk);
      outcomes.add(`${torn ? 'something' : 'nothing'} left, ${revisions.length} whole`);
      if (revisions.length === 1) assert.equal(disk.size(LOG), whole);
      disk.crash();
      assert.deepEqual(await revisionsOn(disk), revisions);
    }
    assert.deepEqual([...outcomes].sort(), [
      'nothing left, 1 whole',
      'something left, 1 whole',
      'something left, 2 whole',
    ]);
  });

  test('DiskJournal never completes a torn batch with sectors of the next one', async () => {
    const resurrected: number[] = [];
    for (let seed = 0; seed < 6000; seed++) {
      const disk = newDisk(seed);
      const before = await openedAndTorn(disk, 'first');
      const between = await openedAndTorn(disk, 'other');
      const after = await openedAndTorn(disk, 'third');
      if (before + between === '' && after === 'first') resurrected.push(seed);
    }
    assert.deepEqual(resurrected, []);
  });

  /** Opens the log, then loses power while a batch is written whose last value is `name`; the last name that it found. */
  async function openedAndTorn(disk: SimulatedDisk, name: string): Promise<string> {
    disk.syncDelayMs = () => 0;
    const journal = new DiskJournal(disk);
    const { records } = await journal.load(never);
    const last = [...records].at(-1);
    disk.syncDelayMs = () => FLUSH_MS;
    const revision = last === undefined ? 2 : last.revision + 1;
    // The long value is the same in each batch, the short one tells them apart.
    const long = put('/a', revision, 0, 'x'.repeat(1500));
    void journal.commit({ records: [long, put('/b', revision + 1, 0, name)] });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    disk.crash();
    return last === undefined ? '' : JSON.parse(new TextDecoder().decode(last.value)).metadata.name;
  }
});

describe('DiskJournal on a full disk', () => {
  test('DiskJournal writes nothing of a batch that does not fit, and writes again when there is room', async () => {
    const disk = newDisk();
    const journal = await opened(disk);
    await journal.commit({ records: [large(2)] });
    const before = disk.size(LOG);
    disk.capacityBytes = disk.usedBytes + 1000;
    await assert.rejects(journal.commit({ records: [large(3)] }), JournalUnavailableError);
    assert.equal(disk.size(LOG), before);
    await journal.commit({ records: [put('/small', 4, 0)] });
    disk.capacityBytes = 0;
    await assert.rejects(journal.compact(2), JournalUnavailableError);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await journal.commit({ records: [large(5)] });
    await journal.close();
    disk.crash();
    assert.deepEqual(await revisionsOn(disk), [2, 4, 5]);
  });

  test('DiskJournal keeps its log when there is no room for a new one', async () => {
    const disk = newDisk();
    const journal = new DiskJournal(disk, { rewriteAtDeadRecords: 1 });
    await journal.load(never);
    const records = [large(2), { ...large(3), previousRevision: 2 }, { ...large(4), previousRevision: 3 }];
    await journal.commit({ records });
    disk.capacityBytes = disk.usedBytes + 1000;
    await assert.rejects(journal.compact(4), JournalUnavailableError);
    assert.deepEqual(disk.list(), [LOG]);
    await journal.commit({ records: [put('/small', 5, 0)] });
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    const before = disk.usedBytes;
    await journal.compact(4);
    assert.ok(disk.usedBytes < before - 6000);
    assert.deepEqual(await revisionsOn(disk), [4, 5]);
  });

  test('DiskJournal that finds no room for its first file stays unusable', async () => {
    const disk = newDisk();
    disk.capacityBytes = 10;
    const journal = new DiskJournal(disk);
    await assert.rejects(journal.load(never), JournalUnavailableError);
    await assert.rejects(journal.commit({ records: [large(2)] }), /the journal is broken/);
    assert.deepEqual(disk.list(), []);
  });
});

describe('DiskJournal on a failing disk', () => {
  test('DiskJournal takes nothing any more once a flush has failed', async () => {
    const disk = newDisk();
    const journal = await opened(disk);
    await journal.commit({ records: [large(2)] });
    disk.failSyncs = true;
    const failures = [journal.commit({ records: [large(3)] }), journal.commit({ records: [large(4)] })];
    for (const failure of failures) {
      await assert.rejects(failure, (error) => !(error instanceof JournalUnavailableError));
    }
    disk.failSyncs = false;
    await assert.rejects(journal.commit({ records: [large(5)] }), { code: 'EIO' });
    await journal.close();
    const revisions = await revisionsOn(disk);
    assert.deepEqual(revisions.slice(0, 1), [2]);
    assert.ok(revisions.length === 1 || (revisions.length === 2 && revisions[1] === 3));
  });

  test('DiskJournal refuses damage before its end and says where', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const { disk, ends } = await filled(4);
      const offset = Math.floor(newSeededRandom(seed).next() * ends[2]!);
      disk.flipBit(LOG, offset);
      const frame = ends.findIndex((end) => offset < end);
      const journal: Journal = new DiskJournal(disk);
      await assert.rejects(journal.load(never), (error) => {
        assert.ok(error instanceof JournalDamagedError);
        const named = Number(/damaged at byte (\d+)/.exec(error.message)?.[1]);
        assert.ok(named <= offset && offset < ends[frame]!, `${error.message}, not ${offset}`);
        return true;
      });
    }
  });

  test('DiskJournal takes damage in the last batch for a torn tail, as it must', async () => {
    const { disk, ends } = await filled(4);
    disk.flipBit(LOG, ends[2]! + 100);
    assert.deepEqual(await revisionsOn(disk), [2, 3, 4]);
  });

  test('DiskJournal says that it cannot read, and reads when it can', async () => {
    const { disk, ends } = await filled(4);
    disk.failReads(LOG, ends[1]! + 50, ends[1]! + 60);
    await assert.rejects(
      new DiskJournal(disk).load(never),
      (error) => error instanceof DiskError && error.code === 'EIO',
    );
    disk.healReads(LOG);
    assert.deepEqual(await revisionsOn(disk), [2, 3, 4, 5]);
  });

  test('DiskJournal loses what a lying disk lost: silently at the end, refused in the middle', async () => {
    const disk = newDisk();
    const journal = await opened(disk);
    await journal.commit({ records: [large(2)] });
    disk.loseSyncs = true;
    await journal.commit({ records: [large(3)] });
    const trusting = disk.size(LOG);
    disk.crash();
    assert.deepEqual(await revisionsOn(disk), [2]);
    assert.ok(disk.size(LOG) < trusting);

    const next = await opened(disk);
    await next.commit({ records: [large(4)] });
    disk.loseSyncs = false;
    await next.commit({ records: [large(5)] });
    disk.crash();
    await assert.rejects(revisionsOn(disk), JournalDamagedError);
  });
});

test('DiskJournal writes its log anew when half of it is dead', async () => {
  const disk = newDisk();
  const journal = new DiskJournal(disk, { rewriteAtDeadRecords: 10 });
  await journal.load(never);
  const sizes: number[] = [];
  let revision = 1;
  for (let round = 0; round < 30; round++) {
    const records = [1, 2, 3].map(() => {
      revision++;
      return { ...large(revision), key: '/a', previousRevision: revision === 2 ? 0 : revision - 1 };
    });
    await journal.commit({ records });
    await journal.compact(revision);
    sizes.push(disk.usedBytes);
  }
  assert.ok(Math.max(...sizes) < 15 * 3100, `the log grows: ${sizes.join(', ')}`);
  assert.deepEqual(await revisionsOn(disk), [revision]);
});

test('DiskJournal keeps no copy of a value', async () => {
  const disk = newDisk();
  const journal = await opened(disk);
  const record = large(2);
  await journal.commit({ records: [record, deletion('/b', 3, 0)] });
  journal.crash();
  const { records } = await new DiskJournal(disk).load(never);
  assert.equal([...records][0]!.value, record.value);
});
