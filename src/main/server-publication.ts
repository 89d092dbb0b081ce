/** What others of a data directory find the server by: agents their credentials, people the kubeconfig. */
import { hostname } from 'node:os';
import path from 'node:path';
import { writeFileAtomically } from '../platform/atomic-file.ts';
import { writeKubeconfig } from '../platform/kubeconfig.ts';
import type { Pki } from '../platform/pki.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { clusterNode, nodesOf } from './cluster-node.ts';
import type { ServerAddress } from './server-address.ts';

export interface Publication {
  dataDir: string;
  cluster: ClusterConfig;
  pki: Pki;
  address: ServerAddress;
}

/** Writes it now, and the kubeconfig again whenever its certificate is renewed. */
export async function publishServer({ dataDir, cluster, pki, address }: Publication): Promise<void> {
  await Promise.all(
    nodesOf(dataDir).map((name) => pki.node(name, [hostname(), clusterNode(cluster, name).ip])),
  );
  writeFileAtomically(path.join(dataDir, 'server.json'), `${JSON.stringify(address)}\n`);
  const server = `https://${address.host}:${address.port}`;
  const write = () =>
    writeKubeconfig(path.join(dataDir, 'kubeconfig'), { server, name: 'kintsugi', credentials: pki.admin() });
  pki.onRenewal(() => void write());
  await write();
}
