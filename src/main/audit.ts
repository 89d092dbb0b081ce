/** Opens the audit log that the command line asks for. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError } from '../api/configuration/configuration.ts';
import type { AuditSink } from '../apiserver/audit/audit-log.ts';
import type { AuditPolicy } from '../apiserver/audit/audit-policy.ts';
import { parseAuditPolicy } from '../apiserver/audit/parse-audit-policy.ts';
import type { Logger } from '../base/logger.ts';
import type { AuditOptions } from '../cli/options.ts';
import { openAuditLogFile } from '../platform/audit-log-file.ts';

const CLOSE_GRACE_MS = 2_000;
const MEGABYTE = 1024 * 1024;

export interface OpenAudit {
  policy: AuditPolicy;
  sink: AuditSink;
  /** Of its lines. */
  count: () => { taken: number; dropped: number };
  close(): Promise<void>;
}

/** @throws ConfigurationError; the file system's errors for the log */
export async function openAudit(dataDir: string, options: AuditOptions, log: Logger): Promise<OpenAudit> {
  const policy = await readAuditPolicy(options.policy);
  const file = await openAuditLogFile(log, {
    path: path.resolve(options.log ?? path.join(dataDir, 'logs', 'audit.log')),
    maxSizeBytes: options.maxSizeMegabytes * MEGABYTE,
    maxAgeDays: options.maxAgeDays,
    maxBackups: options.maxBackups,
  });
  const count = () => ({ taken: file.taken, dropped: file.dropped });
  return { policy, sink: file, count, close: () => file.close(CLOSE_GRACE_MS) };
}

/** @throws ConfigurationError that names the file */
export async function readAuditPolicy(file: string): Promise<AuditPolicy> {
  try {
    return parseAuditPolicy(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ConfigurationError(`audit policy ${file}: ${(cause as Error).message}`, { cause });
  }
}
