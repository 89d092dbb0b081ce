/**
 * Passes questions that are not the cluster's on to the machine's own resolvers, bytes for bytes, one after another until
 * one answers. Each question has a socket of its own, so that an answer can only come from where it was sent to, and an
 * id of its own. Bounded: above the limit a question fails at once.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { newFrameReader, withLength } from './tcp-frames.ts';

export interface ForwarderOptions {
  clock: Clock;
  random: Random;
  /** Addresses, tried in this order. */
  resolvers: readonly string[];
  port?: number;
}

/** Questions under way at once. @see CoreDNS forward, max_concurrent of kubeadm's Corefile */
export const IN_FLIGHT_MAX = 1_000;
/** For one resolver; an asker waits 5 s before it asks again. */
export const RESOLVER_TIMEOUT_MS = 2_000;
const RESOLVERS_MAX = 3;
const DNS_PORT = 53;
const TRUNCATED = 0x02;

export type Transport = 'udp' | 'tcp';

export class Forwarder {
  readonly #options: ForwarderOptions;
  #inFlight = 0;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** The answer with the question's own id; `undefined` when no resolver gave one. Never rejects. */
  async forward(query: Buffer, transport: Transport, signal: AbortSignal): Promise<Buffer | undefined> {
    if (this.#inFlight >= IN_FLIGHT_MAX) return undefined;
    this.#inFlight++;
    try {
      for (const resolver of this.#options.resolvers.slice(0, RESOLVERS_MAX)) {
        if (signal.aborted) return undefined;
        const answer = await this.#ask(resolver, query, transport, signal);
        if (answer !== undefined) return answer;
      }
      return undefined;
    } finally {
      this.#inFlight--;
    }
  }

  async #ask(
    resolver: string,
    query: Buffer,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Buffer | undefined> {
    const own = Buffer.from(query);
    own.set(this.#options.random.bytes(2), 0);
    const exchange = transport === 'tcp' ? exchangeTcp : exchangeUdp;
    const settled = new AbortController();
    const timer = this.#options.clock.setTimer(RESOLVER_TIMEOUT_MS, () => settled.abort());
    const stop = AbortSignal.any([signal, settled.signal]);
    const answer = await exchange({
      resolver,
      port: this.#options.port ?? DNS_PORT,
      query: own,
      signal: stop,
    });
    timer.cancel();
    if (answer === undefined) return undefined;
    const renamed = Buffer.from(answer);
    query.copy(renamed, 0, 0, 2);
    return renamed;
  }
}

/** Whether the answer did not fit and must be asked for again by TCP. */
export function isTruncated(message: Buffer): boolean {
  return message.length > 2 && (message[2]! & TRUNCATED) !== 0;
}

interface Exchange {
  resolver: string;
  port: number;
  query: Buffer;
  signal: AbortSignal;
}

function isAnswerTo(query: Buffer, message: Buffer): boolean {
  return message.length >= 12 && message.readUInt16BE(0) === query.readUInt16BE(0) && message[2]! >= 0x80;
}

function exchangeUdp({ resolver, port, query, signal }: Exchange): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket(net.isIPv6(resolver) ? 'udp6' : 'udp4');
    const finish = (answer?: Buffer) => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners().on('error', () => {});
      socket.close();
      resolve(answer);
    };
    const onAbort = () => finish();
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', () => finish());
    socket.on('message', (message) => {
      if (isAnswerTo(query, message)) finish(message);
    });
    // Connected, so that the kernel drops what comes from elsewhere and tells when nobody listens.
    socket.connect(port, resolver, () => socket.send(query));
  });
}

function exchangeTcp({ resolver, port, query, signal }: Exchange): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: resolver, port });
    const finish = (answer?: Buffer) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(answer);
    };
    const onAbort = () => finish();
    signal.addEventListener('abort', onAbort, { once: true });
    const read = newFrameReader((message) => {
      if (isAnswerTo(query, message)) finish(message);
    });
    socket
      .on('error', () => finish())
      .on('close', () => finish())
      .on('data', read);
    socket.write(withLength(query));
  });
}
