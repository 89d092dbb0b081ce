/** A cluster with the stand-ins for the images of manifests. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRoot, NOBODY, startUpCluster, type UpCluster } from '../tools/up-cluster.ts';
import { type Network, writeStandIns } from './stand-ins.ts';

export interface ManifestCluster extends Pick<UpCluster, 'kubectl' | 'dataDir'> {
  /** Ends it, and removes everything on disk. */
  stop(): Promise<void>;
}

/** Resolves when the node is ready. Without root `loopback` is all there is; with it, `loopback` runs as another user. */
export async function startManifestCluster(network: Network): Promise<ManifestCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-images-'));
  await chmod(directory, 0o755);
  const images = await writeStandIns(directory);
  const args = [...images].flatMap(([reference, image]) => ['--image', `${reference}=${image}`]);
  const cluster = await startUpCluster({
    args,
    ...(network === 'loopback' && isRoot ? { uid: NOBODY } : {}),
  });
  return {
    kubectl: cluster.kubectl,
    dataDir: cluster.dataDir,
    async stop() {
      await cluster[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
