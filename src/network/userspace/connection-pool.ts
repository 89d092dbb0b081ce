/**
 * Every TCP connection that the dataplane carries, over all Services: the bound on their number, the counters, and the
 * way to end them all when the dataplane closes.
 */
import type net from 'node:net';
import { resetSocket } from './reset-socket.ts';

export interface ConnectionCounters {
  /** Connections being carried now. */
  open: number;
  /** Connections accepted since the start. */
  accepted: number;
  /** Endpoints that refused a connection which then went elsewhere, or nowhere. */
  retries: number;
  /** Connections that no endpoint took. */
  unserved: number;
  /** Connections turned away because of the bound or for want of descriptors. */
  rejected: number;
}

export interface ConnectionLease {
  /** Aborts when the dataplane closes. */
  readonly signal: AbortSignal;
  /** Adds the endpoint's side. */
  add(socket: net.Socket): void;
  release(): void;
}

export class ConnectionPool {
  readonly counters: ConnectionCounters = { open: 0, accepted: 0, retries: 0, unserved: 0, rejected: 0 };
  readonly #connectionsMax: number;
  readonly #sockets = new Set<net.Socket>();
  readonly #closing = new AbortController();

  constructor(connectionsMax: number) {
    this.#connectionsMax = connectionsMax;
  }

  /** `undefined` when there are too many. */
  admit(client: net.Socket): ConnectionLease | undefined {
    if (this.counters.open >= this.#connectionsMax || this.#closing.signal.aborted) {
      this.counters.rejected++;
      return undefined;
    }
    this.counters.open++;
    this.counters.accepted++;
    const own = [client];
    this.#sockets.add(client);
    return {
      signal: this.#closing.signal,
      add: (socket) => {
        own.push(socket);
        this.#sockets.add(socket);
      },
      release: () => {
        this.counters.open--;
        for (const socket of own) this.#sockets.delete(socket);
      },
    };
  }

  /** Resets every connection. */
  close(): void {
    this.#closing.abort();
    for (const socket of this.#sockets) resetSocket(socket);
  }
}
