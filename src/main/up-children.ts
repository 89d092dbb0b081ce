/** The processes of a cluster as the keeper sees them: one server, and an agent for each node. */
import path from 'node:path';
import type { AuditOptions } from '../cli/options.ts';
import type { ChildSpec } from '../keeper/child-spec.ts';
import { nodeName } from './cluster-node.ts';
import { askAgent, askServer } from './liveness.ts';

export interface ChildrenOptions {
  dataDir: string;
  apiPort: number;
  nodes: number;
  audit?: AuditOptions;
  encryptionConfig?: string;
  encryptionConfigAutomaticReload?: boolean;
  maxRequestsInflight?: number;
  maxMutatingRequestsInflight?: number;
}

const AGENT_STOP_ORDER = 2;
const SERVER_STOP_ORDER = 1;
/** An agent ends its containers first, each within its own grace. */
const AGENT_STOP_TIMEOUT_MS = 45_000;
const SERVER_STOP_TIMEOUT_MS = 10_000;

export function clusterChildren(options: ChildrenOptions): ChildSpec[] {
  const agents = Array.from({ length: options.nodes }, (_, index) => agentSpec(options, nodeName(index)));
  return [serverSpec(options), ...agents];
}

function serverSpec({
  dataDir,
  apiPort,
  audit,
  encryptionConfig,
  encryptionConfigAutomaticReload,
  maxRequestsInflight,
  maxMutatingRequestsInflight,
}: ChildrenOptions): ChildSpec {
  const options = [
    '--data-dir',
    dataDir,
    '--api-port',
    String(apiPort),
    ...(audit ? auditArgs(audit) : []),
    ...(encryptionConfig === undefined ? [] : [`--encryption-config=${path.resolve(encryptionConfig)}`]),
    ...(encryptionConfigAutomaticReload ? ['--encryption-config-automatic-reload'] : []),
    ...(maxRequestsInflight === undefined ? [] : [`--max-requests-inflight=${maxRequestsInflight}`]),
    ...(maxMutatingRequestsInflight === undefined
      ? []
      : [`--max-mutating-requests-inflight=${maxMutatingRequestsInflight}`]),
  ];
  return {
    name: 'server',
    command: [...program(dataDir), 'server', ...options],
    env: environment(dataDir),
    checkLiveness: async (signal) => void (await askServer(dataDir, signal)),
    stopOrder: SERVER_STOP_ORDER,
    stopTimeoutMs: SERVER_STOP_TIMEOUT_MS,
  };
}

/** The server may be started from another directory. */
function auditArgs({ policy, log, webhook, ...file }: AuditOptions): string[] {
  return [
    `--audit-policy=${path.resolve(policy)}`,
    ...(log === undefined ? [] : [`--audit-log=${path.resolve(log)}`]),
    ...(webhook === undefined ? [] : [`--audit-webhook-config-file=${path.resolve(webhook)}`]),
    `--audit-log-max-size=${file.maxSizeMegabytes}`,
    `--audit-log-max-age=${file.maxAgeDays}`,
    `--audit-log-max-backup=${file.maxBackups}`,
  ];
}

function agentSpec({ dataDir }: ChildrenOptions, name: string): ChildSpec {
  return {
    name: `agent-${name}`,
    command: [...program(dataDir), 'agent', '--data-dir', dataDir, '--node-name', name],
    env: environment(dataDir),
    checkLiveness: async (signal) => void (await askAgent(dataDir, name, signal)),
    stopOrder: AGENT_STOP_ORDER,
    stopTimeoutMs: AGENT_STOP_TIMEOUT_MS,
  };
}

/** This very program, so that all processes of a cluster are of one version. */
function program(dataDir: string): string[] {
  const reports = path.join(dataDir, 'logs');
  return [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--report-on-signal',
    `--report-directory=${reports}`,
    process.argv[1]!,
  ];
}

/** Compiled code is kept, so that a restarted process is back sooner. */
function environment(dataDir: string): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...Object.fromEntries(own), NODE_COMPILE_CACHE: path.join(dataDir, 'cache') };
}
