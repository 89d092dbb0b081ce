/** What of a data directory is encrypted at rest: its configuration, and the journal that keeps to it. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError } from '../api/configuration/configuration.ts';
import {
  type EncryptionConfiguration,
  encryptionRules,
  parseEncryptionConfiguration,
} from '../apiserver/encryption/encryption-configuration.ts';
import { ValueEncryption } from '../apiserver/encryption/value-encryption.ts';
import { aesGcm } from '../platform/aes-gcm.ts';

/** Where the configuration is unless the command line says otherwise. */
export function encryptionFile(dataDir: string, file: string | undefined): string {
  return path.resolve(file ?? path.join(dataDir, 'encryption.yaml'));
}

/**
 * Reads the configuration. Without one nothing is encrypted, and what is encrypted already is not understood.
 *
 * @throws ConfigurationError naming the file and what is wrong with it, or that a file which was named is absent
 */
export async function openEncryption(dataDir: string, file: string | undefined): Promise<ValueEncryption> {
  const configuration = await readEncryption(encryptionFile(dataDir, file), file !== undefined);
  return newEncryption(configuration ?? { resources: [] });
}

export function newEncryption(configuration: EncryptionConfiguration): ValueEncryption {
  return new ValueEncryption(encryptionRules(configuration), aesGcm);
}

/** `undefined` where there is no file and there need not be one. */
export async function readEncryption(
  file: string,
  isRequired: boolean,
): Promise<EncryptionConfiguration | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    if (((await stat(file)).mode & 0o077) !== 0)
      throw new ConfigurationError(`others may read it: chmod 600 ${file}`);
    return parseEncryptionConfiguration(text);
  } catch (cause) {
    // A data directory that is none is told of by whoever makes it.
    const isAbsent = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    if (!isRequired && isAbsent) return undefined;
    throw new ConfigurationError(`encryption configuration ${file}: ${(cause as Error).message}`, { cause });
  }
}
