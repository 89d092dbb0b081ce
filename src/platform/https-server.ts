/**
 * The HTTPS listener of the API server and of the node agents: HTTP/2 and HTTP/1.1 on one port, client certificates asked
 * for but judged by whoever handles the request. Everything that crosses is a value: {@link ApiRequest} in,
 * {@link ApiResponse} out; `tunnel` answers are opened here.
 *
 *     socket ─ TLS ─┬─ h2 stream ──┐
 *                   ├─ h1 request ─┼─> ApiRequest ─> handle ─> ApiResponse ─> writeResponse
 *                   └─ h1 upgrade ─┴─> onUpgrade, or handle and a tunnel
 *
 * Invariant: whatever a client does, it costs a bounded amount of memory and ends in a bounded time.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ApiRequest, ApiResponse, RequestBody } from '../api/message.ts';
import { aborted } from '../base/abort.ts';
import type { Logger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import { type RemotePeer, toPeer } from './https-peer.ts';
import { isApiMethod, type RequestHead, readBody, toApiRequest } from './https-request.ts';
import {
  type ResponseSink,
  toStatusResponse,
  type WritableResponse,
  writeResponse,
} from './https-response.ts';
import { newHttp1Sink, newHttp2Sink, newUpgradeSink, refuse } from './https-sink.ts';
import { listenOn } from './listen.ts';
import { Pipeline } from './pipeline.ts';
import type { ServerTls } from './pki.ts';
import { RequestDeadline } from './request-deadline.ts';
import type { Tunnel, UpgradedConnection } from './tunnel.ts';
import { breakOffUnread, type SentAnswer, SWEEP_MS } from './unread-answers.ts';

export interface HttpsServerOptions {
  host: string;
  /** 0 picks a free one. */
  port: number;
  tls: ServerTls;
  /** Rejecting with StatusError answers its Status; with anything else, a 500 that is logged. */
  handle(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
  /** Whose requests' bodies `handle` is given unread, of any length: it must hand them on. */
  isStreamed?(path: string): boolean;
  /** Opens the tunnels that `handle` answers with; a server that never answers so needs none. */
  tunnel?: Tunnel;
  /** Takes over HTTP/1.1 upgrades, raw; without it they go to `handle`, which may answer with a tunnel or refuse. */
  onUpgrade?(request: ApiRequest, connection: RawUpgrade): void;
}

/** As Node's `upgrade` event gives it, and as WebSocket libraries take it. */
export interface RawUpgrade extends UpgradedConnection {
  message: IncomingMessage;
}

export interface HttpsServer {
  /** @throws ListenError (listen.ts) when the address cannot be had */
  listen(): Promise<{ host: string; port: number }>;
  /** Presents `tls` to connections from now on; existing ones go on. */
  setTls(tls: ServerTls): void;
  /** Ends watches and streams, lets other requests finish for at most `graceMs`, and closes. */
  close(graceMs: number): Promise<void>;
}

const CONNECTIONS_MAX = 10_000;
const HEADER_BYTES_MAX = 64 * 1024;
/** As upstream announces. Source: k8s.io/apiserver/pkg/server/secure_serving.go */
const STREAMS_PER_CONNECTION_MAX = 250;
/** Larger than HTTP/2's default of 64 KiB, so that an object arrives in one round trip. */
const WINDOW_BYTES = 1024 * 1024;
const SESSION_MEMORY_MIB = 64;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/**
 * Requests that a client may take back, at once and in each second, before its connection ends: the work for each is done
 * already (CVE-2023-44487). At once: all that it may have open.
 */
const STREAM_RESETS = { burst: STREAMS_PER_CONNECTION_MAX, perSecond: 50 };
/** Silent connections are probed from then on, so that a dead peer is noticed. */
const KEEP_ALIVE_MS = 30_000;

/** Read by the HTTP/1.1 half of Node's server; its types know it only there. Its timeouts do not work here: see request-deadline.ts. */
const HTTP1_LIMITS = { maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: 0 };

const SWITCHING_PROTOCOLS = 101;

const CLIENT_GONE = new Error('the client closed the request');
const SHUTTING_DOWN = new Error('the server is shutting down');

export function newHttpsServer(log: Logger, options: HttpsServerOptions): HttpsServer {
  return new NodeHttpsServer(log, options);
}

function toServerOptions(tls: ServerTls): SecureServerOptions {
  return {
    ...toContextOptions(tls),
    allowHTTP1: true,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    maxSessionMemory: SESSION_MEMORY_MIB,
    streamResetBurst: STREAM_RESETS.burst,
    streamResetRate: STREAM_RESETS.perSecond,
    settings: {
      maxConcurrentStreams: STREAMS_PER_CONNECTION_MAX,
      initialWindowSize: WINDOW_BYTES,
      maxHeaderListSize: HEADER_BYTES_MAX,
    },
    ...HTTP1_LIMITS,
  };
}

function toContextOptions(tls: ServerTls) {
  return { key: tls.key, cert: tls.cert, ca: tls.clientCa, minVersion: 'TLSv1.2' } as const;
}

class NodeHttpsServer implements HttpsServer {
  readonly #log: Logger;
  readonly #options: HttpsServerOptions;
  readonly #server: Http2SecureServer;
  readonly #peers = new WeakMap<object, RemotePeer>();
  readonly #sockets = new Set<TLSSocket>();
  readonly #sessions = new Set<Http2Session>();
  /** By socket for HTTP/1.1, by session for HTTP/2. */
  readonly #deadlines = new WeakMap<object, RequestDeadline>();
  readonly #pipelines = new WeakMap<object, Pipeline>();
  readonly #requests = new Set<RunningRequest>();
  readonly #sweeper: NodeJS.Timeout;
  #isClosing = false;

  constructor(log: Logger, options: HttpsServerOptions) {
    this.#log = log;
    this.#options = options;
    this.#server = createSecureServer(toServerOptions(options.tls));
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#sweeper = setInterval(() => breakOffUnread(this.#requests, performance.now()), SWEEP_MS).unref();
    this.#server.on('secureConnection', (socket) => this.#onConnection(socket));
    this.#server.on('session', (session) => this.#onSession(session));
    this.#server.on('request', (message, response) =>
      this.#onHttp1Request(message as unknown as IncomingMessage, response as unknown as ServerResponse),
    );
    // With a 'request' listener Node serves HTTP/2 through a slower imitation of HTTP/1's objects: take streams themselves.
    this.#server.removeAllListeners('stream');
    this.#server.on('stream', (stream, headers) => this.#onStream(stream, headers));
    this.#server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#onUpgrade({ message, socket, head });
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => refuse(error, socket));
    this.#server.on('tlsClientError', (error) => log.debug('TLS handshake failed', { error }));
    this.#server.on('sessionError', (error) => log.debug('HTTP/2 session failed', { error }));
  }

  async listen(): Promise<{ host: string; port: number }> {
    await listenOn(this.#server, this.#options);
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  setTls(tls: ServerTls): void {
    this.#server.setSecureContext(toContextOptions(tls));
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#sweeper);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    for (const request of this.#requests) request.onShutdown();
    const grace = aborted(AbortSignal.timeout(graceMs));
    await Promise.race([this.#idle(), grace]);
    // HTTP/2 sessions end by themselves; connections that wait for another request have to be told.
    for (const socket of this.#sockets) if (socket.alpnProtocol !== 'h2') socket.destroySoon();
    await Promise.race([closed, grace]);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #idle(): Promise<void> {
    while (this.#requests.size > 0) await [...this.#requests][0]!.finished;
  }

  #track<T extends { once(event: 'close', listener: () => void): unknown }>(set: Set<T>, item: T): void {
    set.add(item);
    item.once('close', () => set.delete(item));
  }

  #onConnection(socket: TLSSocket): void {
    this.#track(this.#sockets, socket);
    if (socket.alpnProtocol !== 'h2') this.#expectRequests(socket, () => socket.destroy());
  }

  #expectRequests(connection: TLSSocket | Http2Session, onLate: () => void): void {
    const deadline = new RequestDeadline(onLate);
    this.#deadlines.set(connection, deadline);
    connection.once('close', () => deadline.close());
  }

  #onSession(session: ServerHttp2Session): void {
    this.#peers.set(session, toPeer(session.socket as TLSSocket));
    this.#track(this.#sessions, session);
    session.on('error', () => session.destroy());
    // A client may hold a connection as long as it uses it: a silent watch counts.
    this.#expectRequests(session, () => session.close());
    if (this.#isClosing) session.close();
  }

  #peerOf(socket: TLSSocket): RemotePeer {
    const known = this.#peers.get(socket);
    if (known) return known;
    const peer = toPeer(socket);
    this.#peers.set(socket, peer);
    return peer;
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const session = stream.session!;
    this.#expectEnd(session, stream);
    const peer = this.#peers.get(session)!;
    const head = { method: headers[':method'], target: headers[':path'] ?? '/', headers };
    const source = stream.endAfterHeaders ? undefined : stream;
    this.#serve({ head, source, peer, sink: newHttp2Sink(stream) });
  }

  #expectEnd(connection: object, request: { once(event: 'close', listener: () => void): unknown }): void {
    const deadline = this.#deadlines.get(connection);
    deadline?.begin();
    request.once('close', () => deadline?.end());
  }

  #onHttp1Request(message: IncomingMessage, response: ServerResponse): void {
    const { socket } = message;
    // What had arrived with the last request that it could send.
    if (socket.destroyed) return;
    const pipeline = this.#pipelines.get(socket) ?? new Pipeline();
    this.#pipelines.set(socket, pipeline);
    this.#expectEnd(socket, response);
    response.once('close', () => {
      if (!socket.destroyed) pipeline.next();
    });
    if (!pipeline.add(() => this.#serveHttp1(message, response))) socket.destroy();
  }

  #serveHttp1(message: IncomingMessage, response: ServerResponse): void {
    const { headers } = message;
    const head = { method: message.method, target: message.url ?? '/', headers };
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    if (this.#isClosing) response.setHeader('connection', 'close');
    const source = hasBody ? message : undefined;
    const peer = this.#peerOf(message.socket as TLSSocket);
    this.#serve({ head, source, peer, sink: newHttp1Sink(response, hasBody) });
  }

  #onUpgrade(connection: RawUpgrade): void {
    const { message, socket } = connection;
    this.#deadlines.get(message.socket)?.begin();
    const peer = this.#peerOf(message.socket as TLSSocket);
    const head = { method: message.method, target: message.url ?? '/', headers: message.headers };
    socket.on('error', () => socket.destroy());
    if (this.#options.onUpgrade && isApiMethod(head.method)) {
      const request = toApiRequest(head as RequestHead, { kind: 'none' }, peer);
      this.#options.onUpgrade(request, connection);
      return;
    }
    const sink = newUpgradeSink(new ServerResponse(message), connection.socket);
    this.#serve({ head, source: undefined, peer, sink, upgrade: connection });
  }

  #serve(exchange: Exchange): void {
    const running = new RunningRequest(exchange.sink);
    this.#requests.add(running);
    void running.finished.then(() => this.#requests.delete(running));
    this.#exchange(exchange, running).catch((error) => {
      this.#log.error('response failed', { error, path: exchange.head.target });
      exchange.sink.breakOff();
    });
  }

  async #exchange(exchange: Exchange, running: RunningRequest): Promise<void> {
    const response = await this.#answer(exchange, running);
    if (response === 'joined') {
      running.finish();
      return;
    }
    running.isLong = response.body.kind === 'watch' || response.body.kind === 'stream';
    if (this.#isClosing) running.onShutdown();
    const { head, peer } = exchange;
    await writeResponse(exchange.sink, response, {
      headOnly: head.method === 'HEAD',
      compress: isWorthCompressing(peer, String(head.headers['accept-encoding'] ?? '')),
    });
    running.sentAtMs = performance.now();
  }

  async #answer(exchange: Exchange, running: RunningRequest): Promise<WritableResponse | 'joined'> {
    const { head, source, peer } = exchange;
    try {
      if (!isApiMethod(head.method)) throw newUnknownMethod();
      const request = toApiRequest(head as RequestHead, { kind: 'none' }, peer);
      if (source) request.body = await this.#bodyOf(request, source);
      const { body, ...response } = await this.#options.handle(request, running.signal);
      if (body.kind !== 'tunnel') return { ...response, body };
      if (body.onClosed) tellEnd(exchange, running, body.onClosed);
      const answer = await this.#throughTunnel(request, body.target, exchange, running.signal);
      body.onAnswered?.(answer === 'joined' ? SWITCHING_PROTOCOLS : answer.status);
      return answer === 'joined'
        ? answer
        : { ...answer, headers: { ...answer.headers, ...response.headers } };
    } catch (error) {
      return this.#failure(error, exchange, running.signal);
    }
  }

  #failure(error: unknown, { source }: Exchange, signal: AbortSignal): WritableResponse {
    // What is left of a refused body is thrown away, so that the answer can be read before the connection ends.
    source?.resume();
    return toStatusResponse(this.#toStatusError(error, signal));
  }

  async #bodyOf({ path, headers }: ApiRequest, source: Readable): Promise<RequestBody> {
    if (!this.#options.isStreamed?.(path)) return readBody(source, headers['content-length']);
    // Whoever stops reading half-way still has an answer for the client, so the connection is left alone.
    return { kind: 'stream', chunks: source.iterator({ destroyOnReturn: false }) };
  }

  async #throughTunnel(
    request: ApiRequest,
    target: Extract<ApiResponse['body'], { kind: 'tunnel' }>['target'],
    exchange: Exchange,
    signal: AbortSignal,
  ): Promise<WritableResponse | 'joined'> {
    const { tunnel } = this.#options;
    const { upgrade } = exchange;
    try {
      if (!tunnel) throw new StatusError('InternalError', 'this server opens no tunnels');
      if (!upgrade) return await tunnel.forward(target, request, signal);
      const result = await tunnel.upgrade(target, request, upgrade, signal);
      return result.kind === 'joined' ? 'joined' : result.response;
    } catch (error) {
      return this.#failure(error, exchange, signal);
    }
  }

  #toStatusError(error: unknown, signal: AbortSignal): StatusError {
    if (error instanceof StatusError) return error;
    if (!signal.aborted) this.#log.error('request handler failed', { error });
    return new StatusError('InternalError', 'Internal error occurred: see the log of the server');
  }
}

/** One request on its way from its head to the end of its answer. */
interface Exchange {
  head: Omit<RequestHead, 'method'> & { method: string | undefined };
  /** Where the body comes from; undefined when there is none. */
  source: Readable | undefined;
  peer: RemotePeer;
  sink: ResponseSink;
  upgrade?: RawUpgrade;
}

class RunningRequest implements SentAnswer {
  /** The answer has been sent, or the client has gone. */
  readonly finished: Promise<void>;
  readonly finish: () => void;
  isLong = false;
  sentAtMs: number | undefined;
  readonly #controller = new AbortController();
  readonly #sink: ResponseSink;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
    const { writable } = sink;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.finish = resolve;
    // A stream that the client resets is ended by Node itself, and would then look finished.
    writable.once('aborted', () => this.#controller.abort(CLIENT_GONE));
    writable.once('close', () => {
      if (!writable.writableFinished) this.#controller.abort(CLIENT_GONE);
      resolve();
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  breakOff(): void {
    this.#sink.breakOff();
  }

  /** A watch or a stream would never end by itself. */
  onShutdown(): void {
    if (this.isLong) this.#controller.abort(SHUTTING_DOWN);
  }
}

/** A joined connection outlives the request that it began with. */
function tellEnd({ upgrade }: Exchange, running: RunningRequest, onClosed: () => void): void {
  if (upgrade) upgrade.socket.once('close', onClosed);
  else void running.finished.then(onClosed);
}

function newUnknownMethod(): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  );
}

/** On the machine itself copying is faster than any compression. */
function isWorthCompressing(peer: RemotePeer, acceptEncoding: string): boolean {
  const isLoopback =
    peer.address.startsWith('127.') || peer.address === '::1' || peer.address.startsWith('::ffff:127.');
  return !isLoopback && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(acceptEncoding);
}
