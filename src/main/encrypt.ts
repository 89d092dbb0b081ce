/**
 * `kintsugi encrypt`: gives what is stored the form that the encryption configuration asks for, making a configuration and
 * keys where there are none, or a new key where one is wanted.
 *
 *     configuration with the new key first ─► every value rewritten ─► configuration without the old keys
 *
 * Each step is durable before the next, so that whatever cuts it short, what is stored can be opened with what the
 * configuration has, and the same command finishes.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  type EncryptionConfiguration,
  formatEncryptionConfiguration,
} from '../apiserver/encryption/encryption-configuration.ts';
import {
  EncryptionError,
  type EncryptionKey,
  type EncryptionProvider,
} from '../apiserver/encryption/value-encryption.ts';
import type { CliWorld } from '../cli/cli-world.ts';
import type { EncryptOptions } from '../cli/options.ts';
import { CommandError } from '../cli/usage-error.ts';
import { lockDataDir } from '../platform/data-dir-lock.ts';
import { writeFileDurably } from '../platform/durable-file.ts';
import { toOpenFailure } from '../platform/sqlite-errors.ts';
import { JournalDatabase, type RewriteCount } from '../platform/sqlite-journal-database.ts';
import { readClusterConfig } from './cluster-config.ts';
import { encryptionFile, newEncryption, readEncryption } from './encryption.ts';

const KEY_BYTES = 32;

export async function runEncrypt(options: EncryptOptions, world: CliWorld): Promise<number> {
  const dataDir = path.resolve(options.dataDir);
  if (readClusterConfig(dataDir) === undefined)
    throw new CommandError(`${dataDir} holds no cluster: start one with \`kintsugi up\` first`);
  const file = encryptionFile(dataDir, options.encryptionConfig);
  const lock = lockDataDir(dataDir);
  try {
    const existing = await readEncryption(file, false);
    const wanted = wantedConfiguration(existing, options.rotate);
    if (wanted !== existing) await write(file, wanted);
    const count = rewriteStore(path.join(dataDir, 'store', 'store.db'), wanted);
    const final = options.rotate ? withoutOldKeys(wanted) : wanted;
    if (final !== wanted) await write(file, final);
    await tell(world, options, { file, ...count });
    return 0;
  } finally {
    lock.release();
  }
}

/** The first time Secrets are encrypted; what is still plain may be read, as it must until it has been rewritten. */
function wantedConfiguration(
  existing: EncryptionConfiguration | undefined,
  isRotation: boolean,
): EncryptionConfiguration {
  if (existing === undefined) {
    const providers: EncryptionProvider[] = [{ kind: 'aesgcm', keys: [newKey([])] }, { kind: 'identity' }];
    return { resources: [{ resources: ['secrets'], providers }] };
  }
  if (!isRotation) return existing;
  const resources = existing.resources.map((entry) => ({
    ...entry,
    providers: entry.providers.map((provider, index): EncryptionProvider => {
      if (provider.kind !== 'aesgcm' || index > 0) return provider;
      return { kind: 'aesgcm', keys: [newKey(provider.keys), ...provider.keys] };
    }),
  }));
  return { resources };
}

function newKey(others: readonly EncryptionKey[]): EncryptionKey {
  const numbers = others.map(({ name }) => Number(/^key(\d+)$/.exec(name)?.[1] ?? 0));
  return { name: `key${Math.max(0, ...numbers) + 1}`, secret: randomBytes(KEY_BYTES) };
}

/** Nothing is sealed with them any more. */
function withoutOldKeys({ resources }: EncryptionConfiguration): EncryptionConfiguration {
  return {
    resources: resources.map((entry) => ({
      ...entry,
      providers: entry.providers.map((provider, index) =>
        provider.kind === 'aesgcm' && index === 0
          ? { ...provider, keys: provider.keys.slice(0, 1) }
          : provider,
      ),
    })),
  };
}

function write(file: string, configuration: EncryptionConfiguration): Promise<void> {
  return writeFileDurably(file, formatEncryptionConfiguration(configuration), 0o600);
}

/** @throws CommandError when the store is in use or holds what cannot be opened */
function rewriteStore(file: string, configuration: EncryptionConfiguration): RewriteCount {
  if (!existsSync(file)) return { rewritten: 0, total: 0 };
  const encryption = newEncryption(configuration);
  let database: JournalDatabase | undefined;
  try {
    database = new JournalDatabase(file);
    return database.rewrite((key, value) =>
      encryption.isCurrent(key, value) ? undefined : encryption.seal(key, encryption.open(key, value)),
    );
  } catch (error) {
    if (error instanceof EncryptionError) throw error;
    throw new CommandError(toOpenFailure(error, file).message, { cause: error });
  } finally {
    database?.close();
  }
}

async function tell(
  world: CliWorld,
  { output }: EncryptOptions,
  { file, rewritten, total }: RewriteCount & { file: string },
): Promise<void> {
  await world.stdout.write(
    output === 'json'
      ? `${JSON.stringify({ configuration: file, rewritten, total })}\n`
      : `kintsugi: ${rewritten} of ${total} stored values rewritten; the keys are in ${file}: without them nobody can read these, so keep a copy elsewhere\n`,
  );
}
