/**
 * Sends the audit log to somebody else: events in batches, as an audit.k8s.io/v1 EventList each.
 *
 *     write -> queue (bounded) -> a batch when it is full, or its first event has waited long -> POST, tried again -> next
 *
 * A request never waits for it. One batch is on its way at a time, so that events arrive in order; one that five attempts did
 * not bring there is lost and counted, as is what does not fit in the queue meanwhile. Nothing that happens here ends the
 * process.
 *
 * @see k8s.io/apiserver/plugin/pkg/audit/buffered, webhook; apiserver/pkg/server/options/audit.go
 */
import type { WebhookPost, WebhookTransport } from '../apiserver/webhooks/webhook-transport.ts';
import type { Logger } from '../base/logger.ts';

/** Upstream's defaults of `--audit-webhook-batch-*` and `--audit-webhook-initial-backoff`. */
export const AUDIT_WEBHOOK_DEFAULTS = {
  bufferMax: 10_000,
  batchMax: 400,
  batchWaitMs: 30_000,
  throttleQps: 10,
  initialBackoffMs: 10_000,
};

const ATTEMPTS = 5;
const BACKOFF_FACTOR = 1.5;
const BACKOFF_JITTER = 0.2;
const REQUEST_MS = 30_000;
/** Upstream bounds events alone; one may be as large as two bodies. */
const QUEUE_BYTES_MAX = 32 * 1024 * 1024;
const ANSWER_BYTES_MAX = 64 * 1024;

export interface AuditWebhookOptions {
  transport: WebhookTransport;
  /** Where, and who we are there. */
  target: Pick<WebhookPost, 'url' | 'caBundle' | 'credentials'>;
  limits?: typeof AUDIT_WEBHOOK_DEFAULTS;
}

export class AuditWebhook {
  readonly #log: Logger;
  readonly #options: AuditWebhookOptions;
  readonly #limits: typeof AUDIT_WEBHOOK_DEFAULTS;
  readonly #ending = new AbortController();
  #queue: string[] = [];
  #queuedChars = 0;
  #sending: Promise<void> | undefined;
  /** Ends the wait for a full batch, or for the next attempt. */
  #wake = () => {};
  /** Waits for more events, not for another attempt. */
  #isGathering = false;
  #isFailing = false;
  #isClosed = false;
  dropped = 0;

  constructor(log: Logger, options: AuditWebhookOptions) {
    this.#log = log;
    this.#options = options;
    this.#limits = options.limits ?? AUDIT_WEBHOOK_DEFAULTS;
  }

  /** @param line  one event */
  write(line: string): void {
    const isFull =
      this.#queue.length >= this.#limits.bufferMax || this.#queuedChars + line.length > QUEUE_BYTES_MAX;
    if (this.#isClosed || isFull) {
      this.#lose(1, new Error('its queue is full'));
      return;
    }
    this.#queue.push(line);
    this.#queuedChars += line.length;
    if (this.#isGathering && this.#queue.length === this.#limits.batchMax) this.#wake();
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when what is queued is sent, or `graceMs` later. Nothing is taken any more. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    const timer = setTimeout(() => this.#ending.abort(new Error('the server ends')), graceMs);
    await this.#sending;
    clearTimeout(timer);
  }

  /** Never rejects. Ends when the queue is empty. */
  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0 && !this.#ending.signal.aborted) {
      await this.#gather();
      const startMs = performance.now();
      await this.#sendBatch(this.#nextBatch());
      const restMs = 1000 / this.#limits.throttleQps - (performance.now() - startMs);
      if (this.#queue.length > 0 && restMs > 0) await this.#pause(restMs, { isFixed: true });
    }
    this.#sending = undefined;
    if (this.#queue.length > 0) this.#lose(this.#queue.length, this.#ending.signal.reason);
  }

  async #gather(): Promise<void> {
    if (this.#queue.length >= this.#limits.batchMax) return;
    this.#isGathering = true;
    await this.#pause(this.#limits.batchWaitMs);
    this.#isGathering = false;
  }

  #nextBatch(): readonly string[] {
    const batch = this.#queue.splice(0, this.#limits.batchMax);
    for (const line of batch) this.#queuedChars -= line.length;
    return batch;
  }

  async #sendBatch(batch: readonly string[]): Promise<void> {
    const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${batch.join(',')}]}`;
    let backoffMs = this.#limits.initialBackoffMs;
    for (let attempt = 1; ; attempt++) {
      const problem = await this.#attempt(body);
      if (problem === undefined) return this.#onSuccess();
      if (attempt === ATTEMPTS || this.#ending.signal.aborted) return this.#lose(batch.length, problem);
      await this.#pause(backoffMs * (1 + Math.random() * BACKOFF_JITTER));
      backoffMs *= BACKOFF_FACTOR;
    }
  }

  /** What is wrong, whatever it is, is worth another attempt. */
  async #attempt(body: string): Promise<unknown> {
    const { transport, target } = this.#options;
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(REQUEST_MS)]);
    try {
      const { status } = await transport.send({ ...target, body, answerBytesMax: ANSWER_BYTES_MAX }, signal);
      return status >= 200 && status < 300 ? undefined : new Error(`it answered with status ${status}`);
    } catch (error) {
      return error;
    }
  }

  /** Not when everything is to end soon, unless it `isFixed`: nothing is sent faster for that. */
  async #pause(delayMs: number, { isFixed = false } = {}): Promise<void> {
    if (this.#isClosed && !isFixed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      if (isFixed) return;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }

  #lose(events: number, error: unknown): void {
    this.dropped += events;
    if (!this.#isFailing)
      this.#log.error('audit events cannot be sent', { error, url: this.#options.target.url });
    this.#isFailing = true;
  }

  #onSuccess(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#log.info('audit events are sent again', { dropped: this.dropped });
  }
}
