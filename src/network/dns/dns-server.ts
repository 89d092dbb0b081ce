/**
 * The DNS server of a node: one UDP socket and one TCP listener on the address that the node's Pods have as their
 * resolver. Answers for the cluster's zone itself, and follows aliases out of it; hands every other question on.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import type { DnsQuestion, DnsRecord, ZoneAnswer } from '../dns-records.ts';
import { Forwarder, isTruncated, type Transport } from './forwarder.ts';
import {
  type DnsQuery,
  type DnsReply,
  encodeQuestion,
  encodeRefusal,
  encodeReply,
  parseAnswers,
  parseQuery,
  RCODES,
} from './message.ts';
import { newFrameReader, withLength } from './tcp-frames.ts';

export interface DnsServerParts {
  clock: Clock;
  log: Logger;
  random: Random;
  /** Those of the machine, for everything that is not the cluster's. */
  resolvers: readonly string[];
  /** Of the resolvers; default 53. */
  resolverPort?: number;
  zone: {
    /** `cluster.local` */
    domain: string;
    /** `undefined` while the cluster is not known yet. */
    answer(question: DnsQuestion): ZoneAnswer | undefined;
  };
}

/** How long an asker may remember what it heard. @see CoreDNS plugin/kubernetes, ttl */
export const TTL_SECONDS = 5;
const CONNECTIONS_MAX = 128;
/** A connection without a question for so long ends. */
const CONNECTION_IDLE_MS = 10_000;
/** Questions of one connection that are not answered yet; above it the connection ends. */
const PIPELINED_MAX = 64;
const ALIASES_MAX = 8;

export interface DnsServer {
  /** Resolves with the port. @throws the socket's error, such as EADDRINUSE or EACCES; then nothing listens */
  listen(ip: string, port: number): Promise<number>;
  close(): void;
}

export function newDnsServer(parts: DnsServerParts): DnsServer {
  return new NodeDnsServer(parts);
}

class NodeDnsServer implements DnsServer {
  readonly #parts: DnsServerParts;
  readonly #forwarder: Forwarder;
  readonly #closing = new AbortController();
  readonly #connections = new Set<net.Socket>();
  #udp: dgram.Socket | undefined;
  #tcp: net.Server | undefined;

  constructor(parts: DnsServerParts) {
    this.#parts = parts;
    const { clock, random, resolvers, resolverPort: port } = parts;
    this.#forwarder = new Forwarder({ clock, random, resolvers, ...(port === undefined ? {} : { port }) });
  }

  async listen(ip: string, port: number): Promise<number> {
    const udp = dgram.createSocket(net.isIPv6(ip) ? 'udp6' : 'udp4');
    const tcp = net.createServer((socket) => this.#serve(socket));
    tcp.maxConnections = CONNECTIONS_MAX;
    try {
      await new Promise<void>((resolve, reject) => {
        udp.once('error', reject);
        udp.bind({ address: ip, port, exclusive: true }, () => resolve());
      });
      const bound = udp.address().port;
      await new Promise<void>((resolve, reject) => {
        tcp.once('error', reject);
        tcp.listen({ host: ip, port: bound, exclusive: true }, () => resolve());
      });
      udp.removeAllListeners('error').on('error', (error) => this.#failed(error));
      tcp.removeAllListeners('error').on('error', (error) => this.#failed(error));
      udp.on('message', (message, client) => void this.#answerDatagram(udp, message, client));
      [this.#udp, this.#tcp] = [udp, tcp];
      return bound;
    } catch (error) {
      udp.close();
      tcp.close();
      throw error;
    }
  }

  close(): void {
    this.#closing.abort();
    this.#udp?.close();
    this.#tcp?.close();
    for (const socket of this.#connections) socket.destroy();
  }

  #failed(error: Error): void {
    this.#parts.log.warn('a DNS socket reported an error', { error });
  }

  async #answerDatagram(udp: dgram.Socket, message: Buffer, client: dgram.RemoteInfo): Promise<void> {
    const answer = await this.#answer(message, 'udp');
    // A client that is gone: nothing to do, as with any lost datagram.
    if (answer !== undefined && !this.#closing.signal.aborted)
      udp.send(answer, client.port, client.address, () => {});
  }

  #serve(socket: net.Socket): void {
    this.#connections.add(socket);
    let waiting = 0;
    const read = newFrameReader((message) => {
      if (++waiting > PIPELINED_MAX) return void socket.destroy();
      void this.#answer(message, 'tcp').then((answer) => {
        waiting--;
        if (answer === undefined) socket.destroy();
        else if (socket.writable) socket.write(withLength(answer));
      });
    });
    socket
      .on('data', read)
      .on('error', () => {})
      .on('close', () => this.#connections.delete(socket))
      .setTimeout(CONNECTION_IDLE_MS, () => socket.destroy());
  }

  /** Never rejects; `undefined` when there is nothing to say. */
  async #answer(message: Buffer, transport: Transport): Promise<Buffer | undefined> {
    try {
      const parsed = parseQuery(message);
      if (parsed === undefined) return undefined;
      if ('malformed' in parsed) return encodeRefusal(parsed.id, parsed.malformed);
      return await this.#resolve(parsed.query, message, transport);
    } catch (error) {
      this.#parts.log.warn('a DNS question could not be answered', { error });
      return encodeRefusal(message.readUInt16BE(0), RCODES.serverFailure);
    }
  }

  async #resolve(query: DnsQuery, message: Buffer, transport: Transport): Promise<Buffer> {
    const forwarder = this.#forwarder;
    const { zone } = this.#parts;
    const sizeMax = transport === 'udp' ? query.sizeMax : undefined;
    const failure = { rcode: RCODES.serverFailure, answers: [], ttlSeconds: 0 };
    if (query.class !== 'IN') return encodeReply(query, { ...failure, rcode: RCODES.notImplemented });
    const answer = zone.answer(query.question);
    if (answer === undefined) return encodeReply(query, failure);
    if (answer.kind === 'notOurs') {
      const forwarded = await forwarder.forward(message, transport, this.#closing.signal);
      return forwarded ?? encodeReply(query, failure);
    }
    return encodeReply(query, await this.#ownReply(query.question, answer), sizeMax);
  }

  async #ownReply(
    question: DnsQuestion,
    answer: Exclude<ZoneAnswer, { kind: 'notOurs' }>,
  ): Promise<DnsReply> {
    const own = { zone: this.#parts.zone.domain, ttlSeconds: TTL_SECONDS };
    if (answer.kind === 'nameError') return { ...own, rcode: RCODES.nameError, answers: [] };
    const [first] = answer.answers;
    if (first?.type === 'CNAME' && question.type !== 'CNAME') {
      const { rcode, answers } = await this.#follow([first], question.type);
      return { ...own, rcode, answers };
    }
    const answers = this.#shuffled(answer.answers);
    return { ...own, rcode: RCODES.noError, answers, additionals: answer.additionals };
  }

  /** An asker does not follow aliases itself: it is given the whole chain. @see RFC 1034 4.3.2 */
  async #follow(chain: DnsRecord[], type: string): Promise<Pick<DnsReply, 'rcode' | 'answers'>> {
    const last = chain.at(-1)!;
    if (last.type !== 'CNAME' || chain.length > ALIASES_MAX) return { rcode: RCODES.noError, answers: chain };
    const question = { name: last.data.toLowerCase(), type };
    const answer = this.#parts.zone.answer(question);
    if (answer === undefined || answer.kind === 'nameError') {
      return { rcode: answer === undefined ? RCODES.serverFailure : RCODES.nameError, answers: chain };
    }
    if (answer.kind === 'records') return this.#follow([...chain, ...answer.answers], type);
    const found = await this.#ask(question);
    return { rcode: found?.rcode ?? RCODES.serverFailure, answers: [...chain, ...(found?.answers ?? [])] };
  }

  async #ask(question: DnsQuestion): Promise<Pick<DnsReply, 'rcode' | 'answers'> | undefined> {
    const forwarder = this.#forwarder;
    const message = encodeQuestion(0, question);
    const byUdp = await forwarder.forward(message, 'udp', this.#closing.signal);
    const answer =
      byUdp !== undefined && isTruncated(byUdp)
        ? await forwarder.forward(message, 'tcp', this.#closing.signal)
        : byUdp;
    return answer === undefined ? undefined : parseAnswers(answer);
  }

  /** Askers take the first address: each of several gets its turn. @see CoreDNS plugin/loadbalance */
  #shuffled(answers: readonly DnsRecord[]): DnsRecord[] {
    const shuffled = [...answers];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = Math.floor(this.#parts.random.next() * (last + 1));
      [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
    }
    return shuffled;
  }
}
