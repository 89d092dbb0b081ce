/**
 * The `agent` process: kubelet and Service proxy of one node. It may die at any moment: containers run on, and the next
 * agent finds them. Told to stop, it ends them first; their Pods stay in the API and run again at the next start.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { newNodeParts } from '../assembly/node-parts.ts';
import { runAll } from '../assembly/run-all.ts';
import { newPinoLogger } from '../platform/json-logger.ts';
import { newProber } from '../platform/kubelet-prober.ts';
import { newVolumeHost } from '../platform/kubelet-volume-host.ts';
import { systemClock } from '../platform/system-clock.ts';
import { systemRandom } from '../platform/system-random.ts';
import { openAgentApi } from './agent-api.ts';
import { openAgentDataplane } from './agent-dataplane.ts';
import { openAgentDns } from './agent-dns.ts';
import { openAgentRuntime } from './agent-runtime.ts';
import { newAgentServer } from './agent-server.ts';
import { openClusterConfig } from './cluster-config.ts';
import { clusterNode, nodeDirectory } from './cluster-node.ts';
import { openAgentLiveness } from './liveness.ts';
import { readNodeFacts } from './node-facts.ts';
import { stopContainers } from './stop-containers.ts';

/** Nothing interrupts the ending of containers but their own grace. */
const never = new AbortController().signal;

export interface AgentOptions {
  dataDir: string;
  nodeName: string;
  /** Addresses of this machine on which node ports listen. */
  nodePortAddresses: readonly string[];
}

/** Works until `signal` aborts, then ends what the node runs; killed, it leaves everything running for the next agent. */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { dataDir, nodeName } = options;
  const [clock, random] = [systemClock, systemRandom];
  const log = newPinoLogger({ component: 'agent' }).with({ node: nodeName });
  const cluster = await openClusterConfig(dataDir);
  const node = clusterNode(cluster, nodeName);
  mkdirSync(nodeDirectory(dataDir, nodeName), { recursive: true, mode: 0o700 });
  const liveness = await openAgentLiveness(dataDir, nodeName);
  const runtimeOpening = openAgentRuntime({ dataDir, cluster, node, log });
  const api = await openAgentApi({ dataDir, nodeName, clock, random, log }, signal);
  const runtime = await runtimeOpening;
  const server = newAgentServer({ log, node, tls: api.serverTls, runtime, clock }, signal);
  const { port } = await server.listen();
  const { version } = await runtime.status();
  const world = { clock, random, log, informers: api.informers };
  const dns = await openAgentDns({ ...world, cluster, node });
  const { nodePortAddresses } = options;
  const { kubelet, tasks } = newNodeParts({
    ...world,
    client: api.client,
    runtime,
    prober: newProber(),
    volumes: newVolumeHost(),
    ...(await openAgentDataplane({ ...world, cluster, node, nodePortAddresses }, signal)),
    kubelet: {
      node: readNodeFacts({ node, kubeletPort: port, runtimeVersion: `process://${version}` }),
      rootDir: path.join(nodeDirectory(dataDir, nodeName), 'kubelet'),
      runtimeName: 'process',
      dns: dns.ofNode,
    },
  });
  server.serve(() => kubelet.pods());
  await api.followRenewals((tls) => server.setTls(tls), signal);
  liveness.becomeReady();
  log.info('ready', { port, api: `${api.address.host}:${api.address.port}` });
  try {
    await runAll(signal, [...tasks, (both) => dns.run(both)]);
  } finally {
    await server.close();
    api.close();
    if (signal.aborted) await stopContainers({ runtime, cluster }, never);
    liveness.close();
    log.info('stopped');
  }
}
