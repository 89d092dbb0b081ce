/**
 * Lays out skeletons (see `root-skeleton.ts`), and keeps one ready for the next container: making some fifty entries takes
 * milliseconds in which a crashed container waits, renaming them takes none.
 *
 * Invariant: a spare is used only while the machine's directories are what they were when it was made.
 */
import {
  type Dirent,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '../../base/clock.ts';

/** A place in a skeleton for an entry of the machine. */
export interface Place {
  source: string;
  /** Relative to the skeleton. */
  target: string;
}

interface Spare {
  signature: string;
  places: Place[];
}

/** What containers have of their own in `/dev`. */
const TERMINAL_DEVICES = ['/dev/pts', '/dev/ptmx'];
const OPEN_TO_ALL = 0o006;
/** Once nothing was started for so long. */
const RESTOCK_MS = 250;

export class SkeletonStock {
  readonly #directory: string;
  readonly #clock: Clock;
  #spare: Spare | undefined;
  #timer: Timer | undefined;

  /** @param directory  for the spare, in the file system of the skeletons; what is in it is removed */
  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
    rmSync(directory, { recursive: true, force: true });
  }

  /**
   * Makes the directory `skeleton`, absent yet, with a place for each entry of the machine's directories `laidOut`, outer
   * ones first; returns the places where something is to be bound.
   */
  take(laidOut: readonly string[], skeleton: string): readonly Place[] {
    const spare = this.#spare;
    this.#spare = undefined;
    this.#restockLater(laidOut);
    if (spare?.signature !== signatureOf(laidOut)) return layOut(laidOut, skeleton);
    renameSync(this.#directory, skeleton);
    return spare.places;
  }

  close(): void {
    this.#timer?.cancel();
  }

  #restockLater(laidOut: readonly string[]): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(RESTOCK_MS, () => this.#restock(laidOut));
  }

  #restock(laidOut: readonly string[]): void {
    try {
      rmSync(this.#directory, { recursive: true, force: true });
      const signature = signatureOf(laidOut);
      this.#spare = { signature, places: layOut(laidOut, this.#directory) };
    } catch {
      // Without a spare the next container lays out its own, and says what is wrong.
    }
  }
}

/** Changes when an entry comes or goes. */
function signatureOf(laidOut: readonly string[]): string {
  return laidOut.map((path) => `${path}\0${statSync(path, { bigint: true }).mtimeNs}`).join('\0');
}

function layOut(laidOut: readonly string[], skeleton: string): Place[] {
  mkdirSync(skeleton, { recursive: true });
  return laidOut.flatMap((path) => layOutDirectory(path, skeleton, laidOut));
}

function layOutDirectory(path: string, skeleton: string, laidOut: readonly string[]): Place[] {
  const places: Place[] = [];
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const source = join(path, entry.name);
    const place = join(skeleton, source);
    if (TERMINAL_DEVICES.includes(source) || isKeptDevice(source, entry)) continue;
    if (entry.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), place);
      continue;
    }
    if (entry.isDirectory()) mkdirSync(place);
    else writeFileSync(place, '');
    if (source !== '/proc' && !laidOut.includes(source)) places.push({ source, target: source.slice(1) });
  }
  return places;
}

/** The machine's disks and consoles are not for containers. */
function isKeptDevice(path: string, entry: Dirent): boolean {
  if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return false;
  return (lstatSync(path).mode & OPEN_TO_ALL) !== OPEN_TO_ALL;
}
