/** An agent's credentials, as the server's process writes them: read again whenever that process renews them. */
import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { type NodeTls, nodeCredentialPaths } from './pki.ts';
import { readCredential, readIfPresent } from './pki-credential.ts';

/** How often an agent that starts before its server looks for its credentials. */
const RETRY_MS = 50;

/** What is there now; `undefined` while the server has not made all of it. */
export async function readNodeCredentials(directory: string, name: string): Promise<NodeTls | undefined> {
  const paths = nodeCredentialPaths(directory, name);
  const [client, server, serverCa, clientCa] = await Promise.all([
    readCredential(paths.client),
    readCredential(paths.server),
    readIfPresent(join(directory, 'cluster-ca.crt')),
    readIfPresent(join(directory, 'client-ca.crt')),
  ]);
  if (client === undefined || server === undefined || serverCa === undefined || clientCa === undefined)
    return undefined;
  return {
    client: { key: client.key, cert: client.certificate, serverCa },
    server: { key: server.key, cert: server.certificate, clientCa },
  };
}

/** Waits until the server has made the credentials of node `name`. */
export async function waitForNodeCredentials(
  clock: Clock,
  { directory, name }: { directory: string; name: string },
  signal: AbortSignal,
): Promise<NodeTls> {
  for (;;) {
    const credentials = await readNodeCredentials(directory, name);
    if (credentials !== undefined) return credentials;
    await clock.sleep(RETRY_MS, signal);
  }
}

/** Calls `listener` after the credentials of node `name` were replaced, until `signal` aborts. */
export async function watchNodeCredentials(
  { directory, name }: { directory: string; name: string },
  listener: (credentials: NodeTls) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = dirname(nodeCredentialPaths(directory, name).client);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const watcher = watch(folder, { persistent: false, signal });
  watcher.on('error', () => {}); // ends with the signal; the credentials in use stay valid for a third of their life
  watcher.on('change', () => {
    void readNodeCredentials(directory, name).then(
      (credentials) => credentials !== undefined && listener(credentials),
      () => undefined, // half replaced: the next change tells again
    );
  });
}
