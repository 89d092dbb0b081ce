/** Splits a stream of bytes into lines, wherever its chunks were cut, also within one UTF-8 character. */
import { StatusError } from '../base/status-error.ts';

/** A watch event longer than this is not one: an object is at most 3 MB on the wire. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

const LINE_FEED = 0x0a;

/**
 * Yields, for each chunk that completes any, the lines completed by it, without their line feeds; empty lines are left
 * out. A last line without a line feed is dropped: the connection ended within it.
 *
 * @throws StatusError `InternalError` when a line exceeds 16 MiB
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    const lastEnd = chunk.lastIndexOf(LINE_FEED);
    if (lastEnd < 0) {
      rest.push(chunk);
      restBytes += chunk.length;
      if (restBytes > LINE_BYTES_MAX) {
        throw new StatusError('InternalError', `a line of the response exceeds ${LINE_BYTES_MAX} bytes`);
      }
      continue;
    }
    const complete = decoder.decode(concatBytes([...rest, chunk.subarray(0, lastEnd)]));
    rest = lastEnd + 1 < chunk.length ? [chunk.subarray(lastEnd + 1)] : [];
    restBytes = chunk.length - lastEnd - 1;
    const lines = complete.split('\n').filter((line) => line !== '');
    if (lines.length > 0) yield lines;
  }
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
