/**
 * Webhooks without a network: backends are functions by URL. Where nothing listens, connections are refused; no simulated
 * URL ever leaves the process.
 */
import type { JsonValue } from '../api/json.ts';
import {
  type WebhookAnswer,
  type WebhookPost,
  type WebhookTransport,
  WebhookTransportError,
} from '../apiserver/webhooks/webhook-transport.ts';
import { aborted } from '../base/abort.ts';

/** What a backend makes of a review. A text is an answer's body as it is. */
export type SimulatedBackend = (
  review: JsonValue,
  post: WebhookPost,
) => SimulatedAnswer | Promise<SimulatedAnswer>;

export type SimulatedAnswer =
  | { json: unknown }
  | { status: number; text: string }
  /** The connection breaks: `EOF`. */
  | { broken: string }
  | 'never';

const encoder = new TextEncoder();

export class SimulatedWebhooks implements WebhookTransport {
  readonly #backends = new Map<string, SimulatedBackend>();

  /** @param url  without a query; `https://NAME.NAMESPACE.svc:PORT/path` for a Service's */
  listen(url: string, backend: SimulatedBackend): void {
    this.#backends.set(url, backend);
  }

  async send(post: WebhookPost, signal: AbortSignal): Promise<WebhookAnswer> {
    signal.throwIfAborted();
    const backend = this.#backends.get(post.url.split('?', 1)[0]!);
    if (backend === undefined) {
      const { host } = new URL(post.url);
      throw new WebhookTransportError(`dial tcp ${host}: connect: connection refused`);
    }
    const answer = await Promise.race([
      backend(JSON.parse(post.body) as JsonValue, post),
      aborted(signal).then(() => 'never' as const),
    ]);
    signal.throwIfAborted();
    if (answer === 'never') {
      await aborted(signal);
      throw signal.reason;
    }
    if ('broken' in answer) throw new WebhookTransportError(answer.broken);
    const { status, text } = 'json' in answer ? { status: 200, text: JSON.stringify(answer.json) } : answer;
    const body = encoder.encode(text);
    if (body.length > post.answerBytesMax) {
      throw new WebhookTransportError(`the answer has more than ${post.answerBytesMax} bytes`);
    }
    return { status, body };
  }
}
