/**
 * How {@link DiskJournal} lays out its log: frames one after another, one for each batch. Little-endian.
 *
 *     header (40 bytes): magic, checksum, meta bytes, value bytes, record count, 0: uint32 ·
 *                        newest revision, compacted revision: float64
 *     meta, per record:  revision, createRevision, previousRevision: float64 · value bytes, key bytes, deleted: uint32 · key
 *     values             one after another, in pieces of their own: the very arrays that were committed
 *
 * The checksum covers all of the frame that follows it.
 */
import type { JournalRecord } from '../../store/journal.ts';
import { crc32c } from './crc32c.ts';

export interface LogFrame {
  /** The newest revision, also when its record is not here. */
  revision: number;
  compactedRevision: number;
  records: readonly JournalRecord[];
}

/** The bytes of a file; `read` of one piece as it was written gives that piece. */
export interface LogBytes {
  readonly length: number;
  read(from: number, to: number): Uint8Array;
}

/** Not UTF-8, so that it is in no JSON value and in no key. */
const MAGIC = 0xfeff_4b4a;
const HEADER_BYTES = 40;
const META_BYTES = 36;
const CHECKED_FROM = 8;
/** Bytes that are searched at a time for the beginning of a frame. */
const SEARCH_BYTES = 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The frame in pieces, to be written one after another. */
export function encodeFrame({ revision, compactedRevision, records }: LogFrame): Uint8Array[] {
  const keys = records.map(({ key }) => encoder.encode(key));
  let size = HEADER_BYTES;
  for (const key of keys) size += META_BYTES + key.length;
  const head = new Uint8Array(size);
  const view = new DataView(head.buffer);
  const pieces: Uint8Array[] = [head];
  let valueBytes = 0;
  let at = HEADER_BYTES;
  for (const [i, record] of records.entries()) {
    at = encodeMeta(view, at, record, keys[i]!);
    valueBytes += record.value.length;
    pieces.push(record.value);
  }
  view.setUint32(8, size - HEADER_BYTES, true);
  view.setUint32(12, valueBytes, true);
  view.setUint32(16, records.length, true);
  view.setFloat64(24, revision, true);
  view.setFloat64(32, compactedRevision, true);
  view.setUint32(4, checksum(pieces), true);
  view.setUint32(0, MAGIC, true);
  return pieces;
}

function encodeMeta(view: DataView, at: number, record: JournalRecord, key: Uint8Array): number {
  view.setFloat64(at, record.revision, true);
  view.setFloat64(at + 8, record.createRevision, true);
  view.setFloat64(at + 16, record.previousRevision, true);
  view.setUint32(at + 24, record.value.length, true);
  view.setUint32(at + 28, key.length, true);
  view.setUint32(at + 32, record.deleted ? 1 : 0, true);
  new Uint8Array(view.buffer).set(key, at + META_BYTES);
  return at + META_BYTES + key.length;
}

/** The whole frame that begins at `from`, and where it ends; `undefined` when there is none. */
export function decodeFrame(bytes: LogBytes, from: number): { frame: LogFrame; end: number } | undefined {
  if (from + HEADER_BYTES > bytes.length) return undefined;
  const header = viewOf(bytes.read(from, from + HEADER_BYTES));
  if (header.getUint32(0, true) !== MAGIC) return undefined;
  const headEnd = from + HEADER_BYTES + header.getUint32(8, true);
  const end = headEnd + header.getUint32(12, true);
  if (end > bytes.length) return undefined;
  const head = bytes.read(from, headEnd);
  const records = decodeRecords(bytes, head, { valuesAt: headEnd, end, count: header.getUint32(16, true) });
  if (records === undefined) return undefined;
  const values = records.map(({ value }) => value);
  if (checksum([head, ...values]) !== header.getUint32(4, true)) return undefined;
  const frame = {
    revision: header.getFloat64(24, true),
    compactedRevision: header.getFloat64(32, true),
    records,
  };
  return { frame, end };
}

/** `undefined` when the lengths do not fit the frame, as in one that is damaged. */
function decodeRecords(
  bytes: LogBytes,
  head: Uint8Array,
  place: { valuesAt: number; end: number; count: number },
): JournalRecord[] | undefined {
  const view = viewOf(head);
  const records: JournalRecord[] = [];
  let valueAt = place.valuesAt;
  let at = HEADER_BYTES;
  while (records.length < place.count) {
    if (at + META_BYTES > head.length) return undefined;
    const valueEnd = valueAt + view.getUint32(at + 24, true);
    const next = at + META_BYTES + view.getUint32(at + 28, true);
    if (next > head.length || valueEnd > place.end) return undefined;
    records.push({
      key: decoder.decode(head.subarray(at + META_BYTES, next)),
      revision: view.getFloat64(at, true),
      createRevision: view.getFloat64(at + 8, true),
      previousRevision: view.getFloat64(at + 16, true),
      value: bytes.read(valueAt, valueEnd),
      deleted: view.getUint32(at + 32, true) === 1,
    });
    valueAt = valueEnd;
    at = next;
  }
  return at === head.length && valueAt === place.end ? records : undefined;
}

/** Where the first whole frame after `from` begins; `undefined` when there is none. */
export function findFrame(bytes: LogBytes, from: number): number | undefined {
  for (let start = from; start < bytes.length; start += SEARCH_BYTES) {
    // With the first bytes of the next stretch: a magic may lie across the border.
    const stretch = bytes.read(start, Math.min(bytes.length, start + SEARCH_BYTES + 3));
    const view = viewOf(stretch);
    for (let i = 0; i + 4 <= stretch.length; i++) {
      if (view.getUint32(i, true) === MAGIC && decodeFrame(bytes, start + i) !== undefined) return start + i;
    }
  }
  return undefined;
}

/** Over a frame's pieces, without the magic and the checksum itself. */
function checksum(pieces: readonly Uint8Array[]): number {
  let sum = crc32c(pieces[0]!.subarray(CHECKED_FROM));
  for (let i = 1; i < pieces.length; i++) sum = crc32c(pieces[i]!, sum);
  return sum;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
