/**
 * Watch frames in protobuf. Each stands behind its length; the object in it has an envelope, the event has none.
 *
 *     4 bytes, big-endian: length | WatchEvent { type = 1, object = 2 { raw = 1: k8s\0 … } }
 *
 * @see apimachinery: pkg/runtime/serializer/protobuf RawSerializer, pkg/util/framer lengthDelimitedFrameWriter
 */
import { encodeProtobuf } from '../../api/protobuf/encode.ts';
import { sealed } from '../../api/protobuf/envelope.ts';
import { ProtobufWriter } from '../../api/protobuf/writer.ts';
import { assert } from '../../base/assert.ts';
import type { StoredObject } from '../../store/store.ts';
import type { ApiObject } from '../api-object.ts';
import type { FrameType, FrameWriter } from '../registry/frames.ts';
import type { ProtobufMessages } from './messages.ts';

const TYPE = 0x0a;
const OBJECT = 0x12;
const RAW = 0x0a;
const LENGTH_BYTES = 4;

export class ProtobufFrames implements FrameWriter {
  readonly #messages: ProtobufMessages;
  readonly #writer = new ProtobufWriter();

  constructor(messages: ProtobufMessages) {
    this.#messages = messages;
  }

  stored(type: FrameType, stored: StoredObject): Uint8Array {
    const made = this.#messages.of(stored);
    return this.#framed(type, sealed(made, made.message));
  }

  value(type: FrameType, object: unknown): Uint8Array {
    const bytes = encodeProtobuf(object as ApiObject);
    assert(bytes !== undefined, `${(object as ApiObject).kind} has a protobuf form`);
    return this.#framed(type, bytes);
  }

  #framed(type: FrameType, object: Uint8Array): Uint8Array {
    const writer = this.#writer;
    writer.raw(object);
    writer.varint(object.length);
    writer.byte(RAW);
    writer.varint(writer.length);
    writer.byte(OBJECT);
    writer.text(type);
    writer.byte(TYPE);
    const { length } = writer;
    for (let i = 0; i < LENGTH_BYTES; i++) writer.byte((length >>> (8 * i)) & 0xff);
    return writer.take();
  }
}
