/**
 * Webhooks over HTTPS, HTTP/1.1 as upstream calls them: connections are kept and used again, certificates are verified by the
 * webhook's own bundle or by those whom this machine trusts, and redirects are not followed.
 *
 * Bounds: answers by their size, connections by {@link CONNECTIONS_MAX} for each listener, idle ones by number and time.
 * Border rule: every failure comes out as WebhookTransportError in Go's words, an abort as the signal's own reason.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request as sendRequest } from 'node:https';
import { isIP } from 'node:net';
import {
  type WebhookAnswer,
  type WebhookPost,
  type WebhookTransport,
  WebhookTransportError,
} from '../apiserver/webhooks/webhook-transport.ts';
import { onAbort } from '../base/abort.ts';
import { connectionProblem } from './connection-problem.ts';

const CONNECTIONS_MAX = 512;
const IDLE_MAX = 64;
const IDLE_MS = 30_000;
const HTTPS_PORT = 443;

/** Idle connections keep no process alive. */
export function newHttpsWebhooks(): WebhookTransport {
  return new KeptConnections();
}

class KeptConnections implements WebhookTransport {
  readonly #agent = new Agent({
    keepAlive: true,
    maxSockets: CONNECTIONS_MAX,
    maxFreeSockets: IDLE_MAX,
    timeout: IDLE_MS,
  });

  async send(post: WebhookPost, signal: AbortSignal): Promise<WebhookAnswer> {
    const sent = await this.#attempt(post, signal, this.#agent);
    // The listener has closed an idle connection in the moment in which it was used again.
    if (sent === 'stale') return (await this.#attempt(post, signal, false)) as WebhookAnswer;
    return sent;
  }

  #attempt(post: WebhookPost, signal: AbortSignal, agent: Agent | false): Promise<WebhookAnswer | 'stale'> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const url = new URL(post.url);
      const options = requestOptions(post, url);
      const fail = (error: unknown) => {
        forget();
        if (signal.aborted) reject(signal.reason);
        else if (error instanceof WebhookTransportError) reject(error);
        else reject(new WebhookTransportError(connectionProblem(error, options), { cause: error }));
      };
      let forget = () => {};
      try {
        const outgoing = sendRequest({ ...options, agent });
        forget = onAbort(signal, () => outgoing.destroy(signal.reason));
        outgoing.on('error', (error: NodeJS.ErrnoException) => {
          const isStale = outgoing.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted;
          if (!isStale) return fail(error);
          forget();
          resolve('stale');
        });
        outgoing.on('response', (incoming) => {
          readAll(incoming, post.answerBytesMax).then((body) => {
            forget();
            resolve({ status: incoming.statusCode ?? 0, body });
          }, fail);
        });
        outgoing.end(post.body);
      } catch (error) {
        // A bundle that is no certificate.
        fail(error);
      }
    });
  }
}

function requestOptions({ address, caBundle, credentials = {}, body }: WebhookPost, url: URL) {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const { token, ...certificate } = credentials;
  return {
    ...certificate,
    method: 'POST',
    host: address?.host ?? name,
    port: address?.port ?? (url.port === '' ? HTTPS_PORT : Number(url.port)),
    path: `${url.pathname}${url.search}`,
    // A certificate is verified by the name in the URL, wherever the connection leads.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(caBundle === undefined ? {} : { ca: caBundle }),
    headers: {
      host: url.host,
      accept: 'application/json, */*',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'kube-apiserver-admission',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  } satisfies RequestOptions;
}

function readAll(incoming: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const tooLarge = () => {
      reject(new WebhookTransportError(`the answer has more than ${bytesMax} bytes`));
      incoming.destroy();
    };
    if (Number(incoming.headers['content-length'] ?? 0) > bytesMax) return tooLarge();
    incoming.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > bytesMax) tooLarge();
      else chunks.push(chunk);
    });
    incoming.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    incoming.on('error', () => reject(new WebhookTransportError('unexpected EOF')));
    incoming.on('close', () => reject(new WebhookTransportError('unexpected EOF')));
  });
}
