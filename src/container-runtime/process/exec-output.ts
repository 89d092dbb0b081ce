/** All of a stream up to `maxBytes`; the rest is read and dropped, so that its writer is not held up. */
export async function collectOutput(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream) {
    const kept = chunk.subarray(0, maxBytes - sizeBytes);
    if (kept.length > 0) chunks.push(kept);
    sizeBytes += kept.length;
  }
  return Buffer.concat(chunks);
}
