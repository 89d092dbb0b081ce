/** Extension API servers without a network: backends are functions by address. Where nothing listens, connections are refused. */
import type { ApiRequest, ApiResponse, TunnelTarget } from '../api/message.ts';
import type { ClientAuthorities } from '../apiserver/aggregation/extension-authentication.ts';
import {
  type ExtensionAnswer,
  ExtensionReadError,
  type ExtensionReader,
  type ExtensionReadOptions,
} from '../apiserver/aggregation/extension-reader.ts';
import { abortable } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { StatusError } from '../base/status-error.ts';

/** What a backend answers; `broken`: the connection ends. */
export type SimulatedExtension = (
  target: TunnelTarget,
  method: string,
) => { status: number; contentType?: string; text: string } | { broken: string } | 'never';

/** What stands where certificates do. */
export const SIMULATED_AUTHORITIES: ClientAuthorities = {
  clientCa: () => 'simulated client authority',
  requestHeaderCa: () => 'simulated front proxy authority',
};

const encoder = new TextEncoder();

export class SimulatedExtensions implements ExtensionReader {
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #backends = new Map<string, SimulatedExtension>();

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#clock = clock;
  }

  /** @param address  `host:port`, of an endpoint */
  listen(address: string, backend: SimulatedExtension): void {
    this.#backends.set(address, backend);
  }

  async read(
    target: TunnelTarget,
    { answerBytesMax }: ExtensionReadOptions,
    signal: AbortSignal,
  ): Promise<ExtensionAnswer> {
    const { status, contentType, body } = await this.#ask(target, 'GET', signal);
    return { status, contentType, body: body.length > answerBytesMax ? undefined : body };
  }

  async forward(target: TunnelTarget, { method }: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const { status, contentType, body } = await this.#ask(target, method, signal).catch((error: unknown) => {
      if (!(error instanceof ExtensionReadError)) throw error;
      const message = `error trying to reach service: ${error.message}`;
      throw new StatusError('ServiceUnavailable', message, { cause: error });
    });
    return { status, headers: { 'content-type': contentType }, body: { kind: 'bytes', bytes: body } };
  }

  async #ask(target: TunnelTarget, method: string, signal: AbortSignal) {
    signal.throwIfAborted();
    const address = `${target.host}:${target.port}`;
    const answer = this.#backends.get(address)?.(target, method) ?? {
      broken: `dial tcp ${address}: connect: connection refused`,
    };
    if (answer === 'never') return abortable(this.#timeout(target), signal);
    if ('broken' in answer) throw new ExtensionReadError(answer.broken);
    const { status, contentType = 'application/json', text } = answer;
    return { status, contentType, body: encoder.encode(text) };
  }

  #timeout({ extension }: TunnelTarget): Promise<never> {
    return new Promise((_, reject) => {
      this.#clock.setTimer(extension?.timeoutMs ?? 0, () =>
        reject(new ExtensionReadError('context deadline exceeded')),
      );
    });
  }
}
