/** What tests of the test harness share. Holds no tests of its own. */
import type { Cluster } from './cluster.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { startCluster } from './start-cluster.ts';

/** A Deployment of image `web` in the cluster's default namespace. */
export const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web }] }
`;

/** Stopped after the test; one that the test has stopped itself stays so. */
export async function newCluster(
  t: { after(clean: () => Promise<void>): void },
  options: ClusterOptions = {},
): Promise<Cluster> {
  const cluster = await startCluster(options);
  t.after(() => cluster.stop());
  return cluster;
}

/** Resolves when all replicas of `web` are ready. */
export async function untilReady(cluster: Cluster, replicas = 3): Promise<void> {
  await cluster.until(async () => (await cluster.get('deployment/web')).status?.readyReplicas === replicas, {
    description: `${replicas} replicas of web are ready`,
  });
}
