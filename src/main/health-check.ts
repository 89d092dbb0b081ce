/** Asks the processes of a data directory whether they live, over HTTPS and with the cluster's own authority. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import type { ServerAddress } from './server-address.ts';

/**
 * Resolves with the status code of `GET https://host:port/path`.
 * Rejects when there is no answer, or with `signal.reason`.
 */
export function askHealth(
  dataDir: string,
  { host, port }: ServerAddress,
  pathname: string,
  signal: AbortSignal,
): Promise<number> {
  const ca = readFileSync(path.join(dataDir, 'pki', 'cluster-ca.crt'));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const asked = request(
    { host, port, path: pathname, ca, agent: false, signal, servername: 'localhost' },
    (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    },
  );
  asked.on('error', (error) => reject(signal.aborted ? signal.reason : error));
  asked.end();
  return promise;
}
