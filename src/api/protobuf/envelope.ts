/**
 * The envelope of every object that travels in protobuf by itself: `k8s\0`, then a `runtime.Unknown` that names the kind.
 *
 *     6b 38 73 00 | 0a .. { 0a apiVersion, 12 kind } | 12 length  message | 1a 00 22 00
 *     head                                                                  tail: no encoding, no content type
 *
 * @see k8s.io/apimachinery/pkg/runtime/generated.proto Unknown, serializer/protobuf/protobuf.go
 */
import { StatusError } from '../../base/status-error.ts';
import { ProtobufReader } from './reader.ts';
import { ProtobufWriter } from './writer.ts';

export interface Envelope {
  apiVersion: string;
  kind: string;
  message: Uint8Array;
}

interface TypeMeta {
  apiVersion: string;
  kind: string;
}

const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);
const TYPE_META = 1;
const RAW = 2;
const API_VERSION = 1;
const KIND = 2;
const tagOf = (number: number) => (number << 3) | 2;

export const ENVELOPE_TAIL: Uint8Array = Uint8Array.of(0x1a, 0x00, 0x22, 0x00);

const shared = new ProtobufWriter();

/** What stands before a message of `messageBytes`; {@link ENVELOPE_TAIL} follows it. */
export function envelopeHead({ apiVersion, kind }: TypeMeta, messageBytes: number): Uint8Array {
  shared.varint(messageBytes);
  shared.byte(tagOf(RAW));
  const before = shared.length;
  shared.text(kind);
  shared.byte(tagOf(KIND));
  shared.text(apiVersion);
  shared.byte(tagOf(API_VERSION));
  shared.varint(shared.length - before);
  shared.byte(tagOf(TYPE_META));
  shared.raw(MAGIC);
  return shared.take();
}

/** `message` with head and tail. */
export function sealed(typeMeta: TypeMeta, message: Uint8Array): Uint8Array {
  const head = envelopeHead(typeMeta, message.length);
  const bytes = new Uint8Array(head.length + message.length + ENVELOPE_TAIL.length);
  bytes.set(head);
  bytes.set(message, head.length);
  bytes.set(ENVELOPE_TAIL, head.length + message.length);
  return bytes;
}

/** @throws StatusError BadRequest */
export function openEnvelope(bytes: Uint8Array): Envelope {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new StatusError(
      'BadRequest',
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  const reader = new ProtobufReader(bytes.subarray(MAGIC.length));
  const envelope: Envelope = { apiVersion: '', kind: '', message: new Uint8Array() };
  while (!reader.atEnd) {
    const number = reader.tag();
    if (number === TYPE_META) readTypeMeta(reader, envelope);
    else if (number === RAW) envelope.message = reader.bytes();
    else reader.skip();
  }
  return envelope;
}

function readTypeMeta(reader: ProtobufReader, envelope: Envelope): void {
  const end = reader.enter();
  while (!reader.atEnd) {
    const number = reader.tag();
    if (number === API_VERSION) envelope.apiVersion = reader.text();
    else if (number === KIND) envelope.kind = reader.text();
    else reader.skip();
  }
  reader.leave(end);
}
