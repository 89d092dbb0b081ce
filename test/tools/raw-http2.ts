/** HTTP/2 frame by frame, for connections that no client library would make. @see RFC 9113, RFC 7541 */
import { connect, type TLSSocket } from 'node:tls';
import type { ServerProcess } from './server-process.ts';

export const FRAME = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
/** Of SETTINGS. */
const INITIAL_WINDOW_SIZE = 4;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HEAD_BYTES = 9;

export interface Frame {
  type: number;
  flags?: number;
  stream?: number;
  payload?: Uint8Array;
}

export function toBytes({ type, flags = 0, stream = 0, payload = new Uint8Array() }: Frame): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Header fields, each as a literal that leaves the table as it is. */
export function literalBlock(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]),
  );
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = bytes.length < 127 ? Buffer.of(bytes.length) : Buffer.of(127, ...varint(bytes.length - 127));
  return Buffer.concat([head, bytes]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

export function requestBlock(method: string, path: string): Buffer {
  return literalBlock({ ':method': method, ':scheme': 'https', ':authority': 'localhost', ':path': path });
}

export interface RawHttp2 {
  readonly socket: TLSSocket;
  /** What the server has closed the connection with; `undefined`: it has not said. */
  readonly goAwayCode: () => number | undefined;
  readonly isClosed: () => boolean;
  /** Frames that came, by type. */
  readonly received: ReadonlyMap<number, number>;
  /** Sends as fast as the server reads; ends early when it closes. */
  send: (bytes: Uint8Array) => Promise<void>;
}

/** Resolves when TLS and the preface are through. @param windowBytes  how much of each answer is taken unasked */
export async function connectRawHttp2(
  { url, tls }: Pick<ServerProcess, 'url' | 'tls'>,
  windowBytes = 65_535,
): Promise<RawHttp2> {
  const { hostname, port } = new URL(url);
  const { serverCa: ca, cert, key } = tls;
  const socket = connect({ host: hostname, port: Number(port), ca, cert, key, ALPNProtocols: ['h2'] });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const reader = new FrameReader();
  let isClosed = false;
  socket.on('data', (bytes: Buffer) => reader.take(bytes)).on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isClosed = true;
      resolve();
    });
  });
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(INITIAL_WINDOW_SIZE, 0);
  settings.writeUInt32BE(windowBytes, 2);
  socket.write(PREFACE);
  socket.write(toBytes({ type: FRAME.settings, payload: settings }));
  return {
    socket,
    received: reader.counts,
    goAwayCode: () => reader.goAwayCode,
    isClosed: () => isClosed,
    send: async (bytes) => {
      if (isClosed || !socket.writable) return;
      if (!socket.write(bytes)) {
        await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))]);
      }
    },
  };
}

class FrameReader {
  readonly counts = new Map<number, number>();
  goAwayCode: number | undefined;
  #rest: Buffer = Buffer.alloc(0);

  take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      if (this.#rest.length < HEAD_BYTES) return;
      const end = HEAD_BYTES + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      this.#note(this.#rest[3]!, this.#rest.subarray(HEAD_BYTES, end));
      this.#rest = this.#rest.subarray(end);
    }
  }

  #note(type: number, payload: Buffer): void {
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    if (type === FRAME.goAway) this.goAwayCode = payload.readUInt32BE(4);
  }
}
