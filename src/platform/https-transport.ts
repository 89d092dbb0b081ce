/**
 * A Transport over TLS and HTTP/2: how agents and the command line reach an API server. One connection carries all
 * requests and watches; it is opened when first needed and again after it broke.
 *
 * Border rules: every failure of the connection comes out as StatusError `ServiceUnavailable`; an abort as the signal's
 * own reason. A body is pulled by its reader, and HTTP/2's flow control holds the server back meanwhile. An idle
 * connection does not keep the process alive; a busy one that answers no ping is taken for dead.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { ApiRequest, ApiResponse, RequestBody, ResponseBody, Transport } from '../api/message.ts';
import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { StatusError } from '../base/status-error.ts';
import { IncomingBody } from './incoming-body.ts';

export interface HttpsTransportOptions {
  /** `https://127.0.0.1:6443`. */
  server: string;
  clock: Clock;
  /** Read anew for each connection, so that rotated certificates are picked up. */
  credentials: () => TlsCredentials;
}

/** PEM, as a `ClientTls` of `pki.ts`. Without `cert` and `key` the client is known by its token, or not at all. */
export interface TlsCredentials {
  serverCa: string;
  cert?: string;
  key?: string;
}

export interface HttpsTransport extends Transport {
  /** New requests use a new connection with fresh credentials; the old one ends with its last request. */
  renew(): void;
  /** Ends the connection and whatever still runs on it. */
  close(): void;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Sooner than client-go (30 s + 15 s): a hung server is to be replaced within 15 s. */
const PING_INTERVAL_MS = 5_000;
const PING_TIMEOUT_MS = 5_000;

/** The HTTP/2 default of 64 KiB would cap a list's throughput at window / round trip. */
const WINDOW_BYTES = 4 * 1024 * 1024;

export function newHttpsTransport(options: HttpsTransportOptions): HttpsTransport {
  return new Http2Transport(options);
}

class Http2Transport implements HttpsTransport {
  readonly #options: HttpsTransportOptions;
  #connection: Connection | undefined;

  constructor(options: HttpsTransportOptions) {
    this.#options = options;
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    signal.throwIfAborted();
    if (this.#connection === undefined || this.#connection.isEnding) {
      this.#connection = new Connection(this.#options);
    }
    return this.#connection.send(request, signal);
  }

  renew(): void {
    this.#connection?.end();
    this.#connection = undefined;
  }

  close(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }
}

/** One HTTP/2 session and the streams on it. */
class Connection {
  readonly #server: string;
  readonly #clock: Clock;
  readonly #session: ClientHttp2Session;
  #streams = 0;
  #ping: Timer | undefined;
  /** Why the session ended; each of its streams fails with it. */
  #failure: unknown;

  constructor({ server, clock, credentials }: HttpsTransportOptions) {
    const { serverCa, cert, key } = credentials();
    this.#server = server;
    this.#clock = clock;
    this.#session = connect(server, {
      ca: serverCa,
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    this.#session.on('connect', () => {
      connectTimeout.cancel();
      this.#session.setLocalWindowSize(4 * WINDOW_BYTES);
    });
    this.#session.on('error', (error) => {
      this.#failure ??= error;
    });
    this.#session.on('close', () => {
      connectTimeout.cancel();
      this.#ping?.cancel();
    });
    const connectTimeout = clock.setTimer(CONNECT_TIMEOUT_MS, () => {
      this.#fail(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`));
    });
    this.#session.unref();
  }

  /** Takes no new request. */
  get isEnding(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }

  end(): void {
    this.#session.close();
  }

  destroy(): void {
    this.#fail(new Error('the connection was closed'));
  }

  send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const body = encodeBody(request.body);
    const query = request.query.toString();
    const stream = this.#session.request(
      {
        ...request.headers,
        ...(body === undefined ? {} : { 'content-length': String(body.length) }),
        ':method': request.method,
        ':path': query === '' ? request.path : `${request.path}?${query}`,
      },
      { endStream: body === undefined },
    );
    this.#track(stream, signal);
    if (body !== undefined) stream.end(body);
    return this.#awaitResponse(stream, signal);
  }

  /** Keeps the process alive and the connection watched for as long as the stream lives; an abort ends the stream. */
  #track(stream: ClientHttp2Stream, signal: AbortSignal): void {
    const onAbort = () => stream.close(constants.NGHTTP2_CANCEL);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#streams++;
    if (this.#streams === 1) {
      this.#session.ref();
      this.#schedulePing();
    }
    // What a stream that ended badly means is told to its reader; without a listener it would end the process.
    stream.on('error', (error) => {
      this.#failure ??= this.#session.destroyed ? error : undefined;
    });
    stream.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      this.#streams--;
      if (this.#streams > 0) return;
      this.#ping?.cancel();
      if (!this.#session.destroyed) this.#session.unref();
    });
  }

  #awaitResponse(stream: ClientHttp2Stream, signal: AbortSignal): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      const onClose = () => reject(signal.aborted ? signal.reason : this.#unreachable(stream.errored));
      stream.once('close', onClose);
      stream.once('response', (headers) => {
        stream.off('close', onClose);
        resolve({
          status: headers[':status'] ?? 0,
          headers: plainHeaders(headers),
          body: this.#toBody(stream, headers, signal),
        });
      });
    });
  }

  #toBody(stream: ClientHttp2Stream, headers: IncomingHttpHeaders, signal: AbortSignal): ResponseBody {
    if (stream.readableEnded) return { kind: 'none' };
    const isHeadOnly = stream.sentHeaders?.[':method'] === 'HEAD';
    const body = new IncomingBody(stream, isHeadOnly ? undefined : headers['content-length']);
    return { kind: 'stream', chunks: this.#read(stream, body, signal) };
  }

  async *#read(
    stream: ClientHttp2Stream,
    body: IncomingBody,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* body.chunks();
    } finally {
      // The reader may have left before the end.
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
    }
    if (body.isWhole) return;
    if (signal.aborted) throw signal.reason;
    throw this.#unreachable(stream.errored);
  }

  #schedulePing(): void {
    this.#ping?.cancel();
    this.#ping = this.#clock.setTimer(PING_INTERVAL_MS, () => {
      if (this.#session.destroyed || this.#session.connecting) return this.#schedulePingUnlessOver();
      this.#ping = this.#clock.setTimer(PING_TIMEOUT_MS, () => {
        this.#fail(new Error(`no answer to a ping within ${PING_TIMEOUT_MS} ms`));
      });
      this.#session.ping(() => this.#schedulePingUnlessOver());
    });
  }

  #schedulePingUnlessOver(): void {
    this.#ping?.cancel();
    if (this.#streams > 0 && !this.#session.destroyed) this.#schedulePing();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#session.destroy(error);
  }

  #unreachable(streamError: unknown): StatusError {
    const cause = this.#failure ?? streamError;
    const why = cause instanceof Error ? describe(cause) : 'the connection ended';
    return new StatusError('ServiceUnavailable', `the server at ${this.#server} cannot be reached: ${why}`, {
      cause,
    });
  }
}

/** An attempt on several addresses fails as a group without a message of its own. */
function describe(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((inner) => String(inner.message)).join('; ');
  return error.message;
}

function encodeBody(body: RequestBody): Uint8Array | undefined {
  switch (body.kind) {
    case 'none':
      return undefined;
    case 'bytes':
      return body.bytes;
    case 'object':
      return Buffer.from(JSON.stringify(body.value));
    case 'stream':
      assert(false, 'no client of our own sends a body piece by piece');
  }
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(':'))
      plain[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}
