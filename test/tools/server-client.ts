/** The product's own client, as the administrator of a server that a test or a benchmark started. */
import type { ApiClient } from '../../src/client/api-client.ts';
import { newRestClient } from '../../src/client/rest-client.ts';
import { newHttpsTransport } from '../../src/platform/https-transport.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { ServerProcess } from './server-process.ts';

export interface ServerClient {
  client: ApiClient;
  /** Ends its connection and whatever runs on it. */
  readonly close: () => void;
}

export function newServerClient({ url, tls }: Pick<ServerProcess, 'url' | 'tls'>): ServerClient {
  const transport = newHttpsTransport({ server: url, clock: systemClock, credentials: () => tls });
  return {
    client: newRestClient(transport, { userAgent: 'kintsugi-test' }),
    close: () => transport.close(),
  };
}
