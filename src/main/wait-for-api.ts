/** Waits until the API server of a data directory answers, or says why it never will. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from '../cli/usage-error.ts';
import type { Keeper } from '../keeper/keeper.ts';
import { systemClock } from '../platform/system-clock.ts';
import { askServer } from './liveness.ts';
import { readServerAddress, type ServerAddress } from './server-address.ts';

const POLL_MS = 10;
const ANSWER_TIMEOUT_MS = 2_000;

/** `undefined` when told to stop meanwhile. @throws CommandError when the server cannot start */
export async function waitForApi(
  dataDir: string,
  keeper: Keeper,
  signal: AbortSignal,
): Promise<ServerAddress | undefined> {
  const findServer = () => keeper.children.find(({ name }) => name === 'server');
  // A server that an earlier keeper left running may have a past; only what ends now cannot start.
  const restartsBefore = findServer()?.restarts ?? 0;
  while (!signal.aborted) {
    const child = findServer();
    if (child?.lastEnd !== undefined && child.restarts > restartsBefore)
      throw new CommandError(`the server cannot start: ${reasonOfEnd(dataDir, child.lastEnd)}`);
    if (await isReady(dataDir)) return readServerAddress(dataDir);
    await systemClock.sleep(POLL_MS, signal).catch(() => {});
  }
  return undefined;
}

function isReady(dataDir: string): Promise<boolean> {
  return askServer(dataDir, AbortSignal.timeout(ANSWER_TIMEOUT_MS)).then(
    (liveness) => liveness === 'ready',
    () => false,
  );
}

/** What the process itself said last for a person to read, else how it ended. */
function reasonOfEnd(dataDir: string, end: string): string {
  const file = path.join(dataDir, 'logs', 'server.log');
  const said = readFileSync(file, 'utf8')
    .split('\n')
    .findLast((line) => line.startsWith('kintsugi: '));
  return said?.slice('kintsugi: '.length) ?? `${end}; see ${file}`;
}
