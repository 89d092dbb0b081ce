/** How an agent speaks to the API server: its credentials as they are renewed, one connection, shared caches, Events. */
import path from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { ApiClient } from '../client/api-client.ts';
import { newInformerFactory, type RunningInformerFactory } from '../client/informer-factory.ts';
import { newRestClient } from '../client/rest-client.ts';
import { newHttpsTransport } from '../platform/https-transport.ts';
import { waitForNodeCredentials, watchNodeCredentials } from '../platform/node-credentials.ts';
import type { ServerTls } from '../platform/pki.ts';
import { type ServerAddress, waitForServerAddress } from './server-address.ts';

export interface AgentApiOptions {
  dataDir: string;
  nodeName: string;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface AgentApiAccess {
  client: ApiClient;
  informers: RunningInformerFactory;
  /** What the agent's own listener presents now. */
  readonly serverTls: ServerTls;
  address: ServerAddress;
  /** From now on a renewed certificate is used for new connections, and `listener` hears of it. */
  followRenewals(listener: (tls: ServerTls) => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Waits until the server has made this node's credentials and says where it listens. */
export async function openAgentApi(options: AgentApiOptions, signal: AbortSignal): Promise<AgentApiAccess> {
  const { dataDir, nodeName, clock, random, log } = options;
  const pki = { directory: path.join(dataDir, 'pki'), name: nodeName };
  let credentials = await waitForNodeCredentials(clock, pki, signal);
  const address = await waitForServerAddress(dataDir, clock, signal);
  const server = `https://${address.host}:${address.port}`;
  const transport = newHttpsTransport({ server, clock, credentials: () => credentials.client });
  const client = newRestClient(transport, { userAgent: 'kubelet' });
  return {
    client,
    informers: newInformerFactory({ client, clock, random, log }),
    address,
    get serverTls() {
      return credentials.server;
    },
    followRenewals(listener, renewalSignal) {
      const onRenewal = (renewed: typeof credentials) => {
        credentials = renewed;
        listener(renewed.server);
        transport.renew();
      };
      return watchNodeCredentials(pki, onRenewal, renewalSignal);
    },
    close: () => transport.close(),
  };
}
