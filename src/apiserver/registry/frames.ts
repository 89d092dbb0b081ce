/**
 * Watch frames, made once: the frame of one version in one shape is shared by all watchers, its bytes too. The committed
 * bytes are put between `{"type":…,"object":` and `}`, never encoded again.
 *
 * Frames of what was shown lately are held: that is when many watchers ask for the same one.
 */
import type { WatchFrame } from '../../api/message.ts';
import { RecentMap } from '../../base/recent-map.ts';
import type { StoredObject, StoreEvent } from '../../store/store.ts';
import { type ApiObject, objectOf } from '../api-object.ts';

export type FrameType = WatchFrame['type'];

/** Objects as they are stored, or what a transformation makes of them. */
export interface FrameShape {
  /** Names the shape and the writer, whatever they depend on included. */
  readonly key: string;
  /** Absent: the stored object itself, with its committed bytes. */
  readonly transform?: (object: ApiObject) => unknown;
  /** What needs no transformation after all. */
  readonly isAsStored?: (stored: StoredObject) => boolean;
  /** As {@link transform}, for an object that has nothing but metadata. */
  readonly bookmark?: (object: ApiObject) => unknown;
  /** Where versions are converted elsewhere: this shape for `objects`, once they are converted. Rejects with StatusError. */
  readonly prepare?: (objects: readonly ApiObject[]) => Promise<FrameShape>;
  /** Of a prepared shape: what `transform` is given instead of one of the objects. */
  readonly convert?: (object: ApiObject) => ApiObject;
  readonly writer: FrameWriter;
}

/** The format of frames. */
export interface FrameWriter {
  stored(type: FrameType, stored: StoredObject): Uint8Array;
  value(type: FrameType, object: unknown): Uint8Array;
}

const encoder = new TextEncoder();
const HEADS: Record<FrameType, Uint8Array> = {
  ADDED: encoder.encode('{"type":"ADDED","object":'),
  MODIFIED: encoder.encode('{"type":"MODIFIED","object":'),
  DELETED: encoder.encode('{"type":"DELETED","object":'),
  BOOKMARK: encoder.encode('{"type":"BOOKMARK","object":'),
  ERROR: encoder.encode('{"type":"ERROR","object":'),
};
const TAIL = encoder.encode('}\n');

export const JSON_FRAMES: FrameWriter = {
  stored: (type, stored) => framed(type, stored.bytes),
  value: (type, object) => framed(type, encoder.encode(JSON.stringify(object))),
};

/** More than the largest commit, with a copy of the bytes of each. */
const RECENT_OBJECTS = 1024;

export class FrameCache {
  readonly #frames = new RecentMap<StoredObject, Map<string, WatchFrame>>(RECENT_OBJECTS);
  /** By writer: of stored objects only, which look the same to all their watchers. */
  readonly #batches = new Map<FrameWriter, WeakMap<readonly StoreEvent[], readonly WatchFrame[]>>();

  /** `stored` as an event of `type`. */
  frame(type: FrameType, stored: StoredObject, shape: FrameShape): WatchFrame {
    const { transform, writer } = shape;
    const make = () => {
      if (shape.convert !== undefined) {
        // At once: what was prepared need not be held any longer.
        const converted = shape.convert(objectOf(stored));
        const value = transform?.(converted) ?? converted;
        return new ValueFrame(type, () => value, writer);
      }
      return transform === undefined || shape.isAsStored?.(stored)
        ? new StoredFrame(type, stored, writer)
        : new ValueFrame(type, () => transform(objectOf(stored)), writer);
    };
    return this.#cached(stored, `${type}${shape.key}`, make);
  }

  /** `previous` as a watcher sees it go when `stored` no longer matches its selector: with the newer revision. */
  departure(stored: StoredObject, previous: StoredObject, shape: FrameShape): WatchFrame {
    return this.#cached(stored, `LEFT${shape.key}`, () => {
      const last = shape.convert?.(objectOf(previous)) ?? objectOf(previous);
      const metadata = { ...last.metadata, resourceVersion: String(stored.revision) };
      const object: ApiObject = Object.freeze({ ...last, metadata: Object.freeze(metadata) });
      return new ValueFrame('DELETED', () => shape.transform?.(object) ?? object, shape.writer);
    });
  }

  /** All of `events` in `shape`: what `make` makes, once. */
  batch(
    events: readonly StoreEvent[],
    shape: FrameShape,
    make: () => readonly WatchFrame[],
  ): readonly WatchFrame[] {
    if (shape.transform !== undefined || shape.convert !== undefined) return make();
    let batches = this.#batches.get(shape.writer);
    if (batches === undefined) {
      batches = new WeakMap();
      this.#batches.set(shape.writer, batches);
    }
    let batch = batches.get(events);
    if (batch === undefined) {
      batch = make();
      batches.set(events, batch);
    }
    return batch;
  }

  #cached(stored: StoredObject, key: string, make: () => WatchFrame): WatchFrame {
    let frames = this.#frames.get(stored);
    if (frames === undefined) {
      frames = new Map();
      this.#frames.set(stored, frames);
    }
    let frame = frames.get(key);
    if (frame === undefined) {
      frame = make();
      frames.set(key, frame);
    }
    return frame;
  }
}

/** A frame of the server's own making: a bookmark or an error. */
export function newFrame(type: FrameType, object: unknown, writer: FrameWriter): WatchFrame {
  return new ValueFrame(type, () => object, writer);
}

class StoredFrame implements WatchFrame {
  readonly type: FrameType;
  readonly #stored: StoredObject;
  readonly #writer: FrameWriter;
  #bytes: Uint8Array | undefined;

  constructor(type: FrameType, stored: StoredObject, writer: FrameWriter) {
    this.type = type;
    this.#stored = stored;
    this.#writer = writer;
  }

  get object(): unknown {
    return this.#stored.value;
  }

  bytes(): Uint8Array {
    this.#bytes ??= this.#writer.stored(this.type, this.#stored);
    return this.#bytes;
  }
}

class ValueFrame implements WatchFrame {
  readonly type: FrameType;
  readonly #make: () => unknown;
  readonly #writer: FrameWriter;
  #object: unknown;
  #bytes: Uint8Array | undefined;

  constructor(type: FrameType, make: () => unknown, writer: FrameWriter) {
    this.type = type;
    this.#make = make;
    this.#writer = writer;
  }

  get object(): unknown {
    this.#object ??= this.#make();
    return this.#object;
  }

  bytes(): Uint8Array {
    this.#bytes ??= this.#writer.value(this.type, this.object);
    return this.#bytes;
  }
}

function framed(type: FrameType, object: Uint8Array): Uint8Array {
  const head = HEADS[type];
  const bytes = new Uint8Array(head.length + object.length + TAIL.length);
  bytes.set(head);
  bytes.set(object, head.length);
  bytes.set(TAIL, head.length + object.length);
  return bytes;
}
