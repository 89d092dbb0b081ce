import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { newSimulatedClock, type SimulatedClock } from '../sim-clock.ts';
import { newSeededRandom } from '../sim-random.ts';
import { DiskError, type DiskErrorCode, SimulatedDisk } from './sim-disk.ts';
import { SECTOR_BYTES } from './torn-write.ts';

const SEEDS = 300;
const FLUSH_MS = 10;

function newDisk(seed = 1, clock: SimulatedClock = newSimulatedClock()): SimulatedDisk {
  return new SimulatedDisk(clock, newSeededRandom(seed));
}

const filled = (value: number, length: number) => new Uint8Array(length).fill(value);
const failsWith = (code: DiskErrorCode) => (error: unknown) =>
  error instanceof DiskError && error.code === code;

/** The whole file as numbers; `undefined` when there is none. */
function content(disk: SimulatedDisk, name: string): number[] | undefined {
  return disk.has(name) ? [...disk.read(name, 0, disk.size(name))] : undefined;
}

describe('SimulatedDisk', () => {
  test('SimulatedDisk reads what was written, appended and cut before any flush', () => {
    const disk = newDisk();
    disk.append('a', [filled(1, 3), filled(2, 2)]);
    disk.write('a', 2, [filled(3, 2)]);
    disk.truncate('a', 4);
    assert.deepEqual(content(disk, 'a'), [1, 1, 3, 3]);
    assert.equal(disk.usedBytes, 4);
    assert.throws(() => disk.read('b', 0, 0), failsWith('ENOENT'));
  });

  test('SimulatedDisk keeps what was flushed, whatever the seed', async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const disk = newDisk(seed);
      disk.append('a', [filled(1, 2000)]);
      await disk.sync('a');
      await disk.syncDirectory();
      disk.append('a', [filled(2, 2000)]);
      disk.crash();
      assert.deepEqual(content(disk, 'a')!.slice(0, 2000), [...filled(1, 2000)]);
    }
  });

  test('crash tears unflushed appends at sectors: none, all, a first part, or with holes', async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const disk = newDisk(seed);
      disk.append('a', [filled(1, 700)]);
      await disk.sync('a');
      await disk.syncDirectory();
      disk.append('a', [filled(2, 3000)]);
      disk.crash();
      seen.add(outcomeOf(content(disk, 'a')!));
    }
    assert.deepEqual([...seen].sort(), ['a first part', 'all', 'holes', 'none']);
  });

  /** Of 700 bytes of 1, flushed, and 3000 of 2, not flushed. */
  function outcomeOf(bytes: number[]): string {
    const appended = bytes.slice(700);
    if (appended.length === 0) return 'none';
    const sectors = sectorsOf(appended, 700);
    for (const sector of sectors) assert.equal(new Set(sector).size, 1, 'a sector is whole or not at all');
    const kept = sectors.map((sector) => sector[0] === 2);
    if (appended.length === 3000 && kept.every(Boolean)) return 'all';
    return kept.every((isKept, i) => isKept || !kept.slice(i).includes(true)) ? 'a first part' : 'holes';
  }

  function sectorsOf(bytes: number[], offset: number): number[][] {
    const sectors: number[][] = [];
    for (let from = 0; from < bytes.length; ) {
      const to = (Math.floor((offset + from) / SECTOR_BYTES) + 1) * SECTOR_BYTES - offset;
      sectors.push(bytes.slice(from, to));
      from = to;
    }
    return sectors;
  }

  test('crash leaves of an overwritten sector the old or the new bytes', async () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 5 * SEEDS; seed++) {
      const disk = newDisk(seed);
      disk.append('a', [filled(1, 4 * SECTOR_BYTES)]);
      await disk.sync('a');
      await disk.syncDirectory();
      disk.write('a', 0, [filled(2, 4 * SECTOR_BYTES)]);
      disk.crash();
      const sectors = sectorsOf(content(disk, 'a')!, 0);
      kinds.add(sectors.map((sector) => [...new Set(sector)].join('+')).join(' '));
    }
    assert.equal(kinds.size, 16, 'every mixture of four sectors');
  });

  test('crash is the same for the same seed', () => {
    const run = (seed: number) => {
      const disk = newDisk(seed);
      for (let i = 0; i < 5; i++) disk.append(`f${i}`, [filled(i + 1, 5000)]);
      disk.crash();
      return disk.list().map((name) => [name, content(disk, name)]);
    };
    for (let seed = 0; seed < 20; seed++) assert.deepEqual(run(seed), run(seed));
  });

  test('crash takes back names from some point on, and a rename as a whole', async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const disk = newDisk(seed);
      disk.append('log', [filled(1, 1)]);
      await disk.sync('log');
      await disk.syncDirectory();
      disk.append('next', [filled(2, 1)]);
      await disk.sync('next');
      disk.rename('next', 'log');
      disk.append('other', []);
      disk.crash();
      outcomes.add(`${disk.list().join(' ')}: ${content(disk, 'log')!.join()}`);
    }
    assert.deepEqual([...outcomes].sort(), ['log next: 1', 'log other: 2', 'log: 1', 'log: 2']);
  });

  test('syncDirectory keeps names and removals', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const disk = newDisk(seed);
      disk.append('a', []);
      disk.append('b', []);
      disk.remove('a');
      await disk.syncDirectory();
      disk.crash();
      assert.deepEqual(disk.list(), ['b']);
    }
  });
});

describe('SimulatedDisk in time', () => {
  test('sync takes as long as syncDelayMs says as it begins', async () => {
    const clock = newSimulatedClock();
    const disk = newDisk(1, clock);
    disk.append('a', [filled(1, 1)]);
    const done: string[] = [];
    disk.syncDelayMs = () => FLUSH_MS;
    void disk.sync('a').then(() => done.push('slow'));
    disk.syncDelayMs = () => 1;
    void disk.sync('a').then(() => done.push('quick'));
    await clock.advance(1);
    assert.deepEqual(done, ['quick']);
    await clock.advance(FLUSH_MS - 1);
    assert.deepEqual(done, ['quick', 'slow']);
  });

  test('sync promises only what was written before it began', async () => {
    let lost = 0;
    for (let seed = 0; seed < 100; seed++) {
      const clock = newSimulatedClock();
      const disk = newDisk(seed, clock);
      disk.append('a', [filled(1, SECTOR_BYTES)]);
      await disk.syncDirectory();
      disk.syncDelayMs = () => FLUSH_MS;
      const flushed = disk.sync('a');
      disk.append('a', [filled(2, SECTOR_BYTES)]);
      await clock.advance(FLUSH_MS);
      await flushed;
      disk.crash();
      const bytes = content(disk, 'a')!;
      assert.deepEqual(bytes.slice(0, SECTOR_BYTES), [...filled(1, SECTOR_BYTES)]);
      if (bytes[SECTOR_BYTES] !== 2) lost++;
    }
    assert.ok(lost > 10 && lost < 90, `${lost} of 100`);
  });

  test('crash leaves a flush under way undecided for ever', async () => {
    const clock = newSimulatedClock();
    const disk = newDisk(1, clock);
    disk.syncDelayMs = () => FLUSH_MS;
    disk.append('a', [filled(1, 1)]);
    let settled = false;
    const settle = () => {
      settled = true;
    };
    disk.sync('a').then(settle, settle);
    disk.syncDirectory().then(settle, settle);
    disk.crash();
    await clock.advance(10 * FLUSH_MS);
    assert.equal(settled, false);
    assert.equal(clock.pendingTimers, 0);
    assert.equal(disk.crashCount, 1);
  });
});

describe('SimulatedDisk with faults', () => {
  test('write stores what fits and fails with ENOSPC until there is room', () => {
    const disk = newDisk();
    disk.capacityBytes = 10;
    disk.append('a', [filled(1, 6)]);
    assert.throws(() => disk.append('b', [filled(2, 3), filled(3, 3)]), failsWith('ENOSPC'));
    assert.deepEqual(content(disk, 'b'), [2, 2, 2, 3]);
    disk.write('a', 0, [filled(4, 6)]);
    disk.remove('b');
    disk.append('a', [filled(5, 4)]);
    assert.deepEqual(content(disk, 'a'), [4, 4, 4, 4, 4, 4, 5, 5, 5, 5]);
    disk.capacityBytes = 0;
    assert.throws(() => disk.append('a', [filled(6, 1)]), failsWith('ENOSPC'));
    assert.equal(disk.usedBytes, 10);
  });

  test('usedBytes is the sum of all sizes, whatever happens', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const verb = fc.constantFrom('append', 'write', 'truncate', 'remove', 'rename', 'fail', 'crash');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(verb, name, name, fc.nat(2000))), async (steps) => {
        const disk = newDisk();
        disk.capacityBytes = 5000;
        for (const [doing, a, b, count] of steps) {
          if (doing === 'crash') disk.crash();
          else if (doing === 'append' || doing === 'write') store(disk, doing, a, count);
          else if (!disk.has(a)) continue;
          else if (doing === 'truncate') disk.truncate(a, Math.min(count, disk.size(a)));
          else if (doing === 'remove') disk.remove(a);
          else if (doing === 'rename' && a !== b) disk.rename(a, b);
          else if (doing === 'fail') await failToSync(disk, a);
          const sizes = disk.list().map((each) => disk.size(each));
          assert.equal(
            disk.usedBytes,
            sizes.reduce((sum, size) => sum + size, 0),
          );
          assert.ok(disk.usedBytes <= disk.capacityBytes);
        }
      }),
    );
  });

  function store(disk: SimulatedDisk, verb: 'append' | 'write', name: string, count: number): void {
    try {
      if (verb === 'append') disk.append(name, [filled(1, count)]);
      else disk.write(name, Math.min(100, disk.has(name) ? disk.size(name) : 0), [filled(2, count)]);
    } catch (error) {
      assert.ok(failsWith('ENOSPC')(error));
    }
  }

  async function failToSync(disk: SimulatedDisk, name: string): Promise<void> {
    disk.failSyncs = true;
    await assert.rejects(disk.sync(name), failsWith('EIO'));
    disk.failSyncs = false;
  }

  test('failSyncs loses some of what was to be flushed at once; a later flush does not bring it back', async () => {
    let lost = 0;
    for (let seed = 0; seed < 100; seed++) {
      const disk = newDisk(seed);
      disk.append('a', [filled(1, 2000)]);
      await disk.syncDirectory();
      await failToSync(disk, 'a');
      const after = content(disk, 'a')!;
      await disk.sync('a');
      disk.crash();
      assert.deepEqual(content(disk, 'a'), after, 'what reads show is what the medium has');
      if (after.filter((byte) => byte === 1).length < 2000) lost++;
    }
    assert.ok(lost > 50 && lost < 100, `${lost} of 100`);
  });

  test('loseSyncs forgets what it called flushed when the power fails', async () => {
    const disk = newDisk();
    disk.append('a', [filled(1, 10)]);
    await disk.sync('a');
    await disk.syncDirectory();
    disk.loseSyncs = true;
    disk.append('a', [filled(2, 10)]);
    await disk.sync('a');
    disk.loseSyncs = false;
    assert.equal(disk.size('a'), 20);
    disk.crash();
    assert.deepEqual(content(disk, 'a'), [...filled(1, 10)]);
  });

  test('flipBit changes one bit, for good', async () => {
    const disk = newDisk();
    const written = filled(0, 600);
    disk.append('a', [written]);
    await disk.sync('a');
    await disk.syncDirectory();
    disk.flipBit('a', 550);
    disk.crash();
    const bytes = content(disk, 'a')!;
    assert.equal([1, 2, 4, 8, 16, 32, 64, 128].includes(bytes[550]!), true);
    assert.equal(bytes.filter((byte) => byte !== 0).length, 1);
    assert.equal(written[550], 0, 'the array of the writer is not touched');
  });

  test('failReads fails reads that touch the range, also under another name, until they heal', () => {
    const disk = newDisk();
    disk.append('a', [filled(1, 100)]);
    disk.failReads('a', 40, 50);
    disk.rename('a', 'b');
    assert.throws(() => disk.read('b', 0, 41), failsWith('EIO'));
    assert.throws(() => disk.read('b', 49, 60), failsWith('EIO'));
    assert.equal(disk.read('b', 0, 40).length + disk.read('b', 50, 100).length, 90);
    disk.healReads('b');
    assert.equal(disk.read('b', 0, 100).length, 100);
  });
});
