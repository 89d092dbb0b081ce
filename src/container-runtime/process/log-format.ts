/**
 * The container log on disk, in the format of CRI: `TIMESTAMP STREAM TAG CONTENT`, where the tag says whether the line
 * is whole (`F`) or continues in the next record (`P`).
 *
 * A file's name holds how much of each raw stream is in the files before it: `000002-1048576-0.log`. With that, and
 * the lengths of the records in the newest file, the position in the raw streams follows from the log itself; there is
 * no second file that could disagree with it after a crash.
 *
 * @see Kubernetes, "CRI log format"
 */
import type { LogRecord } from '../runtime.ts';

export type LogStream = LogRecord['stream'];

export interface LogFileName {
  sequence: number;
  /** Bytes of the raw streams that are in earlier files. */
  stdout: number;
  stderr: number;
}

/** A longer line is split. */
export const LINE_MAX_BYTES = 16 * 1024;
const LINE_FEED = 10;
const NAME = /^(\d{6,})-(\d+)-(\d+)\.log$/;

export function formatLogFileName({ sequence, stdout, stderr }: LogFileName): string {
  return `${String(sequence).padStart(6, '0')}-${stdout}-${stderr}.log`;
}

export function parseLogFileName(name: string): LogFileName | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  return { sequence: Number(match[1]), stdout: Number(match[2]), stderr: Number(match[3]) };
}

/**
 * Cuts `raw` into records. A rest without a line feed is left for later, unless `isLast`.
 *
 * @returns the records as they stand in the file, and how many bytes of `raw` they hold
 */
export function encodeRecords(
  raw: Buffer,
  { timestamp, stream, isLast }: { timestamp: string; stream: LogStream; isLast: boolean },
): { records: Buffer; consumed: number } {
  const parts: Buffer[] = [];
  const add = (tag: 'F' | 'P', start: number, end: number) =>
    parts.push(Buffer.from(`${timestamp} ${stream} ${tag} `), raw.subarray(start, end), Buffer.of(LINE_FEED));
  let start = 0;
  while (start < raw.length) {
    const lineFeed = raw.indexOf(LINE_FEED, start);
    const end = lineFeed < 0 ? raw.length : lineFeed;
    if (end - start > LINE_MAX_BYTES) {
      add('P', start, start + LINE_MAX_BYTES);
      start += LINE_MAX_BYTES;
    } else if (lineFeed >= 0) {
      add('F', start, end);
      start = end + 1;
    } else if (isLast) {
      add('P', start, end);
      start = end;
    } else break;
  }
  return { records: Buffer.concat(parts), consumed: start };
}

/** One line of the file, without its line feed. `undefined` for what is no record. */
export function decodeRecord(line: Buffer): LogRecord | undefined {
  const timestampEnd = line.indexOf(' ');
  const streamEnd = line.indexOf(' ', timestampEnd + 1);
  const stream = line.toString('latin1', timestampEnd + 1, streamEnd);
  const tag = line.toString('latin1', streamEnd + 1, streamEnd + 3);
  if (timestampEnd < 0 || (stream !== 'stdout' && stream !== 'stderr') || (tag !== 'F ' && tag !== 'P '))
    return undefined;
  const content = line.subarray(streamEnd + 3);
  return {
    timestamp: line.toString('latin1', 0, timestampEnd),
    stream,
    line: tag === 'F ' ? Buffer.concat([content, Buffer.of(LINE_FEED)]) : Buffer.from(content),
  };
}

/** Complete lines of `buffer` with the offset after each; an unfinished last line is left out. */
export function* completeLines(buffer: Buffer): Generator<{ line: Buffer; end: number }> {
  for (let start = 0; ; ) {
    const end = buffer.indexOf(LINE_FEED, start);
    if (end < 0) return;
    yield { line: buffer.subarray(start, end), end: end + 1 };
    start = end + 1;
  }
}
