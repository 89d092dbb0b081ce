/**
 * One listening address of a UDP Service port. Each client (address and port) gets a socket of its own towards its
 * endpoint, so that answers find their way back; the socket is forgotten after silence, at once when the endpoint
 * leaves the table (as kube-proxy drops stale conntrack entries), and when the endpoint answers that nobody listens.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import type { Clock, Timer } from '../../base/clock.ts';
import type { RouteEndpoint } from '../dataplane.ts';
import type { UserspaceOptions } from './defaults.ts';
import type { EndpointBalancer } from './endpoint-balancer.ts';
import type { RouteListener } from './route-listener.ts';

/** All UDP clients of a dataplane, in the order of last use: the bound is on their sum. */
export type UdpSessions = Set<UdpSession>;

interface UdpSession {
  client: dgram.RemoteInfo;
  endpoint: RouteEndpoint;
  socket: dgram.Socket;
  /** Datagrams that wait for the socket to be connected; absent from then on. */
  waiting: Buffer[] | undefined;
  idle: Timer;
  forget(): void;
}

export interface UdpListenerParts {
  clock: Clock;
  sessions: UdpSessions;
  options: UserspaceOptions;
}

export class UdpListener implements RouteListener {
  #balancer: EndpointBalancer;
  readonly #parts: UdpListenerParts;
  #server: dgram.Socket | undefined;
  /** `address:port` of the client → session. */
  readonly #own = new Map<string, UdpSession>();

  constructor(balancer: EndpointBalancer, parts: UdpListenerParts) {
    this.#balancer = balancer;
    this.#parts = parts;
  }

  listen(ip: string, port: number): Promise<void> {
    const server = dgram.createSocket({ type: udpFamily(ip), reusePort: true });
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', (error) => {
        server.close();
        this.#server = undefined;
        reject(error);
      });
      server.bind({ address: ip, port, exclusive: true }, () => {
        server.removeAllListeners('error');
        server.on('error', ignoreError);
        server.on('message', (message, client) => this.#forward(message, client));
        resolve();
      });
    });
  }

  retarget(balancer: EndpointBalancer): void {
    this.#balancer = balancer;
    this.endpointsChanged();
  }

  endpointsChanged(): void {
    for (const session of this.#own.values()) if (!this.#balancer.has(session.endpoint)) session.forget();
  }

  close(): void {
    for (const session of this.#own.values()) session.forget();
    this.#server?.close();
    this.#server = undefined;
  }

  #forward(message: Buffer, client: dgram.RemoteInfo): void {
    const key = `${client.address}:${client.port}`;
    const session = this.#own.get(key) ?? this.#open(key, client);
    if (session === undefined) return;
    this.#touch(key, session);
    if (session.waiting === undefined) session.socket.send(message);
    else if (session.waiting.length < WAITING_MAX) session.waiting.push(message);
  }

  #open(key: string, client: dgram.RemoteInfo): UdpSession | undefined {
    const endpoint = this.#balancer.order(client.address)[0];
    if (endpoint === undefined) return undefined;
    const { sessions, options } = this.#parts;
    if (sessions.size >= options.udpSessionsMax)
      for (const oldest of sessions) {
        oldest.forget();
        break;
      }
    this.#balancer.connected(client.address, endpoint);
    const socket = dgram.createSocket({ type: udpFamily(endpoint.ip) });
    const session: UdpSession = {
      client,
      endpoint,
      socket,
      waiting: [],
      idle: { cancel() {} },
      forget: () => {
        session.idle.cancel();
        if (!sessions.delete(session)) return;
        this.#own.delete(key);
        socket.close();
      },
    };
    this.#own.set(key, session);
    socket.on('error', () => {
      // ECONNREFUSED: an earlier datagram found nobody. The next one of this client goes to another endpoint.
      this.#balancer.failed(endpoint);
      session.forget();
    });
    socket.on('message', (answer) => {
      this.#touch(key, session);
      this.#server?.send(answer, client.port, client.address);
    });
    socket.connect(endpoint.port, endpoint.ip, () => {
      for (const message of session.waiting ?? []) socket.send(message);
      session.waiting = undefined;
    });
    return session;
  }

  #touch(key: string, session: UdpSession): void {
    const { clock, sessions, options } = this.#parts;
    session.idle.cancel();
    session.idle = clock.setTimer(options.udpIdleMs, () => session.forget());
    sessions.delete(session);
    sessions.add(session);
    this.#own.set(key, session);
  }
}

function udpFamily(ip: string): 'udp4' | 'udp6' {
  return net.isIPv6(ip) ? 'udp6' : 'udp4';
}

/** Connecting a UDP socket takes no packet, only a turn or two; more than this in between is lost, as UDP may. */
const WAITING_MAX = 64;

/** A send towards a client that is gone; nothing to do, as with any lost datagram. */
function ignoreError(): void {}
