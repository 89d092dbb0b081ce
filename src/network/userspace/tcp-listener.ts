/**
 * One listening address of a TCP Service port. Accepts paused, so that nothing of the client is read before an endpoint
 * has taken the connection; then splices. Closing it stops accepting and leaves its connections to end by themselves.
 */
import net from 'node:net';
import { connectEndpoint, KEEP_ALIVE_DELAY_MS } from './connect-endpoint.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { UserspaceOptions } from './defaults.ts';
import type { EndpointBalancer } from './endpoint-balancer.ts';
import { resetSocket } from './reset-socket.ts';
import type { RouteListener } from './route-listener.ts';
import { splice } from './splice.ts';

export class TcpListener implements RouteListener {
  #balancer: EndpointBalancer;
  readonly #pool: ConnectionPool;
  readonly #options: UserspaceOptions;
  readonly #server: net.Server;

  constructor(balancer: EndpointBalancer, pool: ConnectionPool, options: UserspaceOptions) {
    this.#balancer = balancer;
    this.#pool = pool;
    this.#options = options;
    this.#server = net.createServer(
      {
        allowHalfOpen: true,
        pauseOnConnect: true,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
      },
      (client) => void this.#serve(client),
    );
  }

  /** Rejects with the system's error (`code`) when the address cannot be had. */
  listen(ip: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      // Every agent of this machine listens on the same Service addresses; the kernel spreads connections over them.
      this.#server.listen({ host: ip, port, reusePort: true, exclusive: true, backlog: BACKLOG }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => {
          // Accept failed, e.g. out of descriptors: the client sees a reset, the listener lives on.
          this.#pool.counters.rejected++;
        });
        resolve();
      });
    });
  }

  retarget(balancer: EndpointBalancer): void {
    this.#balancer = balancer;
  }

  endpointsChanged(): void {
    // Connections outlive their endpoint's row; only new ones ask the balancer.
  }

  close(): void {
    this.#server.close();
  }

  async #serve(client: net.Socket): Promise<void> {
    client.on('error', ignoreError);
    const lease = this.#pool.admit(client);
    if (lease === undefined) {
      resetSocket(client);
      return;
    }
    const balancer = this.#balancer;
    const address = client.remoteAddress ?? '';
    const connected = await connectEndpoint(
      balancer.order(address),
      {
        timeoutMs: this.#options.connectTimeoutMs,
        attemptsMax: this.#options.connectAttemptsMax,
        onFailed: (endpoint) => {
          this.#pool.counters.retries++;
          balancer.failed(endpoint);
        },
      },
      lease.signal,
    );
    if (connected === undefined) {
      this.#pool.counters.unserved++;
      resetSocket(client);
    } else {
      balancer.connected(address, connected.endpoint);
      lease.add(connected.socket);
      await splice(client, connected.socket);
    }
    lease.release();
  }
}

/** Pending connections that the kernel keeps; it takes the lower of this and net.core.somaxconn. */
const BACKLOG = 4_096;

/** Errors show as `close`, to which the splice reacts. */
function ignoreError(): void {}
