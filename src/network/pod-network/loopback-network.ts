/**
 * Pod addresses without any privilege: Linux answers on all of 127.0.0.0/8. A program is told its address in `POD_IP`
 * and `HOST`; one that listens on 0.0.0.0 takes its port on every Pod's address, and the next one finds it in use.
 */
import { AddressBook } from './address-book.ts';
import { parseAddressRange } from './address-range.ts';
import type { NetworkHost, PodAttachment, PodNetwork } from './pod-network.ts';

export class LoopbackPodNetwork implements PodNetwork {
  readonly mode = 'loopback';
  readonly #host: NetworkHost;
  readonly #book: AddressBook;

  /** @param nodeCidr  this node's part of the cluster's Pod range */
  constructor(nodeCidr: string, host: NetworkHost) {
    this.#host = host;
    this.#book = new AddressBook(parseAddressRange(nodeCidr), host);
  }

  async start(sandboxIds: ReadonlySet<string>): Promise<void> {
    await this.#book.load();
    for (const id of this.#book.sandboxIds) if (!sandboxIds.has(id)) await this.#book.release(id);
  }

  async attach(sandboxId: string): Promise<PodAttachment> {
    return { ip: await this.#book.assign(sandboxId, await this.#host.listeningAddresses()) };
  }

  async detach(sandboxId: string): Promise<void> {
    await this.#book.release(sandboxId);
  }

  async removePodNetwork(): Promise<void> {
    for (const id of this.#book.sandboxIds) await this.#book.release(id);
  }
}
