/** Opens the audit log that the command line asks for. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError } from '../api/configuration/configuration.ts';
import type { AuditSink } from '../apiserver/audit/audit-log.ts';
import type { AuditPolicy } from '../apiserver/audit/audit-policy.ts';
import { parseAuditPolicy } from '../apiserver/audit/parse-audit-policy.ts';
import type { Logger } from '../base/logger.ts';
import { parseKubeconfig } from '../cli/kubeconfig.ts';
import type { AuditOptions } from '../cli/options.ts';
import { openAuditLogFile } from '../platform/audit-log-file.ts';
import { AuditWebhook } from '../platform/audit-webhook.ts';
import { newHttpsWebhooks } from '../platform/webhook-transport.ts';

const CLOSE_GRACE_MS = 2_000;
const MEGABYTE = 1024 * 1024;

/** Of lines; of lost ones by the way that they were to take. */
export interface AuditCount {
  taken: number;
  dropped: { log: number; webhook?: number };
}

export interface OpenAudit {
  policy: AuditPolicy;
  sink: AuditSink;
  count: () => AuditCount;
  close(): Promise<void>;
}

/** @throws ConfigurationError; the file system's errors for the log */
export async function openAudit(dataDir: string, options: AuditOptions, log: Logger): Promise<OpenAudit> {
  const policy = await readAuditPolicy(options.policy);
  const webhook =
    options.webhook === undefined ? undefined : await openWebhook(path.resolve(options.webhook), log);
  const file = await openAuditLogFile(log, {
    path: path.resolve(options.log ?? path.join(dataDir, 'logs', 'audit.log')),
    maxSizeBytes: options.maxSizeMegabytes * MEGABYTE,
    maxAgeDays: options.maxAgeDays,
    maxBackups: options.maxBackups,
  });
  const close = () => file.close(CLOSE_GRACE_MS);
  if (webhook === undefined) {
    return {
      policy,
      sink: file,
      count: () => ({ taken: file.taken, dropped: { log: file.dropped } }),
      close,
    };
  }
  return {
    policy,
    sink: {
      write(line) {
        file.write(line);
        webhook.write(line);
      },
    },
    count: () => ({ taken: file.taken, dropped: { log: file.dropped, webhook: webhook.dropped } }),
    close: async () => void (await Promise.all([close(), webhook.close(CLOSE_GRACE_MS)])),
  };
}

/** @param file  a kubeconfig, whose server is where events go */
async function openWebhook(file: string, log: Logger): Promise<AuditWebhook> {
  const read = (name: string) => readFile(path.resolve(path.dirname(file), name), 'utf8');
  try {
    const { server, serverCa, cert, key, token } = await parseKubeconfig(await read(file), file, read);
    const certificate = cert === undefined || key === undefined ? {} : { cert, key };
    const credentials = { ...certificate, ...(token === undefined ? {} : { token }) };
    const target = { url: server, credentials, ...(serverCa === '' ? {} : { caBundle: serverCa }) };
    return new AuditWebhook(log, { transport: newHttpsWebhooks(), target });
  } catch (cause) {
    throw new ConfigurationError(`audit webhook ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** @throws ConfigurationError that names the file */
export async function readAuditPolicy(file: string): Promise<AuditPolicy> {
  try {
    return parseAuditPolicy(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ConfigurationError(`audit policy ${file}: ${(cause as Error).message}`, { cause });
  }
}
