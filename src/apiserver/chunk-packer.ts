/**
 * Copies small pieces together into chunks of {@link CHUNK_BYTES}, so that a long list is few writes.
 *
 * Holds one chunk; a piece that is larger gets a chunk of its own size.
 */
const CHUNK_BYTES = 256 * 1024;

export class ChunkPacker {
  #chunk = new Uint8Array(CHUNK_BYTES);
  #length = 0;

  /**
   * Adds `prefix`, of a few bytes, and `bytes`.
   *
   * @returns the chunk before, when both no longer fitted into it
   */
  add(prefix: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
    const needed = prefix.length + bytes.length;
    const full = this.#length + needed > this.#chunk.length ? this.rest() : undefined;
    if (needed > this.#chunk.length) this.#chunk = new Uint8Array(needed);
    for (let i = 0; i < prefix.length; i++) this.#chunk[this.#length++] = prefix[i]!;
    this.#chunk.set(bytes, this.#length);
    this.#length += bytes.length;
    return full;
  }

  /** What is not handed out yet, perhaps nothing; the packer starts over. */
  rest(): Uint8Array {
    const rest = this.#chunk.subarray(0, this.#length);
    this.#chunk = new Uint8Array(CHUNK_BYTES);
    this.#length = 0;
    return rest;
  }
}
