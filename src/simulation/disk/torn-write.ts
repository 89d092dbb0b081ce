/**
 * What is on the medium of writes that were not flushed when the power went: by seed nothing, everything, the first so many
 * sectors, or sectors here and there. A sector is written whole or not at all; what a lost one covers keeps its old bytes,
 * or reads as zeros where the file had none.
 */
import type { Random } from '../../base/random.ts';
import { type ByteRope, sizeOf } from './byte-rope.ts';

/** What disks promise to write whole; that they do is what SQLite and every log on top of them assume. */
export const SECTOR_BYTES = 512;

/** One change of a file's content, as the program asked for it. */
export type FileChange =
  | { kind: 'write'; offset: number; pieces: readonly Uint8Array[] }
  | { kind: 'truncate'; length: number };

/** Says of each sector in turn whether it reached the medium. */
type Survival = () => boolean;

/** How often the file's new size is on the medium although its last sectors are not: file systems log it apart. */
const SIZE_SURVIVES = 0.3;

export function applyChange(content: ByteRope, change: FileChange): void {
  if (change.kind === 'write') content.write(change.offset, change.pieces);
  else content.truncate(Math.min(change.length, content.length));
}

/** Makes of `content` what a power failure leaves when `changes` were under way. */
export function applyTorn(content: ByteRope, changes: readonly FileChange[], random: Random): void {
  if (changes.length === 0) return;
  const survives = newSurvival(changes, random);
  const sizeSurvives = random.next() < SIZE_SURVIVES;
  for (const change of changes) {
    if (change.kind === 'write') writeSectors(content, change, sizeSurvives, survives);
    else if (survives()) applyChange(content, change);
  }
}

function newSurvival(changes: readonly FileChange[], random: Random): Survival {
  const kind = random.next();
  if (kind < 0.2) return () => false;
  if (kind < 0.3) return () => true;
  if (kind < 0.65) {
    let left = Math.floor(random.next() * (sectorCount(changes) + 1));
    return () => left-- > 0;
  }
  const share = random.next();
  return () => random.next() < share;
}

function sectorCount(changes: readonly FileChange[]): number {
  let count = 0;
  for (const change of changes) {
    if (change.kind === 'truncate') count++;
    else {
      const end = change.offset + sizeOf(change.pieces);
      count += Math.ceil(end / SECTOR_BYTES) - Math.floor(change.offset / SECTOR_BYTES);
    }
  }
  return count;
}

function writeSectors(
  content: ByteRope,
  { offset, pieces }: FileChange & { kind: 'write' },
  sizeSurvives: boolean,
  survives: Survival,
): void {
  const end = offset + sizeOf(pieces);
  const written = joined(pieces, end - offset);
  const result = new Uint8Array(end - offset);
  const oldEnd = Math.min(end, content.length);
  if (oldEnd > offset) result.set(content.read(offset, oldEnd));
  let resultEnd = sizeSurvives ? end : Math.max(offset, oldEnd);
  for (let from = offset; from < end; ) {
    const to = Math.min(end, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (survives()) {
      result.set(written.subarray(from - offset, to - offset), from - offset);
      resultEnd = Math.max(resultEnd, to);
    }
    from = to;
  }
  if (resultEnd > offset) content.write(offset, [result.subarray(0, resultEnd - offset)]);
}

function joined(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}
