/**
 * Asks a webhook one thing: a JSON value goes out, a JSON value comes back, or the reason why not in upstream's words.
 *
 *     where (URL, or a Service's ready endpoint) ─► POST within the timeout ─► status ─► JSON
 *
 * Bounds: so many calls of one webhook are under way at once ({@link CALLS_MAX}; more fail at once, which also unwinds a webhook
 * that calls itself through the API), each for as long as its timeout, each answer of at most so many bytes, nested so deep.
 *
 * @see k8s.io/apiserver/pkg/util/webhook/client.go
 */
import type { WebhookClientConfig } from '../../api/generated/admissionregistration-v1.ts';
import type { JsonValue } from '../../api/json.ts';
import { newScope } from '../../base/abort.ts';
import { fromBase64 } from '../../base/base64.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Store } from '../../store/store.ts';
import { readAnswer } from './read-answer.ts';
import { resolveEndpoint } from './service-endpoint.ts';
import {
  type WebhookAddress,
  type WebhookAnswer,
  type WebhookPost,
  type WebhookTransport,
  WebhookTransportError,
} from './webhook-transport.ts';

const CALLS_MAX = 512;

const HTTPS_PORT = 443;

export interface WebhookQuestion {
  /** Of the webhook among all: what its calls are counted by. */
  key: string;
  clientConfig: WebhookClientConfig;
  /** JSON. */
  body: string;
  timeoutMs: number;
  answerBytesMax: number;
}

/** Why a webhook could not be asked, or what is wrong with its answer. */
export class WebhookCallError extends Error {
  /** Of an answer that says that it has failed. */
  readonly status: number | undefined;

  constructor(message: string, options: { cause?: unknown; status?: number } = {}) {
    super(message, { cause: options.cause });
    this.status = options.status;
  }
}

export interface WebhookCallerParts {
  clock: Clock;
  random: Random;
  store: Store;
  transport: WebhookTransport;
}

export class WebhookCaller {
  readonly #parts: WebhookCallerParts;
  /** By key: how many calls are under way. */
  readonly #calls = new Map<string, number>();

  constructor(parts: WebhookCallerParts) {
    this.#parts = parts;
  }

  /** Rejects with WebhookCallError, or with `signal.reason` when that is why there is no answer. */
  async ask(question: WebhookQuestion, signal: AbortSignal): Promise<JsonValue> {
    const { key } = question;
    const underWay = this.#calls.get(key) ?? 0;
    if (underWay >= CALLS_MAX) throw new WebhookCallError(`too many calls are under way: ${underWay}`);
    this.#calls.set(key, underWay + 1);
    try {
      return parseAnswer(await this.#send(question, signal));
    } finally {
      const left = this.#calls.get(key)! - 1;
      if (left > 0) this.#calls.set(key, left);
      else this.#calls.delete(key);
    }
  }

  async #send(question: WebhookQuestion, signal: AbortSignal): Promise<WebhookAnswer> {
    const { clock, transport } = this.#parts;
    const { timeoutMs, clientConfig, answerBytesMax, body } = question;
    const url = `${urlOf(clientConfig)}?timeout=${Math.ceil(timeoutMs / 1000)}s`;
    const within = newScope(signal);
    const late = new WebhookTransportError('context deadline exceeded');
    const timer = clock.setTimer(timeoutMs, () => within.abort(late));
    try {
      const post: WebhookPost = {
        url,
        ...this.#addressOf(clientConfig),
        ...caBundleOf(clientConfig),
        body,
        answerBytesMax,
      };
      return await transport.send(post, within.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof WebhookTransportError)) throw error;
      throw new WebhookCallError(`Post ${JSON.stringify(url)}: ${error.message}`, { cause: error });
    } finally {
      timer.cancel();
      within.abort();
    }
  }

  /** Looked up for each call: endpoints come and go. */
  #addressOf({ service }: WebhookClientConfig): { address?: WebhookAddress } {
    if (service === undefined) return {};
    const { store, random } = this.#parts;
    const { namespace, name, port = HTTPS_PORT } = service;
    return { address: resolveEndpoint(store, random, { namespace, name, port }) };
  }
}

/** Without query. A Service's is known by the name that its certificate is for. */
function urlOf({ url, service }: WebhookClientConfig): string {
  if (service === undefined) return withPath(url ?? '');
  const { namespace, name, path = '', port = HTTPS_PORT } = service;
  return withPath(`https://${name}.${namespace}.svc:${port}${path}`);
}

/** One slash where there is no path, and none at the end of one. */
function withPath(url: string): string {
  const start = url.indexOf('/', 'https://'.length);
  if (start < 0) return `${url}/`;
  return url.length > start + 1 ? url.replace(/\/+$/, '') : url;
}

function caBundleOf({ caBundle }: WebhookClientConfig): { caBundle?: string } {
  if (!caBundle) return {};
  return { caBundle: new TextDecoder().decode(fromBase64(caBundle)) };
}

function parseAnswer({ status, body }: WebhookAnswer): JsonValue {
  const read = readAnswer(status, new TextDecoder().decode(body));
  if ('value' in read) return read.value;
  throw new WebhookCallError(read.problem, status >= 400 ? { status } : {});
}
