/** Requests through a Service at a steady rate, each on a connection of its own, and what came of them. */
import { type IncomingMessage, request } from 'node:http';

export interface Failure {
  atMs: number;
  error: string;
}

export interface Outcome {
  sent: number;
  failures: Failure[];
}

export interface TrafficOptions {
  path?: string;
  perSecond: number;
}

const TIMEOUT_MS = 20_000;

export class Traffic {
  readonly failures: Failure[] = [];
  /** Answers by the Pod that gave them, since {@link forgetAnswers}. */
  readonly answers = new Map<string, number>();
  sent = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<void>>();

  constructor(url: string, { path = '/', perSecond }: TrafficOptions) {
    this.#timer = setInterval(() => {
      this.sent++;
      const one = ask(url + path).then(
        (text) => this.#count(text),
        (error: Error) => void this.failures.push({ atMs: performance.now(), error: error.message }),
      );
      this.#open.add(one);
      void one.finally(() => this.#open.delete(one));
    }, 1_000 / perSecond);
  }

  forgetAnswers(): void {
    this.answers.clear();
  }

  /** Sends no more; resolves when the last answer is in. */
  async stop(): Promise<Outcome> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return { sent: this.sent, failures: this.failures };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #count(text: string): void {
    const name = text.split(/\s/, 1)[0]!;
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
  }
}

/** The text of a 200 answer. Rejects with what happened instead. */
export async function ask(url: string, method = 'GET'): Promise<string> {
  const asked = request(url, { method, agent: false, timeout: TIMEOUT_MS });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.on('response', resolve);
    asked.on('error', reject);
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    asked.end();
  });
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${text}`);
  return text;
}
