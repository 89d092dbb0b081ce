/** Extension API servers without a network: backends are functions by address. Where nothing listens, connections are refused. */
import type { TunnelTarget } from '../api/message.ts';
import type { ClientAuthorities } from '../apiserver/aggregation/extension-authentication.ts';
import {
  type ExtensionAnswer,
  ExtensionReadError,
  type ExtensionReader,
  type ExtensionReadOptions,
} from '../apiserver/aggregation/extension-reader.ts';
import { abortable } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';

/** What a backend answers to a GET; `broken`: the connection ends. */
export type SimulatedExtension = (
  target: TunnelTarget,
  accept: string,
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
    { accept, answerBytesMax }: ExtensionReadOptions,
    signal: AbortSignal,
  ): Promise<ExtensionAnswer> {
    signal.throwIfAborted();
    const address = `${target.host}:${target.port}`;
    const answer = this.#backends.get(address)?.(target, accept) ?? {
      broken: `dial tcp ${address}: connect: connection refused`,
    };
    if (answer === 'never') return abortable(this.#timeout(target), signal);
    if ('broken' in answer) throw new ExtensionReadError(answer.broken);
    const body = encoder.encode(answer.text);
    const { status, contentType = 'application/json' } = answer;
    return { status, contentType, body: body.length > answerBytesMax ? undefined : body };
  }

  #timeout({ extension }: TunnelTarget): Promise<never> {
    return new Promise((_, reject) => {
      this.#clock.setTimer(extension?.timeoutMs ?? 0, () =>
        reject(new ExtensionReadError('context deadline exceeded')),
      );
    });
  }
}
