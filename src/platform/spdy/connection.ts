/**
 * The server's side of a SPDY/3.1 connection over any byte channel: streams that the client opens, answered at once.
 * Bounded: so many streams, so many unread bytes per stream; a client that sends more is cut off.
 */
import { newDeferred } from '../../base/deferred.ts';
import { encodeFrame, SpdyError, type SpdyFrame, SpdyFrameReader } from './frames.ts';
import { HeaderCodec, type SpdyHeaders } from './header-block.ts';

/** Where the bytes go; resolves when more may be sent. */
export type SendBytes = (bytes: Uint8Array) => Promise<void>;

const STREAMS_MAX = 1_000;
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
const CHUNK_BYTES = 32 * 1024;
const CANCEL = 5;

export class SpdyStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #connection: SpdyConnection;
  readonly #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #ended = false;
  #arrived = newDeferred();
  #sentFin = false;

  constructor(connection: SpdyConnection, id: number, headers: SpdyHeaders) {
    this.#connection = connection;
    this.id = id;
    this.headers = headers;
  }

  /** What the client sends, until it half-closes or the stream is reset. */
  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.#unread.shift();
      if (chunk !== undefined) {
        this.#unreadBytes -= chunk.length;
        yield chunk;
      } else if (this.#ended) return;
      else {
        this.#arrived = newDeferred();
        await this.#arrived.promise;
      }
    }
  }

  /** Called by the connection. */
  receive(bytes: Uint8Array, fin: boolean): void {
    this.#unreadBytes += bytes.length;
    if (this.#unreadBytes > UNREAD_BYTES_MAX) throw new SpdyError('a stream has too many unread bytes');
    if (bytes.length > 0) this.#unread.push(bytes);
    if (fin) this.#ended = true;
    this.#arrived.resolve();
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length && !this.#sentFin; offset += CHUNK_BYTES) {
      const part = bytes.subarray(offset, offset + CHUNK_BYTES);
      await this.#connection.send({ type: 'data', streamId: this.id, fin: false, bytes: part });
    }
  }

  /** Half-closes our side. */
  async end(): Promise<void> {
    if (this.#sentFin) return;
    this.#sentFin = true;
    await this.#connection.send({ type: 'data', streamId: this.id, fin: true, bytes: new Uint8Array() });
  }

  async reset(): Promise<void> {
    this.#sentFin = true;
    this.#ended = true;
    this.#arrived.resolve();
    await this.#connection.send({ type: 'rstStream', streamId: this.id, status: CANCEL });
    this.#connection.forget(this.id);
  }
}

export class SpdyConnection {
  readonly #send: SendBytes;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #reader = new SpdyFrameReader();
  readonly #codec = new HeaderCodec();
  readonly #streams = new Map<number, SpdyStream>();
  #isClosed = false;

  /** @param onStream  called for each stream that the client opens */
  constructor(send: SendBytes, onStream: (stream: SpdyStream) => void) {
    this.#send = send;
    this.#onStream = onStream;
  }

  /** Takes in bytes; calls must not overlap. @throws SpdyError when the connection must be dropped */
  async receive(chunk: Uint8Array): Promise<void> {
    for (const frame of this.#reader.push(chunk)) {
      if (this.#isClosed) return;
      await this.#dispatch(frame);
    }
  }

  async #dispatch(frame: SpdyFrame): Promise<void> {
    switch (frame.type) {
      case 'synStream':
        await this.#open(frame);
        break;
      case 'headers':
        // Nothing reads later headers, but the compression context must see them.
        await this.#codec.decode(frame.block);
        break;
      case 'data':
        this.#streams.get(frame.streamId)?.receive(frame.bytes, frame.fin);
        break;
      case 'rstStream':
        this.#streams.get(frame.streamId)?.receive(new Uint8Array(), true);
        this.#streams.delete(frame.streamId);
        break;
      case 'ping':
        // Odd ids are the client's own; even ones would be answers to ours, and we send none.
        if (frame.id % 2 === 1) await this.send(frame);
        break;
      case 'goAway':
      case 'synReply':
      case 'other':
        break;
    }
  }

  async #open(frame: Extract<SpdyFrame, { type: 'synStream' }>): Promise<void> {
    const headers = await this.#codec.decode(frame.block);
    if (this.#streams.size >= STREAMS_MAX) throw new SpdyError('too many streams');
    if (this.#streams.has(frame.streamId)) throw new SpdyError(`stream ${frame.streamId} was opened twice`);
    const stream = new SpdyStream(this, frame.streamId, headers);
    this.#streams.set(frame.streamId, stream);
    if (frame.fin) stream.receive(new Uint8Array(), true);
    const block = await this.#codec.encode(new Map());
    await this.send({ type: 'synReply', streamId: frame.streamId, fin: false, block });
    this.#onStream(stream);
  }

  async send(frame: Exclude<SpdyFrame, { type: 'other' }>): Promise<void> {
    if (!this.#isClosed) await this.#send(encodeFrame(frame));
  }

  forget(streamId: number): void {
    this.#streams.delete(streamId);
  }

  /** The channel is gone: every stream ends. */
  close(): void {
    this.#isClosed = true;
    for (const stream of this.#streams.values()) stream.receive(new Uint8Array(), true);
    this.#streams.clear();
    this.#codec.close();
  }
}
