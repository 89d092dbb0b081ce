/** The options that `up` and `server` have for the audit log. Names and defaults follow upstream's `--audit-log-*`. */
import type { Command } from 'commander';
import { parseWholeNumber } from './commands/shared-options.ts';
import type { AuditOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

export interface AuditFlags {
  auditPolicy?: string;
  auditLog?: string;
  auditLogMaxSize: number;
  auditLogMaxAge: number;
  auditLogMaxBackup: number;
  auditWebhookConfigFile?: string;
}

export function withAudit(command: Command): Command {
  return command
    .option('--audit-policy <file>', 'write requests down as this audit.k8s.io/v1 Policy says')
    .option('--audit-log <file>', 'where (default: DATA_DIR/logs/audit.log)')
    .option(
      '--audit-log-max-size <megabytes>',
      'size at which a new file is begun',
      parseWholeNumber('--audit-log-max-size', 1, 1_000_000),
      100,
    )
    .option(
      '--audit-log-max-age <days>',
      'age at which an old file is deleted; 0: never',
      parseWholeNumber('--audit-log-max-age', 0, 1_000_000),
      0,
    )
    .option(
      '--audit-log-max-backup <count>',
      'old files that are kept; 0: all',
      parseWholeNumber('--audit-log-max-backup', 0, 1_000_000),
      10,
    )
    .option('--audit-webhook-config-file <file>', 'a kubeconfig: where each event is sent, too');
}

/** @throws UsageError for a log without a policy */
export function splitAudit<T extends AuditFlags>(
  flags: T,
): { audit?: AuditOptions; others: Omit<T, keyof AuditFlags> } {
  const {
    auditPolicy,
    auditLog,
    auditLogMaxSize,
    auditLogMaxAge,
    auditLogMaxBackup,
    auditWebhookConfigFile: webhook,
    ...others
  } = flags;
  if (auditPolicy === undefined) {
    if (auditLog !== undefined)
      throw new UsageError('--audit-log needs --audit-policy, which says what to log');
    if (webhook !== undefined)
      throw new UsageError('--audit-webhook-config-file needs --audit-policy, which says what to send');
    return { others };
  }
  const audit: AuditOptions = {
    policy: auditPolicy,
    ...(auditLog === undefined ? {} : { log: auditLog }),
    ...(webhook === undefined ? {} : { webhook }),
    maxSizeMegabytes: auditLogMaxSize,
    maxAgeDays: auditLogMaxAge,
    maxBackups: auditLogMaxBackup,
  };
  return { audit, others };
}
