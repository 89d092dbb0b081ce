/** Looks at the encryption configuration every minute, as upstream does, and takes what has changed. */
import type { ReloadedEncryption } from '../apiserver/encryption/reloaded-encryption.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { encryptionFile, newEncryption, readEncryption } from './encryption.ts';

const PERIOD_MS = 60_000;

interface EncryptionReload {
  /** Of the configuration. */
  file: string;
  encryption: ReloadedEncryption;
  clock: Pick<Clock, 'sleep'>;
  log: Logger;
}

interface ReloadOptions {
  dataDir: string;
  encryptionConfig?: string;
  encryptionConfigAutomaticReload?: boolean;
}

/** What a server has to do for it: nothing, unless it was asked to. */
export function reloadTasks(
  world: Omit<EncryptionReload, 'file'>,
  { dataDir, encryptionConfig, encryptionConfigAutomaticReload: isWanted = false }: ReloadOptions,
): ((signal: AbortSignal) => Promise<void>)[] {
  const file = encryptionFile(dataDir, encryptionConfig);
  return isWanted ? [(signal) => runEncryptionReload({ ...world, file }, signal)] : [];
}

/** Until `signal` aborts. A file that is wrong, or gone, changes nothing; that is logged once for each of its states. */
export async function runEncryptionReload(
  { file, encryption, clock, log }: EncryptionReload,
  signal: AbortSignal,
): Promise<void> {
  let seen = await stateOf(file);
  while (!signal.aborted) {
    await clock.sleep(PERIOD_MS, signal).catch(() => {});
    const state = signal.aborted ? seen : await stateOf(file);
    if (state.text === seen.text) continue;
    seen = state;
    const isTaken = state.encryption !== undefined && encryption.adopt(state.encryption);
    if (isTaken) log.info('the encryption configuration was read again', { file });
    else log.error('the new encryption configuration is not taken', { file, problem: state.problem });
  }
}

/** What tells one state of the file from another, and what it says. */
async function stateOf(file: string) {
  try {
    const configuration = await readEncryption(file, true);
    const problem = 'it lacks a key, or the provider identity, that something on disk may need';
    return { text: JSON.stringify(configuration), encryption: newEncryption(configuration!), problem };
  } catch (error) {
    const problem = (error as Error).message;
    return { text: problem, encryption: undefined, problem };
  }
}
