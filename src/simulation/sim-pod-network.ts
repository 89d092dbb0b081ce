/**
 * The Pod network of one simulated node: gives addresses, and finds who listens at one.
 *
 * Invariant: no two ready sandboxes have one address; an address that was given up comes again only after all others.
 */
import { RuntimeError } from '../container-runtime/runtime.ts';
import { isListening } from './program-answers.ts';
import type { SimContainer } from './sim-container.ts';
import type { SimSandbox } from './sim-sandbox.ts';

export class SimulatedPodNetwork {
  readonly #prefix: string;
  readonly #size: number;
  readonly #nodeIp: string;
  readonly #byIp = new Map<string, SimSandbox>();
  /** Those that are reached at the node's own address. */
  readonly #onNode = new Set<SimSandbox>();
  #last = 0;

  /** @param prefix  the first two or three parts of every address */
  constructor(prefix: string, nodeIp: string) {
    this.#prefix = prefix;
    this.#size = prefix.split('.').length === 3 ? 0xff : 0xffff;
    this.#nodeIp = nodeIp;
  }

  /** @throws RuntimeError `ResourceExhausted` when every address is taken */
  newAddress(): string {
    for (let tries = 1; tries < this.#size; tries++) {
      this.#last = (this.#last % (this.#size - 1)) + 1;
      const ip = this.#address(this.#last);
      if (!this.#byIp.has(ip)) return ip;
    }
    throw new RuntimeError('ResourceExhausted', `no IP addresses available in ${this.#prefix}`);
  }

  #address(index: number): string {
    return this.#size === 0xff ? `${this.#prefix}.${index}` : `${this.#prefix}.${index >> 8}.${index & 0xff}`;
  }

  add(sandbox: SimSandbox): void {
    if (!sandbox.isInHostNetwork) this.#byIp.set(sandbox.ip, sandbox);
    if (sandbox.isInHostNetwork || sandbox.hostPorts.length > 0) this.#onNode.add(sandbox);
  }

  remove(sandbox: SimSandbox): void {
    if (!sandbox.isInHostNetwork) this.#byIp.delete(sandbox.ip);
    this.#onNode.delete(sandbox);
  }

  /** The running container that accepts connections there, and at which of its own ports. */
  listener(ip: string, port: number): { container: SimContainer; port: number } | undefined {
    if (ip !== this.#nodeIp) {
      const sandbox = this.#byIp.get(ip);
      return sandbox === undefined ? undefined : listenerIn(sandbox, port);
    }
    for (const sandbox of this.#onNode) {
      const own = sandbox.isInHostNetwork
        ? port
        : sandbox.hostPorts.find(({ hostPort }) => hostPort === port)?.containerPort;
      const found = own === undefined ? undefined : listenerIn(sandbox, own);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

export function listenerIn(
  { containers }: SimSandbox,
  port: number,
): { container: SimContainer; port: number } | undefined {
  const container = containers.find(
    (one) => one.state === 'running' && !one.isDeaf && isListening(one.run, port, one.runningMs),
  );
  return container === undefined ? undefined : { container, port };
}
