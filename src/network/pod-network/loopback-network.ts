/**
 * Pod addresses without any privilege: Linux answers on all of 127.0.0.0/8. A program is told its address in `POD_IP`
 * and `HOST`; one that listens on 0.0.0.0 takes its port on every Pod's address, and the next one finds it in use.
 */
import { AddressBook } from './address-book.ts';
import { parseAddressRange } from './address-range.ts';
import type { NetworkHost, PodAttachment, PodNetwork } from './pod-network.ts';

/** 127.64.0.0 to 127.127.255.255: away from 127.0.0.1 and from resolvers at 127.0.0.53 and 127.0.1.1. */
const BLOCKS = 64;

/**
 * A /16 of 127.64.0.0/10 for a cluster's Pods, chosen by the cluster's id so that two clusters on one machine rarely
 * share one; where they do, addresses in use are skipped.
 */
export function loopbackClusterCidr(clusterId: string): string {
  let hash = 0;
  for (const character of clusterId) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return `127.${BLOCKS + (hash % BLOCKS)}.0.0/16`;
}

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
