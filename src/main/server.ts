/**
 * The `server` process: store, API server, controllers and scheduler over one data directory.
 *
 * Order at start: the journal opens in its thread while certificates are made; the port is taken before anything is
 * written, since objects name it; `/readyz` answers 200 once bootstrap is durable. Whatever breaks ends the process, and
 * the keeper starts it again.
 */
import { hostname } from 'node:os';
import path from 'node:path';
import type { ClientAuthorities } from '../apiserver/aggregation/extension-authentication.ts';
import { bootstrapRbacObjects } from '../apiserver/authz/bootstrap-roles.ts';
import { bootstrapCluster } from '../apiserver/bootstrap.ts';
import { ReloadedEncryption } from '../apiserver/encryption/reloaded-encryption.ts';
import { type InflightLimits, totalSeatsOf } from '../apiserver/fairness/defaults.ts';
import { isProxyPath } from '../apiserver/route.ts';
import { METRICS_READER } from '../apiserver/usage/reader-role.ts';
import { runAll } from '../assembly/run-all.ts';
import { newServerParts } from '../assembly/server-parts.ts';
import type { AuditOptions } from '../cli/options.ts';
import { newAgentReader } from '../platform/agent-reader.ts';
import { requestSignatures } from '../platform/certificate-signer.ts';
import { nextTurn } from '../platform/event-loop.ts';
import { newExtensionReader } from '../platform/extension-reader.ts';
import { newHttpsServer } from '../platform/https-server.ts';
import { newPinoLogger } from '../platform/json-logger.ts';
import { openPki, type Pki } from '../platform/pki.ts';
import { openSqliteJournal } from '../platform/sqlite-journal.ts';
import { systemClock } from '../platform/system-clock.ts';
import { systemRandom } from '../platform/system-random.ts';
import { newTokenKeys } from '../platform/token-keys.ts';
import { newTunnel, type TunnelCredentials } from '../platform/tunnel.ts';
import { newHttpsWebhooks } from '../platform/webhook-transport.ts';
import { openStore } from '../store/mvcc-store.ts';
import { TransformedJournal } from '../store/transformed-journal.ts';
import { openAudit } from './audit.ts';
import { openClusterConfig } from './cluster-config.ts';
import { openEncryption } from './encryption.ts';
import { reloadTasks } from './encryption-reload.ts';
import { openServerLiveness } from './liveness.ts';
import { newMetrics } from './metrics.ts';
import { readServerAddress, type ServerAddress } from './server-address.ts';
import { newServerGate } from './server-gate.ts';
import { publishServer } from './server-publication.ts';
import { serverTasks } from './server-tasks.ts';

export interface ServerOptions extends InflightLimits {
  dataDir: string;
  bindAddress: string;
  /** 0: the port of the last start, or else a free one. */
  apiPort: number;
  audit?: AuditOptions;
  /** Absent: `encryption.yaml` in the data directory, where it is there. */
  encryptionConfig?: string;
  encryptionConfigAutomaticReload?: boolean;
}

const CLOSE_GRACE_MS = 2_000;

/** Serves until `signal` aborts, then stops cleanly. Rejects when it cannot start, or when something broke. */
export async function runServer(options: ServerOptions, signal: AbortSignal): Promise<void> {
  const { dataDir } = options;
  const log = newPinoLogger({ component: 'server' });
  const world = { clock: systemClock, random: systemRandom, log, webhooks: newHttpsWebhooks() };
  const cluster = await openClusterConfig(dataDir);
  const audit = options.audit && (await openAudit(dataDir, options.audit, log));
  const encryption = new ReloadedEncryption(await openEncryption(dataDir, options.encryptionConfig));
  const database = openSqliteJournal({ directory: path.join(dataDir, 'store') });
  const journal = new TransformedJournal(database, encryption);
  const pki = await openPki(systemClock, log, {
    directory: path.join(dataDir, 'pki'),
    serverHosts: [hostname(), firstAddress(cluster.serviceCidr), options.bindAddress],
  });
  const gate = newServerGate();
  const tunnel = newTunnel(tunnelCredentials(pki));
  const listener = newHttpsServer(log, {
    host: options.bindAddress,
    port: options.apiPort === 0 ? (readServerAddress(dataDir)?.port ?? 0) : options.apiPort,
    tls: pki.server(),
    handle: (request, requestSignal) => gate.handle(request, requestSignal),
    isStreamed: (path) => isProxyPath(path) || gate.isForExtension(path),
    tunnel,
  });
  const { port } = await listener.listen();
  pki.onRenewal(() => listener.setTls(pki.server()));
  const store = await openStore({ journal, clock: systemClock, log }, signal);
  const liveness = await openServerLiveness(dataDir);
  try {
    const address: ServerAddress = { host: options.bindAddress, port };
    const metrics = newMetrics();
    if (audit) metrics.countAudit(audit.count);
    const parts = newServerParts({
      ...world,
      store,
      keys: newTokenKeys([pki.serviceAccountKey]),
      signatures: requestSignatures,
      ranges: cluster,
      platform: thisPlatform(),
      address: `${address.host}:${port}`,
      readiness: { name: 'bootstrap', problem: () => (gate.isReady ? undefined : 'bootstrap is not done') },
      metrics: metrics.text,
      ...(audit && { audit }),
      agents: newAgentReader(tunnel),
      totalSeats: totalSeatsOf(options),
      nextTurn,
      extensions: { reader: newExtensionReader(tunnel), authorities: authoritiesOf(pki) },
    });
    await bootstrapCluster(parts.api.registry, {
      advertise: { address: address.host, port },
      // On loopback, without root, 443 cannot be listened on: clients in Pods are told the port by their environment.
      ...(cluster.network === 'loopback' ? { servicePort: port } : {}),
      rbacObjects: [...bootstrapRbacObjects(), METRICS_READER],
    });
    await parts.api.aggregation.start();
    gate.open(parts.api);
    await publishServer({ dataDir, cluster, pki, address });
    liveness.becomeReady();
    log.info('ready', { ...address, revision: store.revision });
    const reload = reloadTasks({ ...world, encryption }, options);
    await runAll(signal, [...serverTasks({ ...world, store, pki, parts, metrics }), ...reload]);
  } finally {
    await listener.close(CLOSE_GRACE_MS);
    await store.close();
    await audit?.close();
    liveness.close();
    log.info(signal.aborted ? 'stopped' : 'ended by a failure');
  }
}

function tunnelCredentials(pki: Pki): TunnelCredentials {
  return { agents: () => pki.kubeletClient(), extensions: () => pki.frontProxyClient() };
}

function authoritiesOf(pki: Pki): ClientAuthorities {
  return { clientCa: () => pki.clientCa, requestHeaderCa: () => pki.frontProxyCa };
}

function thisPlatform(): { name: string; runtime: string } {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return { name: `${process.platform}/${architecture}`, runtime: `node${process.version}` };
}

function firstAddress(cidr: string): string {
  return cidr.replace(/0\/\d+$/, '1');
}
