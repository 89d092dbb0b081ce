/**
 * What a watch shows next, where versions are converted elsewhere: pieces of so many objects, each sent away as a whole before
 * its frames are made. Pieces stay in their order; one is under way at a time.
 */
import type { WatchFrame } from '../../api/message.ts';
import type { StoredObject, StoreEvent } from '../../store/store.ts';
import { type ApiObject, objectOf } from '../api-object.ts';
import type { FrameCache, FrameShape } from './frames.ts';
import type { WatchRequest } from './watch.ts';
import { eventFrames, initialFrames } from './watch-frames.ts';

type Frames = readonly WatchFrame[];

interface Piece {
  objects: readonly ApiObject[];
  show: (request: WatchRequest) => Frames;
}

const PIECE_MAX = 256;

export class ConvertedFrames {
  readonly #cache: FrameCache;
  readonly #request: WatchRequest;
  readonly #prepare: NonNullable<FrameShape['prepare']>;
  #pieces: Piece[] = [];

  constructor(cache: FrameCache, request: WatchRequest, prepare: NonNullable<FrameShape['prepare']>) {
    this.#cache = cache;
    this.#request = request;
    this.#prepare = prepare;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  addInitial({ objects, revision }: { objects: readonly StoredObject[]; revision: number }): void {
    const { selection, initial } = this.#request;
    const selected = objects.filter((stored) => selection.everything || selection.matches(objectOf(stored)));
    for (const part of slices(selected)) {
      this.#pieces.push({
        objects: part.map(objectOf),
        show: (request) =>
          [
            ...initialFrames(this.#cache, { ...request, initial: 'events' }, { objects: part, revision }),
          ].flat(),
      });
    }
    if (initial !== 'events-and-bookmark') return;
    const nothing = { objects: [], revision };
    this.#pieces.push({
      objects: [],
      show: () => [...initialFrames(this.#cache, this.#request, nothing)].flat(),
    });
  }

  addEvents(events: readonly StoreEvent[]): void {
    for (const part of slices(events)) {
      const objects = part.flatMap(({ object, previous }) =>
        previous === undefined ? [objectOf(object)] : [objectOf(object), objectOf(previous)],
      );
      this.#pieces.push({ objects, show: (request) => eventFrames(this.#cache, request, part) });
    }
  }

  /** The frames of the next piece; perhaps none. Rejects with StatusError when it cannot be converted. */
  async next(): Promise<Frames> {
    const [piece, ...rest] = this.#pieces;
    this.#pieces = rest;
    if (piece === undefined) return [];
    const shape = await this.#prepare(piece.objects);
    return piece.show({ ...this.#request, shape });
  }
}

function slices<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += PIECE_MAX) {
    parts.push(items.slice(start, start + PIECE_MAX));
  }
  return parts;
}
