/** Where the API server of a data directory listens: `server.json`, so that it comes back on the same port. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../base/clock.ts';

export interface ServerAddress {
  host: string;
  port: number;
}

/** `undefined` before the first start. */
export function readServerAddress(dataDir: string): ServerAddress | undefined {
  try {
    return JSON.parse(readFileSync(path.join(dataDir, 'server.json'), 'utf8')) as ServerAddress;
  } catch {
    return undefined; // absent, or cut short: a port is chosen anew
  }
}

const RETRY_MS = 50;

/** Waits for the server's first start. */
export async function waitForServerAddress(
  dataDir: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<ServerAddress> {
  for (;;) {
    const address = readServerAddress(dataDir);
    if (address !== undefined) return address;
    await clock.sleep(RETRY_MS, signal);
  }
}
