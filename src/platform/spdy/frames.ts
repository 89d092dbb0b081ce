/**
 * SPDY/3.1 framing: bytes to frames and back. No sockets, no compression, no stream states.
 *
 *   control: 1 | version 15 | type 16 | flags 8 | length 24 | payload        data: 0 | stream 31 | flags 8 | length 24 | bytes
 *
 * @see The SPDY Protocol, draft 3.1, section 2
 */
export type SpdyFrame =
  | { type: 'synStream'; streamId: number; fin: boolean; block: Uint8Array }
  | { type: 'synReply'; streamId: number; fin: boolean; block: Uint8Array }
  | { type: 'headers'; streamId: number; fin: boolean; block: Uint8Array }
  | { type: 'rstStream'; streamId: number; status: number }
  | { type: 'ping'; id: number }
  | { type: 'goAway'; lastStreamId: number; status: number }
  | { type: 'data'; streamId: number; fin: boolean; bytes: Uint8Array }
  /** SETTINGS, WINDOW_UPDATE and what we do not know: skipped by everyone. */
  | { type: 'other'; controlType: number };

export class SpdyError extends Error {
  override name = 'SpdyError';
}

const VERSION = 3;
const FIN = 1;
/** Longest frame that is accepted; Kubernetes' clients send at most 32 KiB at once. */
const FRAME_BYTES_MAX = 1024 * 1024;
const HEAD_BYTES = 8;

const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const HEADERS = 8;

/** Cuts a byte stream into frames, however it arrives. Holds at most one unfinished frame. */
export class SpdyFrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are complete with `chunk`. @throws SpdyError for what is not SPDY/3.1 */
  push(chunk: Uint8Array): SpdyFrame[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const frames: SpdyFrame[] = [];
    let offset = 0;
    while (this.#rest.length - offset >= HEAD_BYTES) {
      const length = this.#rest.readUIntBE(offset + 5, 3);
      if (length > FRAME_BYTES_MAX) throw new SpdyError(`a frame of ${length} bytes is too long`);
      const end = offset + HEAD_BYTES + length;
      if (this.#rest.length < end) break;
      frames.push(parseFrame(this.#rest.subarray(offset, end)));
      offset = end;
    }
    this.#rest = this.#rest.subarray(offset);
    return frames;
  }
}

function parseFrame(frame: Buffer): SpdyFrame {
  const first = frame.readUInt32BE(0);
  const fin = (frame[4]! & FIN) !== 0;
  const payload = frame.subarray(HEAD_BYTES);
  if (first >>> 31 === 0) return { type: 'data', streamId: first, fin, bytes: payload };
  const version = (first >>> 16) & 0x7fff;
  if (version !== VERSION) throw new SpdyError(`version ${version} is not supported`);
  return parseControl(first & 0xffff, fin, payload);
}

function parseControl(controlType: number, fin: boolean, payload: Buffer): SpdyFrame {
  const word = (index: number): number => {
    if (payload.length < index * 4 + 4) throw new SpdyError(`control frame ${controlType} is too short`);
    return payload.readUInt32BE(index * 4);
  };
  const streamId = () => word(0) & 0x7fffffff;
  switch (controlType) {
    case SYN_STREAM:
      if (payload.length < 10) throw new SpdyError('SYN_STREAM is too short');
      return { type: 'synStream', streamId: streamId(), fin, block: payload.subarray(10) };
    case SYN_REPLY:
      return { type: 'synReply', streamId: streamId(), fin, block: payload.subarray(4) };
    case HEADERS:
      return { type: 'headers', streamId: streamId(), fin, block: payload.subarray(4) };
    case RST_STREAM:
      return { type: 'rstStream', streamId: streamId(), status: word(1) };
    case PING:
      return { type: 'ping', id: word(0) };
    case GOAWAY:
      return { type: 'goAway', lastStreamId: streamId(), status: word(1) };
    default:
      return { type: 'other', controlType };
  }
}

export function encodeFrame(frame: Exclude<SpdyFrame, { type: 'other' }>): Buffer {
  switch (frame.type) {
    case 'data':
      return withHead(frame.streamId >>> 0, frame.fin, [frame.bytes]);
    case 'synStream':
      // No associated stream, priority 0, slot 0.
      return control(SYN_STREAM, frame.fin, [words(frame.streamId, 0), new Uint8Array(2), frame.block]);
    case 'synReply':
      return control(SYN_REPLY, frame.fin, [words(frame.streamId), frame.block]);
    case 'headers':
      return control(HEADERS, frame.fin, [words(frame.streamId), frame.block]);
    case 'rstStream':
      return control(RST_STREAM, false, [words(frame.streamId, frame.status)]);
    case 'ping':
      return control(PING, false, [words(frame.id)]);
    case 'goAway':
      return control(GOAWAY, false, [words(frame.lastStreamId, frame.status)]);
  }
}

function control(type: number, fin: boolean, parts: readonly Uint8Array[]): Buffer {
  return withHead(((0x8000 | VERSION) * 0x10000 + type) >>> 0, fin, parts);
}

function withHead(first: number, fin: boolean, parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(first, 0);
  head[4] = fin ? FIN : 0;
  head.writeUIntBE(
    parts.reduce((sum, part) => sum + part.length, 0),
    5,
    3,
  );
  return Buffer.concat([head, ...parts]);
}

function words(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
}
