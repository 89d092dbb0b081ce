/**
 * The client's end of a watch: what has arrived and is not read yet, read through the doors of the client's life. One reader.
 *
 * Written out as an iterator: a world has some for every agent, and two generators for each of them were a large part of it.
 */
import type { WatchFrame } from '../../api/message.ts';
import { assert } from '../../base/assert.ts';
import type { Life } from './life.ts';

type Frames = readonly WatchFrame[];
type Read = IteratorResult<Frames, undefined>;

interface Reader {
  resolve(read: Read): void;
  reject(error: unknown): void;
}

const DONE: Read = { done: true, value: undefined };

export interface FrameStreamOwner {
  /** A batch has been read. */
  onRead(): void;
  /** The reader has stopped, or has come to the end. */
  onReturn(): void;
}

export class FrameStream implements AsyncIterable<Frames>, AsyncIterator<Frames, undefined> {
  readonly #life: Life;
  readonly #owner: FrameStreamOwner;
  #batches: Frames[] = [];
  #end: { error?: unknown } | undefined;
  #reader: Reader | undefined;

  /**
   * @param life  of the reader
   */
  constructor(life: Life, owner: FrameStreamOwner) {
    this.#life = life;
    this.#owner = owner;
  }

  /** Batches that have arrived and are not read. */
  get waiting(): number {
    return this.#batches.length;
  }

  push(batch: Frames): void {
    if (this.#end !== undefined) return;
    this.#batches.push(batch);
    this.#tell();
  }

  /** No more will come. */
  finish(): void {
    this.#end ??= {};
    this.#tell();
  }

  /** What has not been read is lost. */
  fail(error: unknown): void {
    if (this.#end !== undefined) return;
    this.#batches = [];
    this.#end = { error };
    this.#tell();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Read> {
    assert(this.#reader === undefined, 'a watch has one reader');
    return new Promise<Read>((resolve, reject) => {
      if (!this.#life.step()) return;
      this.#reader = { resolve, reject };
      this.#tell();
    });
  }

  return(): Promise<Read> {
    this.fail(undefined);
    this.#owner.onReturn();
    return Promise.resolve(DONE);
  }

  /** Gives the waiting reader what there is. */
  #tell(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const batch = this.#batches.shift();
    const end = this.#end;
    if (batch === undefined && end === undefined) return;
    this.#reader = undefined;
    if (batch !== undefined) this.#owner.onRead();
    this.#life.hear(() => {
      if (batch !== undefined) reader.resolve({ done: false, value: batch });
      else this.#close(reader, end!);
    });
  }

  #close(reader: Reader, end: { error?: unknown }): void {
    if ('error' in end) reader.reject(end.error);
    else reader.resolve(DONE);
    this.#owner.onReturn();
  }
}
