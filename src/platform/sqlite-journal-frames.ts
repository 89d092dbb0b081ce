/**
 * Records packed into one buffer, so that a batch crosses between threads by transfer, without a copy per record.
 *
 *     header (36 bytes): revision, createRevision, previousRevision: float64 · key bytes, value bytes, deleted: uint32
 *     key (UTF-8), value
 */
import type { JournalRecord } from '../store/journal.ts';

const HEADER_BYTES = 36;

export function packRecords(records: readonly JournalRecord[]): ArrayBuffer {
  let sizeBytes = 0;
  for (const record of records) {
    sizeBytes += HEADER_BYTES + Buffer.byteLength(record.key) + record.value.length;
  }
  const frames = Buffer.from(new ArrayBuffer(sizeBytes));
  let offset = 0;
  for (const record of records) {
    const keyBytes = frames.write(record.key, offset + HEADER_BYTES);
    frames.writeDoubleLE(record.revision, offset);
    frames.writeDoubleLE(record.createRevision, offset + 8);
    frames.writeDoubleLE(record.previousRevision, offset + 16);
    frames.writeUInt32LE(keyBytes, offset + 24);
    frames.writeUInt32LE(record.value.length, offset + 28);
    frames.writeUInt32LE(record.deleted ? 1 : 0, offset + 32);
    offset += HEADER_BYTES + keyBytes;
    frames.set(record.value, offset);
    offset += record.value.length;
  }
  return frames.buffer as ArrayBuffer;
}

/** The records of `packed`, in order; their values are views on it. */
export function* unpackRecords(packed: ArrayBuffer): Generator<JournalRecord> {
  const frames = Buffer.from(packed);
  for (let offset = 0; offset < frames.length; ) {
    const keyEnd = offset + HEADER_BYTES + frames.readUInt32LE(offset + 24);
    const valueBytes = frames.readUInt32LE(offset + 28);
    yield {
      key: frames.toString('utf8', offset + HEADER_BYTES, keyEnd),
      revision: frames.readDoubleLE(offset),
      createRevision: frames.readDoubleLE(offset + 8),
      previousRevision: frames.readDoubleLE(offset + 16),
      value: new Uint8Array(packed, keyEnd, valueBytes),
      deleted: frames.readUInt32LE(offset + 32) === 1,
    };
    offset = keyEnd + valueBytes;
  }
}
