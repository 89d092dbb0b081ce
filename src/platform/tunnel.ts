/**
 * Joins a client to a node agent's own HTTPS port: exec, attach, port-forward (upgraded connections) and logs (an ordinary
 * answer that streams). The API server authenticates itself there with its own client certificate.
 *
 * Invariant: not one byte of the client's goes to the agent before the agent has answered `101`. After any other answer
 * the client's connection is closed, so nothing that it sends can be taken for a request of the API server's.
 * @see CVE-2018-1002105
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, type RequestOptions, request as sendRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ApiRequest, TunnelTarget } from '../api/message.ts';
import { StatusError } from '../base/status-error.ts';
import type { WritableResponse } from './https-response.ts';
import type { ClientTls } from './pki.ts';

/** The client's side of an upgrade: what Node handed over with the `upgrade` event. */
export interface UpgradedConnection {
  socket: Duplex;
  /** Bytes that arrived behind the request's head. */
  head: Buffer;
}

export type UpgradeResult =
  /** Both sides are joined, and whoever closes first closes the other. */
  | { kind: 'joined' }
  /** The agent refused: its answer, to be given to the client before closing. */
  | { kind: 'refused'; response: WritableResponse };

export interface Tunnel {
  /** Repeats a plain request at `target`; the answer streams. @throws StatusError InternalError when it cannot be reached */
  forward(target: TunnelTarget, request: ApiRequest, signal: AbortSignal): Promise<WritableResponse>;
  /** Repeats an upgrade request at `target`. @throws StatusError InternalError when it cannot be reached */
  upgrade(
    target: TunnelTarget,
    request: ApiRequest,
    connection: UpgradedConnection,
    signal: AbortSignal,
  ): Promise<UpgradeResult>;
}

/** The agent must have answered with a head by then. */
const HEAD_TIMEOUT_MS = 30_000;

/** Credentials and what else speaks of the client's identity or of its own connection to us. */
const PRIVATE_HEADERS = /^(?:host|authorization|cookie|content-length|expect|impersonate-.*|x-remote-.*)$/;
const HOP_HEADERS =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings)$/;

/** `credentials` is asked for every connection, so a renewed certificate is used at once. */
export function newTunnel(credentials: () => ClientTls): Tunnel {
  // Sockets are not kept: exec and log connections live long, and a fresh one cannot be stale. Sessions are resumed.
  return new HttpsTunnel(credentials, new Agent({ keepAlive: false }));
}

class HttpsTunnel implements Tunnel {
  readonly #credentials: () => ClientTls;
  readonly #agent: Agent;

  constructor(credentials: () => ClientTls, agent: Agent) {
    this.#credentials = credentials;
    this.#agent = agent;
  }

  async forward(target: TunnelTarget, request: ApiRequest, signal: AbortSignal): Promise<WritableResponse> {
    const answer = await this.#send(target, request, { headers: forwardedHeaders(request), signal });
    return toResponse(answer.incoming);
  }

  async upgrade(
    target: TunnelTarget,
    request: ApiRequest,
    connection: UpgradedConnection,
    signal: AbortSignal,
  ): Promise<UpgradeResult> {
    const headers = {
      ...forwardedHeaders(request),
      connection: 'Upgrade',
      upgrade: request.headers['upgrade'] ?? '',
    };
    const answer = await this.#send(target, request, { headers, signal });
    if (!answer.upgraded) return { kind: 'refused', response: toResponse(answer.incoming) };
    connection.socket.write(formatSwitchingHead(answer.incoming));
    join(connection, answer.upgraded);
    return { kind: 'joined' };
  }

  #send(target: TunnelTarget, request: ApiRequest, extra: RequestOptions): Promise<Answer> {
    const { key, cert, serverCa } = this.#credentials();
    const query = target.query === '' ? '' : `?${target.query}`;
    return new Promise((resolve, reject) => {
      const outgoing = sendRequest({
        host: target.host,
        port: target.port,
        method: request.method,
        path: target.path + query,
        agent: this.#agent,
        key,
        cert,
        ca: serverCa,
        ...extra,
      });
      const timer = setTimeout(() => outgoing.destroy(new Error('i/o timeout')), HEAD_TIMEOUT_MS);
      const answered = (answer: Answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      outgoing.on('response', (incoming) => answered({ incoming, upgraded: undefined }));
      outgoing.on('upgrade', (incoming, socket, head) => {
        answered({ incoming, upgraded: { socket, head } });
      });
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(newDialError(target, error));
      });
      outgoing.end(request.body.kind === 'bytes' ? request.body.bytes : undefined);
    });
  }
}

interface Answer {
  incoming: IncomingMessage;
  upgraded: UpgradedConnection | undefined;
}

function forwardedHeaders(request: ApiRequest): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!PRIVATE_HEADERS.test(name) && !HOP_HEADERS.test(name)) headers[name] = value;
  }
  if (request.body.kind === 'bytes') headers['content-length'] = request.body.bytes.length;
  return headers;
}

function toResponse(incoming: IncomingMessage): WritableResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined && !HOP_HEADERS.test(name)) headers[name] = String(value);
  }
  return { status: incoming.statusCode ?? 502, headers, body: { kind: 'stream', chunks: incoming } };
}

/** The agent's own 101, so that the protocol which it chose reaches the client. */
function formatSwitchingHead(incoming: IncomingMessage): string {
  const raw = incoming.rawHeaders;
  let head = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let i = 0; i + 1 < raw.length; i += 2) head += `${raw[i]}: ${raw[i + 1]}\r\n`;
  return `${head}\r\n`;
}

function join(client: UpgradedConnection, agent: UpgradedConnection): void {
  const both = [client.socket, agent.socket] as const;
  const closeBoth = () => {
    for (const socket of both) socket.destroy();
  };
  for (const socket of both) socket.on('error', closeBoth).on('close', closeBoth);
  if (client.head.length > 0) agent.socket.write(client.head);
  if (agent.head.length > 0) client.socket.write(agent.head);
  client.socket.pipe(agent.socket);
  agent.socket.pipe(client.socket);
}

const DIAL_PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** In upstream's words. @see k8s.io/apiserver/pkg/util/proxy; node is named in addition */
function newDialError(target: TunnelTarget, error: NodeJS.ErrnoException): StatusError {
  const problem = DIAL_PROBLEMS[error.code ?? ''] ?? error.message;
  const address = `${target.host}:${target.port}`;
  const message = `error dialing backend: dial tcp ${address}: ${problem} (${target.description})`;
  return new StatusError('InternalError', message, { cause: error });
}
