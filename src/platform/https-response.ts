/**
 * Writes an {@link WritableResponse} to a connection, each kind of body in its own way, never faster than the client reads.
 *
 * A watch's frames are written from the bytes that all its watchers share, and what becomes due in one turn of the event
 * loop leaves in one write. A client that stops reading is cut off after {@link STALL_TIMEOUT_MS}: nothing is held for it.
 * What is sent whole, and the end of everything else, is looked after by unread-answers.ts.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import type { Writable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { ResponseBody, WatchFrame } from '../api/message.ts';
import type { StatusError } from '../base/status-error.ts';

/** The sending side of one request, HTTP/1.1 or HTTP/2. */
export interface ResponseSink {
  readonly writable: Writable;
  /** Sends the head. */
  begin(status: number, headers: OutgoingHttpHeaders, bodyFollows: boolean): void;
  /** Breaks off a response that cannot be completed, so that the client sees it is not whole. */
  breakOff(): void;
}

export interface WriteOptions {
  /** The request was HEAD: the head only. */
  headOnly: boolean;
  /** The client takes gzip, and it is far enough away for that to pay. */
  compress: boolean;
}

/** Below this a compressed answer is not worth its time. Source: k8s.io/apiserver, defaultGzipThresholdBytes. */
const COMPRESS_FROM_BYTES = 128 * 1024;
/** Small pieces of a list are joined up to this size: a write costs more than the copy. */
const PIECE_BYTES = 64 * 1024;
const STALL_TIMEOUT_MS = 60_000;

type TunnelBody = Extract<ResponseBody, { kind: 'tunnel' }>;

/** A response that the adapter can write by itself; tunnels are opened before. */
export interface WritableResponse {
  status: number;
  /** Several values are as many headers: cookies. */
  headers: Record<string, string | string[]>;
  body: Exclude<ResponseBody, TunnelBody>;
}

/** Resolves when the response has been handed to the connection or its client has gone; never rejects for the latter. */
export async function writeResponse(
  sink: ResponseSink,
  { status, headers, body }: WritableResponse,
  options: WriteOptions,
): Promise<void> {
  if (options.headOnly || body.kind === 'none') return writeHead(sink, status, headers, body);
  switch (body.kind) {
    case 'object':
      return writeWhole(sink, { status, headers }, body.bytes(), options);
    case 'bytes':
      return writeWhole(sink, { status, headers }, body.bytes, options);
    case 'list':
      return writeList(sink, { status, headers }, body.chunks(), options);
    case 'stream':
      sink.begin(status, headers, true);
      return pump(sink, body.chunks);
    case 'watch':
      sink.begin(status, headers, true);
      return writeWatch(sink, body.frames);
  }
}

/** The failure as every client expects it: a Status object. */
export function toStatusResponse(error: StatusError): WritableResponse {
  const value = error.toStatus();
  const seconds = error.details?.retryAfterSeconds;
  return {
    status: error.code,
    headers: {
      'content-type': 'application/json',
      ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }),
    },
    body: { kind: 'object', value, bytes: () => Buffer.from(JSON.stringify(value)) },
  };
}

type Head = Pick<WritableResponse, 'status' | 'headers'>;

function writeHead(sink: ResponseSink, status: number, headers: Head['headers'], body: ResponseBody): void {
  const length = body.kind === 'none' && status !== 204 && status !== 304 ? { 'content-length': 0 } : {};
  sink.begin(status, { ...headers, ...length }, false);
  sink.writable.end();
}

function writeWhole(
  sink: ResponseSink,
  { status, headers }: Head,
  bytes: Uint8Array,
  options: WriteOptions,
): Promise<void> | void {
  if (options.compress && bytes.length >= COMPRESS_FROM_BYTES) {
    return writeCompressed(sink, { status, headers }, [bytes]);
  }
  sink.begin(status, { ...headers, 'content-length': bytes.length }, true);
  sink.writable.end(bytes);
}

async function writeList(
  sink: ResponseSink,
  head: Head,
  chunks: Iterable<Uint8Array>,
  options: WriteOptions,
): Promise<void> {
  const pieces = joined(chunks);
  const first = pieces.next();
  const second = first.done ? first : pieces.next();
  if (second.done) return writeWhole(sink, head, first.done ? Buffer.alloc(0) : first.value, options);
  const all = prepend([first.value!, second.value], pieces);
  if (options.compress) return writeCompressed(sink, head, all);
  sink.begin(head.status, head.headers, true);
  return pump(sink, all);
}

/** Chunks put together to pieces of {@link PIECE_BYTES} or more; only the last may be smaller. */
function* joined(chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for (const chunk of chunks) {
    pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes < PIECE_BYTES) continue;
    yield pending.length === 1 ? chunk : Buffer.concat(pending, pendingBytes);
    pending = [];
    pendingBytes = 0;
  }
  if (pendingBytes > 0) yield Buffer.concat(pending, pendingBytes);
}

function* prepend(first: Uint8Array[], rest: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield* first;
  yield* rest;
}

async function writeCompressed(
  sink: ResponseSink,
  { status, headers }: Head,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  sink.begin(status, { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' }, true);
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  sink.writable.once('close', () => gzip.destroy());
  const sending = pump(sink, gzip);
  await writeAll(gzip, chunks);
  gzip.end();
  await sending;
}

async function pump(
  sink: ResponseSink,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  try {
    await writeAll(sink.writable, chunks);
    sink.writable.end();
  } catch (error) {
    sink.breakOff();
    if (!isGone(sink.writable)) throw error;
  }
}

async function writeAll(
  target: Writable,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of chunks) {
    if (isGone(target)) return;
    if (!target.write(chunk)) await drained(target);
  }
}

async function writeWatch(sink: ResponseSink, frames: AsyncIterable<readonly WatchFrame[]>): Promise<void> {
  const { writable } = sink;
  let isCorked = false;
  const uncork = () => {
    isCorked = false;
    writable.uncork();
  };
  try {
    for await (const batch of frames) {
      if (isGone(writable)) return;
      if (!isCorked) {
        isCorked = true;
        writable.cork();
        process.nextTick(uncork);
      }
      let hasRoom = true;
      for (const frame of batch) hasRoom = writable.write(frame.bytes());
      if (!hasRoom) await drained(writable);
    }
    writable.end();
  } catch (error) {
    if (isGone(writable)) return;
    sink.breakOff();
    throw error;
  }
}

function isGone(writable: Writable): boolean {
  return writable.destroyed || writable.writableEnded;
}

/** Resolves when `writable` has room again or is gone; breaks it off when the reader stalls. */
function drained(writable: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (isGone(writable) || !writable.writableNeedDrain) return resolve();
    const onSettled = () => {
      clearTimeout(timer);
      writable.off('drain', onSettled).off('close', onSettled);
      resolve();
    };
    const timer = setTimeout(() => writable.destroy(), STALL_TIMEOUT_MS);
    writable.on('drain', onSettled).on('close', onSettled);
  });
}
