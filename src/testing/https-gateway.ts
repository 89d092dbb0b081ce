/**
 * The cluster's API on a loopback port, for clients in any language: the shipped HTTPS listener in front of the simulated
 * network. Its certificates and its kubeconfig live in a folder of their own, which goes when it closes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ApiRequest, Transport } from '../api/message.ts';
import { silentLogger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import { toStatusResponse, type WritableResponse, writeResponse } from '../platform/https-response.ts';
import { newHttpsServer, type RawUpgrade } from '../platform/https-server.ts';
import { newUpgradeSink } from '../platform/https-sink.ts';
import { formatKubeconfig, writeKubeconfig } from '../platform/kubeconfig.ts';
import { newStreamingUpgrade } from '../platform/kubelet-streaming.ts';
import { openPki } from '../platform/pki.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { ClusterHttps } from './cluster.ts';
import type { NodeAgents } from './node-agents.ts';

export interface OpenHttps extends ClusterHttps {
  close(): Promise<void>;
}

export interface HttpsGatewayOptions {
  /** Answers as whoever each request proves to come from; may answer with tunnels. */
  transport: Transport;
  agents: NodeAgents;
}

const HOST = '127.0.0.1';
const CLOSE_GRACE_MS = 200;

export async function openHttpsGateway({ transport, agents }: HttpsGatewayOptions): Promise<OpenHttps> {
  const directory = await mkdtemp(path.join(tmpdir(), 'kintsugi-testing-'));
  const stop = new AbortController();
  const pki = await openPki(systemClock, silentLogger, {
    directory: path.join(directory, 'pki'),
    serverHosts: [],
  });
  const server = newHttpsServer(silentLogger, {
    host: HOST,
    port: 0,
    tls: pki.server(),
    handle: (request, signal) => agents.opening(transport).send(request, signal),
    onUpgrade: (request, upgrade) =>
      void openStream({ transport, agents }, { request, upgrade, signal: stop.signal }),
  });
  const { port } = await server.listen();
  const credentials = pki.admin();
  const url = `https://${HOST}:${port}`;
  const target = { server: url, name: 'kintsugi-testing', credentials };
  const kubeconfig = path.join(directory, 'kubeconfig');
  await writeKubeconfig(kubeconfig, target);
  return {
    url,
    kubeconfig,
    kubeconfigText: formatKubeconfig(target),
    ca: credentials.serverCa,
    cert: credentials.cert,
    key: credentials.key,
    close: async () => {
      stop.abort(new Error('the cluster has been stopped'));
      await server.close(CLOSE_GRACE_MS);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface UpgradeCall {
  request: ApiRequest;
  upgrade: RawUpgrade;
  signal: AbortSignal;
}

/** exec, attach, port-forward: the API server says where, the node's agent joins the connection. */
async function openStream(
  { transport, agents }: HttpsGatewayOptions,
  { request, upgrade, signal }: UpgradeCall,
): Promise<void> {
  try {
    const response = await transport.send(request, signal);
    if (response.body.kind !== 'tunnel') {
      await refuse(upgrade, response as WritableResponse);
      return;
    }
    const agent = agents.dial(response.body.target, request);
    newStreamingUpgrade({ api: agent.api, log: silentLogger, signal })(agent.request, upgrade);
  } catch (error) {
    const known = error instanceof StatusError;
    await refuse(
      upgrade,
      toStatusResponse(known ? error : new StatusError('InternalError', String(error), { cause: error })),
    );
  }
}

function refuse({ message, socket }: RawUpgrade, response: WritableResponse): Promise<void> {
  const sink = newUpgradeSink(new ServerResponse(message), socket);
  return writeResponse(sink, response, { headOnly: false, compress: false });
}
