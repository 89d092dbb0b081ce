/** Ends everything that a node runs, each container with its stop signal first, and takes its network away. */
import type { ProcessRuntime } from '../container-runtime/process/process-runtime.ts';
import { newAddressClaims } from '../network/userspace/claimed-addresses.ts';
import { releaseServiceRange } from '../network/userspace/service-range.ts';
import type { ClusterConfig } from './cluster-config.ts';

/** From the stop signal to the kill, for every container at once. */
const GRACE_MS = 10_000;

export interface NodeContents {
  runtime: ProcessRuntime;
  cluster: ClusterConfig;
}

/** The Pods stay in the API: the next start of the node runs them again. */
export async function stopContainers({ runtime, cluster }: NodeContents, signal: AbortSignal): Promise<void> {
  const containers = await runtime.listContainers();
  const running = containers.filter(({ state }) => state === 'running');
  await Promise.allSettled(running.map(({ id }) => runtime.stopContainer(id, GRACE_MS, signal)));
  await runtime.destroyAll(signal);
  if (cluster.network !== 'bridge') return;
  await releaseServiceRange(cluster.serviceCidr, signal);
  const claims = newAddressClaims(cluster.clusterId);
  for (const address of await claims.list(signal)) await claims.release(address, signal);
}
