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
import type { ApiRequest, ExtensionTarget, RequestBody, TunnelTarget } from '../api/message.ts';
import { assert } from '../base/assert.ts';
import { StatusError } from '../base/status-error.ts';
import { connectionProblem } from './connection-problem.ts';
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

/** Of an extension API server: connections that are kept for the next short request. */
const IDLE_MAX = 16;
const IDLE_MS = 30_000;
const KEPT_MAX = 256;

/** Credentials are asked for every connection, so a renewed certificate is used at once. */
export interface TunnelCredentials {
  agents: () => ClientTls;
  /** What extension API servers are shown; a server without extensions needs none. */
  extensions?: () => Pick<ClientTls, 'key' | 'cert'>;
}

export function newTunnel(credentials: TunnelCredentials): Tunnel {
  return new HttpsTunnel(credentials);
}

class HttpsTunnel implements Tunnel {
  readonly #credentials: TunnelCredentials;
  // Sockets are not kept: exec and log connections live long, and a fresh one cannot be stale. Sessions are resumed.
  readonly #agent = new Agent({ keepAlive: false });
  readonly #kept = new Agent({
    keepAlive: true,
    maxSockets: KEPT_MAX,
    maxFreeSockets: IDLE_MAX,
    timeout: IDLE_MS,
  });

  constructor(credentials: TunnelCredentials) {
    this.#credentials = credentials;
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

  async #send(target: TunnelTarget, request: ApiRequest, extra: RequestOptions): Promise<Answer> {
    const first = await this.#attempt(target, request, extra, isShort(target, request));
    // The extension has closed an idle connection in the moment in which it was used again.
    return first === 'stale' ? ((await this.#attempt(target, request, extra, false)) as Answer) : first;
  }

  #attempt(
    target: TunnelTarget,
    request: ApiRequest,
    extra: RequestOptions,
    isKept: boolean,
  ): Promise<Answer | 'stale'> {
    const query = target.query === '' ? '' : `?${target.query}`;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(newUnreachable(target, error, 'upgrade' in (extra.headers ?? {})));
      try {
        const { host, port } = target;
        const { method } = request;
        const outgoing = this.#open(
          target,
          { host, port, method, path: target.path + query, ...extra },
          isKept,
        );
        const timer = boundHead(outgoing, target);
        const answered = (answer: Answer) => {
          clearTimeout(timer);
          resolve(answer);
        };
        outgoing.on('response', (incoming) => answered({ incoming, upgraded: undefined }));
        outgoing.on('upgrade', (incoming, socket, head) => {
          answered({ incoming, upgraded: { socket, head } });
        });
        outgoing.on('error', (error: NodeJS.ErrnoException) => {
          clearTimeout(timer);
          if (outgoing.reusedSocket && error.code === 'ECONNRESET') resolve('stale');
          else fail(error);
        });
        boundWhole(outgoing, target);
        sendBody(request.body, outgoing);
      } catch (error) {
        // A bundle that is no certificate, a name that no header can carry.
        fail(error as Error);
      }
    });
  }

  #open(target: TunnelTarget, options: RequestOptions, isKept: boolean): ClientRequest {
    if (target.extension !== undefined) return this.#openExtension(target.extension, options, isKept);
    const scheme = target.proxied?.scheme ?? 'agent';
    if (scheme === 'http') return sendPlainRequest({ ...options, agent: false });
    // A Pod is asked by its address, which no certificate of its own names.
    if (scheme === 'https')
      return sendRequest({ ...options, agent: false, servername: '', rejectUnauthorized: false });
    const { key, cert, serverCa } = this.#credentials.agents();
    return sendRequest({ ...options, agent: this.#agent, key, cert, ca: serverCa });
  }

  #openExtension(
    { serverName, trust }: ExtensionTarget,
    options: RequestOptions,
    isKept: boolean,
  ): ClientRequest {
    assert(this.#credentials.extensions !== undefined, 'there is no certificate for extensions');
    return sendRequest({
      ...options,
      ...this.#credentials.extensions(),
      agent: isKept ? this.#kept : false,
      servername: serverName,
      ...(trust === 'nobody' ? { rejectUnauthorized: false } : {}),
      ...(typeof trust === 'object' ? { ca: trust.caBundle } : {}),
    });
  }
}

/** Whose connection may serve another request, and which may be sent twice. */
function isShort({ extension }: TunnelTarget, { method, body }: ApiRequest): boolean {
  return (
    extension?.timeoutMs !== undefined && body.kind === 'none' && (method === 'GET' || method === 'HEAD')
  );
}

/** Until there is a head; what a proxied request takes is between the client and whom it asks. */
function boundHead(outgoing: ClientRequest, { proxied, extension }: TunnelTarget): NodeJS.Timeout {
  const timer = setTimeout(() => outgoing.destroy(new Error('i/o timeout')), HEAD_TIMEOUT_MS);
  const connected = extension ? 'secureConnect' : 'connect';
  if (proxied || extension)
    outgoing.once('socket', (socket) => {
      if (outgoing.reusedSocket) clearTimeout(timer);
      else socket.once(connected, () => clearTimeout(timer));
    });
  return timer;
}

/** Until the end of the answer, where it has to end. */
function boundWhole(outgoing: ClientRequest, { extension }: TunnelTarget): void {
  if (extension?.timeoutMs === undefined) return;
  const late = () => outgoing.destroy(new Error('context deadline exceeded'));
  const timer = setTimeout(late, extension.timeoutMs);
  outgoing.once('close', () => clearTimeout(timer));
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
  if (target.extension !== undefined) {
    const message = `error trying to reach service: ${connectionProblem(error, target)}`;
    return new StatusError('ServiceUnavailable', message, { cause: error });
  }
  const dialled = dialError(error, hostPort(target));
  if (target.proxied !== undefined && !isUpgrade) {
    const message = `error trying to reach service: ${dialled}`;
    return new StatusError('ServiceUnavailable', message, { cause: error });
  }
  const message = `error dialing backend: ${dialled} (${target.description})`;
  return new StatusError('InternalError', message, { cause: error });
}
