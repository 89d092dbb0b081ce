/**
 * The agent's upgraded connections: WebSocket (channels for commands, bytes for logs; for port-forward SPDY inside, or channels)
 * and plain SPDY/3.1 for older clients. Decides by the request's headers, asks the agent API what is meant, joins the two.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiRequest } from '../api/message.ts';
import { assert } from '../base/assert.ts';
import type { Logger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import type { AgentApi, AgentStream } from '../kubelet/server/agent-api.ts';
import { chooseExecProtocol, EXEC_PROTOCOLS } from '../kubelet/server/exec-channels.ts';
import type { RawUpgrade } from './https-server.ts';
import {
  newCommandStreamCollector,
  serveCommandOnSpdy,
  serveCommandOnWebSocket,
} from './kubelet-command-streams.ts';
import { CHANNELS_PROTOCOL, forwardOnChannels, portsOf } from './kubelet-port-channels.ts';
import { newPortForwarder } from './kubelet-port-forward.ts';
import { chooseLogProtocol, sendLog } from './log-web-socket.ts';
import { receiveOneByOne } from './message-receiver.ts';
import { SpdyConnection, type SpdyStream } from './spdy/connection.ts';

/** What kubectl port-forward offers; the slash makes it no token, so the WebSocket library must not see it. */
const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';
const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';
const SPDY_EXEC_PROTOCOLS = ['v4.channel.k8s.io'];
const MESSAGE_BYTES_MAX = 2 * 1024 * 1024;

export interface StreamingDeps {
  api: AgentApi;
  log: Logger;
  /** Ends every stream when the agent stops. */
  signal: AbortSignal;
}

/** For `onUpgrade` of the HTTPS server. */
export function newStreamingUpgrade(deps: StreamingDeps): (request: ApiRequest, upgrade: RawUpgrade) => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    // Whatever reaches the library has been chosen already.
    handleProtocols: (offered) =>
      chooseExecProtocol([...offered]) ?? chooseLogProtocol([...offered]) ?? false,
  });
  sockets.on('headers', (headers, message) => {
    if (TUNNELLED.has(message)) headers.push(`Sec-WebSocket-Protocol: ${TUNNEL_PROTOCOL}`);
  });
  return (request, upgrade) => {
    upgrade.socket.on('error', () => upgrade.socket.destroy());
    serveUpgrade(deps, sockets, request, upgrade).catch((error: unknown) => {
      if (!(error instanceof StatusError)) deps.log.warn('an upgrade failed', { path: request.path, error });
      refuse(upgrade.socket, error);
    });
  };
}

/** Requests whose answer carries {@link TUNNEL_PROTOCOL}. */
const TUNNELLED = new WeakSet<object>();

async function serveUpgrade(
  deps: StreamingDeps,
  sockets: WebSocketServer,
  request: ApiRequest,
  upgrade: RawUpgrade,
): Promise<void> {
  if (request.path.startsWith(LOG_PATH)) return serveLog(deps, sockets, request, upgrade);
  const target = await deps.api.openStream(request, deps.signal);
  const protocol = (request.headers['upgrade'] ?? '').toLowerCase();
  if (protocol === 'spdy/3.1') return serveSpdyUpgrade(deps, target, request, upgrade);
  if (protocol !== 'websocket') throw new StatusError('BadRequest', `cannot upgrade to "${protocol}"`);
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  let ports: number[] | undefined;
  if (target.kind === 'portForward') {
    if (!offered.includes(TUNNEL_PROTOCOL)) ports = portsOf(request.query);
    choosePortForward(upgrade.message, offered);
  } else if (chooseExecProtocol(offered) === undefined) {
    throw new StatusError(
      'BadRequest',
      `unsupported protocols, expected one of ${EXEC_PROTOCOLS.join(', ')}`,
    );
  }
  const { head, message, socket } = upgrade;
  sockets.handleUpgrade(message, socket, head, (webSocket) => {
    const serving =
      target.kind === 'command'
        ? serveCommandOnWebSocket(webSocket, target, deps.log, deps.signal)
        : ports === undefined
          ? tunnelSpdy(webSocket, target, deps)
          : forwardOnChannels(webSocket, { target, ports }, deps.log, deps.signal);
    serving.then(
      () => endAfterClose(socket),
      (error: unknown) => {
        deps.log.debug('a stream broke', { path: request.path, error });
        webSocket.terminate();
      },
    );
  });
}

const LOG_PATH = '/containerLogs/';

async function serveLog(
  { api, log, signal }: StreamingDeps,
  sockets: WebSocketServer,
  request: ApiRequest,
  { head, message, socket }: RawUpgrade,
): Promise<void> {
  const gone = new AbortController();
  const { body } = await api.handle(request, AbortSignal.any([signal, gone.signal]));
  assert(body.kind === 'stream', 'a log is a stream');
  sockets.handleUpgrade(message, socket, head, (webSocket) => {
    webSocket.on('close', () => gone.abort(new Error('the client went away')));
    webSocket.on('error', (error) => gone.abort(error));
    sendLog(webSocket, body.chunks, gone.signal).then(
      () => endAfterClose(socket),
      (error: unknown) => {
        log.debug('a log stream broke', { path: request.path, error });
        webSocket.terminate();
      },
    );
  });
}

/**
 * The server's side ends with its close frame, as upstream's does. A client that got that frame in one piece with the last
 * message (Python's) may wait for the end of the connection before it looks at what it has.
 */
function endAfterClose(socket: Duplex): void {
  socket.end();
}

/** SPDY inside for who offers it, plain channels for the rest. @throws StatusError BadRequest */
function choosePortForward(message: IncomingMessage, offered: readonly string[]): void {
  if (offered.includes(TUNNEL_PROTOCOL)) {
    TUNNELLED.add(message);
    delete message.headers['sec-websocket-protocol'];
  } else if (offered.includes(CHANNELS_PROTOCOL)) {
    message.headers['sec-websocket-protocol'] = CHANNELS_PROTOCOL;
  } else {
    const known = `${TUNNEL_PROTOCOL}, ${CHANNELS_PROTOCOL}`;
    throw new StatusError('BadRequest', `unsupported protocols, expected one of ${known}`);
  }
}

/** SPDY frames inside binary messages. Resolves when the client has gone. */
async function tunnelSpdy(
  webSocket: WebSocket,
  target: Extract<AgentStream, { kind: 'portForward' }>,
  { log, signal }: StreamingDeps,
): Promise<void> {
  const gone = new AbortController();
  const scope = AbortSignal.any([signal, gone.signal]);
  const send = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      webSocket.send(bytes, (error) => (error ? reject(error) : resolve()));
    });
  const connection = new SpdyConnection(send, newPortForwarder(target, log, scope));
  const drop = (error: unknown) => {
    log.debug('SPDY connection dropped', { error });
    webSocket.terminate();
  };
  receiveOneByOne(webSocket, (data) => connection.receive(data), drop);
  await new Promise<void>((resolve) => {
    webSocket.on('close', () => resolve());
    webSocket.on('error', () => resolve());
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  gone.abort(new Error('the client went away'));
  connection.close();
  webSocket.close();
}

/** SPDY on the bare connection, as clients before WebSocket support speak it. */
async function serveSpdyUpgrade(
  { log, signal }: StreamingDeps,
  target: AgentStream,
  request: ApiRequest,
  { head, socket }: RawUpgrade,
): Promise<void> {
  const ours = target.kind === 'portForward' ? [PORT_FORWARD_PROTOCOL] : SPDY_EXEC_PROTOCOLS;
  const offered = (request.headers['x-stream-protocol-version'] ?? '').split(',').map((name) => name.trim());
  const chosen = ours.find((name) => offered.includes(name));
  if (chosen === undefined) {
    throw new StatusError('Forbidden', `no compatible stream protocol; the server has ${ours.join(', ')}`);
  }
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
      `X-Stream-Protocol-Version: ${chosen}\r\n\r\n`,
  );
  const gone = new AbortController();
  const scope = AbortSignal.any([signal, gone.signal]);
  const { done, onStream } = streamConsumer(target, log, scope);
  const connection = new SpdyConnection((bytes) => writeTo(socket, bytes), onStream);
  const reading = readInto(connection, head, socket);
  await Promise.race([reading, done]).catch((error: unknown) =>
    log.debug('SPDY connection dropped', { error }),
  );
  gone.abort(new Error('the client went away'));
  connection.close();
  socket.end();
}

/** `done` resolves when a command is over; a port-forward goes on until the client leaves. */
function streamConsumer(
  target: AgentStream,
  log: Logger,
  signal: AbortSignal,
): { onStream: (stream: SpdyStream) => void; done: Promise<void> } {
  if (target.kind === 'portForward') {
    return { onStream: newPortForwarder(target, log, signal), done: new Promise(() => {}) };
  }
  const collector = newCommandStreamCollector(target.options);
  return {
    onStream: (stream) => collector.onStream(stream),
    done: collector.streams.then((found) => serveCommandOnSpdy(found, target, log, signal)),
  };
}

async function readInto(connection: SpdyConnection, head: Buffer, socket: Duplex): Promise<void> {
  if (head.length > 0) await connection.receive(head);
  for await (const chunk of socket as AsyncIterable<Buffer>) await connection.receive(chunk);
}

function writeTo(socket: Duplex, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Answers the upgrade with a Status instead. */
function refuse(socket: Duplex, error: unknown): void {
  const status =
    error instanceof StatusError ? error : new StatusError('InternalError', 'Internal error occurred');
  const body = JSON.stringify(status.toStatus());
  socket.end(
    `HTTP/1.1 ${status.code} ${status.reason}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
