/**
 * Joins a client to a node agent's own HTTPS port: exec, attach, port-forward (upgraded connections) and logs (an ordinary
 * answer that streams). The API server authenticates itself there with its own client certificate. What `proxy`
 * subresources lead to, Pods among others, is reached in the same way, but as a stranger.
 *
 * Invariant: not one byte of the client's goes to the agent before the agent has answered `101`. After any other answer
 * the client's connection is closed, so nothing that it sends can be taken for a request of the API server's.
 * @see CVE-2018-1002105
 */
import { type ClientRequest, type IncomingMessage, request as sendPlainRequest } from 'node:http';
import { Agent, type RequestOptions, request as sendRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ApiRequest, RequestBody, TunnelTarget } from '../api/message.ts';
import { StatusError } from '../base/status-error.ts';
import { dialError, hostPort } from './dial-error.ts';
import { forwardedHeaders, toResponse } from './forwarded-message.ts';
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
  /** Repeats a plain request at `target`; the answer streams. @throws StatusError InternalError or ServiceUnavailable when it cannot be reached */
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
    const answer = await this.#send(target, request, { headers: forwardedHeaders(target, request), signal });
    return toResponse(answer.incoming, target, request);
  }

  async upgrade(
    target: TunnelTarget,
    request: ApiRequest,
    connection: UpgradedConnection,
    signal: AbortSignal,
  ): Promise<UpgradeResult> {
    const headers = {
      ...forwardedHeaders(target, request),
      connection: 'Upgrade',
      upgrade: request.headers['upgrade'] ?? '',
    };
    const answer = await this.#send(target, request, { headers, signal });
    if (!answer.upgraded) {
      return { kind: 'refused', response: toResponse(answer.incoming, target, request) };
    }
    connection.socket.write(formatSwitchingHead(answer.incoming));
    join(connection, answer.upgraded);
    return { kind: 'joined' };
  }

  #send(target: TunnelTarget, request: ApiRequest, extra: RequestOptions): Promise<Answer> {
    const query = target.query === '' ? '' : `?${target.query}`;
    return new Promise((resolve, reject) => {
      const outgoing = this.#open(target, {
        host: target.host,
        port: target.port,
        method: request.method,
        path: target.path + query,
        ...extra,
      });
      const timer = setTimeout(() => outgoing.destroy(new Error('i/o timeout')), HEAD_TIMEOUT_MS);
      const answered = (answer: Answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      // What a proxied request takes is between the client and whom it asks.
      if (target.proxied)
        outgoing.once('socket', (socket) => socket.once('connect', () => clearTimeout(timer)));
      outgoing.on('response', (incoming) => answered({ incoming, upgraded: undefined }));
      outgoing.on('upgrade', (incoming, socket, head) => {
        answered({ incoming, upgraded: { socket, head } });
      });
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(newUnreachable(target, error, 'upgrade' in (extra.headers ?? {})));
      });
      sendBody(request.body, outgoing);
    });
  }

  #open(target: TunnelTarget, options: RequestOptions): ClientRequest {
    const scheme = target.proxied?.scheme ?? 'agent';
    if (scheme === 'http') return sendPlainRequest({ ...options, agent: false });
    // A Pod is asked by its address, which no certificate of its own names.
    if (scheme === 'https')
      return sendRequest({ ...options, agent: false, servername: '', rejectUnauthorized: false });
    const { key, cert, serverCa } = this.#credentials();
    return sendRequest({ ...options, agent: this.#agent, key, cert, ca: serverCa });
  }
}

/** Never faster than the other side reads, and no further than until it has answered and gone. */
function sendBody(body: RequestBody, outgoing: ClientRequest): void {
  if (body.kind !== 'stream') {
    outgoing.end(body.kind === 'bytes' ? body.bytes : undefined);
    return;
  }
  pipeline(body.chunks, outgoing).catch((error: Error) => outgoing.destroy(error));
}

interface Answer {
  incoming: IncomingMessage;
  upgraded: UpgradedConnection | undefined;
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

/**
 * In upstream's words; an agent's node is named in addition.
 *
 * @see k8s.io/apimachinery/pkg/util/proxy, upgradeaware.go and transport.go
 */
function newUnreachable(target: TunnelTarget, error: NodeJS.ErrnoException, isUpgrade: boolean): StatusError {
  const dialled = dialError(error, hostPort(target));
  if (target.proxied !== undefined && !isUpgrade) {
    const message = `error trying to reach service: ${dialled}`;
    return new StatusError('ServiceUnavailable', message, { cause: error });
  }
  const message = `error dialing backend: ${dialled} (${target.description})`;
  return new StatusError('InternalError', message, { cause: error });
}
