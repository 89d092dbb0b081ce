/**
 * Which sandbox has which address, kept across restarts. Addresses are handed out in turn, not lowest first: one that
 * was just given up is the last to be given again, so that a client with an old address does not reach another Pod.
 *
 * Invariant: an address is on disk before anyone hears of it.
 */
import { type AddressRange, addressAt, isInRange } from './address-range.ts';
import { type NetworkHost, PodNetworkError } from './pod-network.ts';

interface BookState {
  /** Offset in the range of the address that was last handed out. */
  last: number;
  bySandbox: Record<string, string>;
}

/** Network, gateway; and the broadcast address at the end. */
const FIRST_OFFSET = 2;

export class AddressBook {
  readonly #range: AddressRange;
  readonly #host: NetworkHost;
  #state: BookState = { last: FIRST_OFFSET - 1, bySandbox: {} };

  constructor(range: AddressRange, host: NetworkHost) {
    this.#range = range;
    this.#host = host;
  }

  async load(): Promise<void> {
    const state = await this.#host.readState();
    if (isBookState(state)) this.#state = state;
  }

  get sandboxIds(): string[] {
    return Object.keys(this.#state.bySandbox);
  }

  /** The sandbox's address, a new one at the first call. `taken` are addresses not to hand out. */
  async assign(sandboxId: string, taken: ReadonlySet<string> = new Set()): Promise<string> {
    const known = this.#state.bySandbox[sandboxId];
    // A node whose range was changed gives new addresses to old sandboxes.
    if (known !== undefined && isInRange(this.#range, known)) return known;
    const offset = this.#freeOffset(new Set([...taken, ...Object.values(this.#state.bySandbox)]));
    const ip = addressAt(this.#range, offset);
    this.#state = { last: offset, bySandbox: { ...this.#state.bySandbox, [sandboxId]: ip } };
    await this.#host.writeState(this.#state);
    return ip;
  }

  async release(sandboxId: string): Promise<void> {
    const { [sandboxId]: released, ...bySandbox } = this.#state.bySandbox;
    if (released === undefined) return;
    this.#state = { ...this.#state, bySandbox };
    await this.#host.writeState(this.#state);
  }

  #freeOffset(taken: ReadonlySet<string>): number {
    const count = this.#range.size - 1 - FIRST_OFFSET;
    for (let step = 1; step <= count; step++) {
      const offset = FIRST_OFFSET + ((this.#state.last - FIRST_OFFSET + step + count) % count);
      if (!taken.has(addressAt(this.#range, offset))) return offset;
    }
    throw new PodNetworkError(
      `no address left for Pods in ${addressAt(this.#range, 0)}/${this.#range.prefix}`,
    );
  }
}

function isBookState(state: unknown): state is BookState {
  return typeof state === 'object' && state !== null && 'last' in state && 'bySandbox' in state;
}
