/**
 * A disk in virtual time: files of bytes under names in one directory, with a page cache, and everything that goes wrong
 * with disks. Two things end a program, and they differ:
 *
 *     kill -9        the disk does not notice: what was written stays readable, and a flush under way completes
 *     power failure  `crash()`: unflushed writes are torn (torn-write.ts), unflushed names go back, calls never settle
 *
 *     write, truncate --> view (the page cache: what reads see) --sync--> media (what survives)
 *     create, rename, remove --> names ------------------syncDirectory--> durable names
 *
 * Writes take no time, flushes take `syncDelayMs`. What may survive and why: docs/decisions/simulated-disk.md.
 * Invariant: without faults, what was written before a `sync` began survives once it resolved, however the power fails.
 */
import { assert } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { ByteRope, sizeOf } from './byte-rope.ts';
import { applyChange, applyTorn, type FileChange } from './torn-write.ts';

/** `ENOENT` no such file; `ENOSPC` no space left; `EIO` the device failed. */
export type DiskErrorCode = 'ENOENT' | 'ENOSPC' | 'EIO';

/** What the disk answers instead of doing what was asked. */
export class DiskError extends Error {
  override name = 'DiskError';
  readonly code: DiskErrorCode;

  constructor(code: DiskErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

interface DiskFile {
  view: ByteRope;
  media: ByteRope;
  /** What makes `view` of `media`, in order. */
  unsynced: FileChange[];
  /** Changes that left `unsynced` so far: a flush knows by it how far it reaches. */
  syncedCount: number;
  unreadable: { from: number; to: number }[];
}

/** Names that change at once; `undefined` where one is removed. */
type NameChange = readonly (readonly [name: string, file: DiskFile | undefined])[];

export class SimulatedDisk {
  // Faults; each may change at any time.

  /** How long a flush takes; asked as each begins. */
  syncDelayMs: () => number = () => 0;
  /** Flushes fail with EIO. What was to be flushed is torn as by a power failure, and what is lost is gone at once. */
  failSyncs = false;
  /** Flushes succeed and do nothing: the writes never reach the medium. No log survives such a disk. */
  loseSyncs = false;
  /** Past this, a write stores what fits and fails with ENOSPC. 0 fills the disk at once, `Infinity` makes room. */
  capacityBytes = Number.POSITIVE_INFINITY;

  readonly #clock: Clock;
  readonly #random: Random;
  #names = new Map<string, DiskFile>();
  #durableNames = new Map<string, DiskFile>();
  #unsyncedNames: NameChange[] = [];
  readonly #syncs = new Set<Timer>();
  #usedBytes = 0;
  #crashCount = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Power failures so far; a program that was running when it grew is gone. */
  get crashCount(): number {
    return this.#crashCount;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The power fails and is back: only what the media hold is left. Flushes under way never settle. */
  crash(): void {
    this.#crashCount++;
    for (const timer of this.#syncs) timer.cancel();
    this.#syncs.clear();
    const kept = Math.floor(this.#random.next() * (this.#unsyncedNames.length + 1));
    for (const change of this.#unsyncedNames.slice(0, kept)) applyNames(this.#durableNames, change);
    this.#unsyncedNames = [];
    this.#names = new Map(this.#durableNames);
    this.#usedBytes = 0;
    for (const file of this.#names.values()) {
      applyTorn(file.media, file.unsynced, this.#random);
      file.syncedCount += file.unsynced.length;
      file.unsynced = [];
      file.view = file.media.clone();
      this.#usedBytes += file.view.length;
    }
  }

  /** Changes one bit of the byte at `offset`, on the medium and in the cache, as ageing media do. */
  flipBit(name: string, offset: number): void {
    const file = this.#file(name);
    const mask = 1 << Math.floor(this.#random.next() * 8);
    for (const content of [file.view, file.media]) {
      if (offset < content.length) {
        content.write(offset, [new Uint8Array([content.read(offset, offset + 1)[0]! ^ mask])]);
      }
    }
  }

  /** Reads of any byte from `from` up to `to` fail with EIO, until {@link healReads}; the range stays with the file. */
  failReads(name: string, from: number, to: number): void {
    this.#file(name).unreadable.push({ from, to });
  }

  healReads(name: string): void {
    this.#file(name).unreadable = [];
  }

  // Files. The pieces that are written are kept, not copied: they must never change.

  list(): string[] {
    return [...this.#names.keys()].sort();
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  size(name: string): number {
    return this.#file(name).view.length;
  }

  read(name: string, from: number, to: number): Uint8Array {
    const file = this.#file(name);
    const bad = file.unreadable.find((range) => range.from < to && from < range.to);
    if (bad !== undefined)
      throw new DiskError('EIO', `${name} cannot be read at ${Math.max(from, bad.from)}`);
    return file.view.read(from, to);
  }

  append(name: string, pieces: readonly Uint8Array[]): void {
    this.write(name, this.#names.get(name)?.view.length ?? 0, pieces);
  }

  /** Creates the file when there is none. */
  write(name: string, offset: number, pieces: readonly Uint8Array[]): void {
    const file = this.#names.get(name) ?? this.#create(name);
    const growth = offset + sizeOf(pieces) - file.view.length;
    const room = Math.max(0, this.capacityBytes - this.#usedBytes);
    if (growth > room) {
      const fitting = Math.max(0, file.view.length + room - offset);
      if (fitting > 0) this.#change(file, { kind: 'write', offset, pieces: firstBytes(pieces, fitting) });
      throw new DiskError('ENOSPC', `no space left for ${growth} more bytes of ${name}`);
    }
    this.#change(file, { kind: 'write', offset, pieces });
  }

  /** Cuts the file to `length`, which is not more than it has. */
  truncate(name: string, length: number): void {
    const file = this.#file(name);
    assert(length <= file.view.length, `${name} has ${file.view.length} bytes, not ${length}`);
    this.#change(file, { kind: 'truncate', length });
  }

  /** Resolves when all that was written to the file so far survives a power failure; not its name. */
  sync(name: string): Promise<void> {
    const file = this.#file(name);
    const target = file.syncedCount + file.unsynced.length;
    return this.#afterDelay(() => this.#flush(name, file, target));
  }

  // The directory.

  remove(name: string): void {
    this.#usedBytes -= this.#file(name).view.length;
    this.#changeNames([[name, undefined]]);
  }

  /** Replaces what has the name `to`, at once or, when the power fails, not at all. */
  rename(from: string, to: string): void {
    const file = this.#file(from);
    this.#usedBytes -= this.#names.get(to)?.view.length ?? 0;
    this.#changeNames([
      [from, undefined],
      [to, file],
    ]);
  }

  /** Resolves when the names as they are now survive a power failure. */
  syncDirectory(): Promise<void> {
    const changes = this.#unsyncedNames.slice();
    return this.#afterDelay(() => this.#flushNames(changes));
  }

  #file(name: string): DiskFile {
    const file = this.#names.get(name);
    if (file === undefined) throw new DiskError('ENOENT', `there is no file ${name}`);
    return file;
  }

  #create(name: string): DiskFile {
    const file = {
      view: new ByteRope(),
      media: new ByteRope(),
      unsynced: [],
      syncedCount: 0,
      unreadable: [],
    };
    this.#changeNames([[name, file]]);
    return file;
  }

  #change(file: DiskFile, change: FileChange): void {
    this.#usedBytes -= file.view.length;
    applyChange(file.view, change);
    file.unsynced.push(change);
    this.#usedBytes += file.view.length;
  }

  #changeNames(change: NameChange): void {
    applyNames(this.#names, change);
    this.#unsyncedNames.push(change);
  }

  #flush(name: string, file: DiskFile, target: number): DiskError | undefined {
    const changes = file.unsynced.splice(0, Math.max(0, target - file.syncedCount));
    file.syncedCount += changes.length;
    if (this.failSyncs) {
      applyTorn(file.media, changes, this.#random);
      this.#dropCache(name, file);
      return new DiskError('EIO', `${name} could not be flushed`);
    }
    if (!this.loseSyncs) for (const change of changes) applyChange(file.media, change);
    return undefined;
  }

  /** Reads see the medium again, with what was written since the flush began. */
  #dropCache(name: string, file: DiskFile): void {
    const before = file.view.length;
    file.view = file.media.clone();
    for (const change of file.unsynced) applyChange(file.view, change);
    if (this.#names.get(name) === file) this.#usedBytes += file.view.length - before;
  }

  #flushNames(changes: readonly NameChange[]): DiskError | undefined {
    if (this.failSyncs) return new DiskError('EIO', 'the directory could not be flushed');
    for (const change of changes) {
      // A flush that began earlier has done it already.
      if (this.#unsyncedNames[0] !== change) continue;
      this.#unsyncedNames.shift();
      if (!this.loseSyncs) applyNames(this.#durableNames, change);
    }
    return undefined;
  }

  #afterDelay(effect: () => DiskError | undefined): Promise<void> {
    const delayMs = this.syncDelayMs();
    if (delayMs === 0) return outcomeOf(effect());
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(delayMs, () => {
        this.#syncs.delete(timer);
        resolve(outcomeOf(effect()));
      });
      this.#syncs.add(timer);
    });
  }
}

function outcomeOf(error: DiskError | undefined): Promise<void> {
  return error === undefined ? Promise.resolve() : Promise.reject(error);
}

function applyNames(names: Map<string, DiskFile>, change: NameChange): void {
  for (const [name, file] of change) {
    if (file === undefined) names.delete(name);
    else names.set(name, file);
  }
}

function firstBytes(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  const first: Uint8Array[] = [];
  let left = count;
  for (const piece of pieces) {
    if (left === 0) break;
    first.push(piece.subarray(0, left));
    left -= Math.min(left, piece.length);
  }
  return first;
}
