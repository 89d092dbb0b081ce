/** A test that will be killed: starts a cluster, waits until its application serves, says where it lies, and waits. */
import path from 'node:path';
import { setInterval } from 'node:timers';
import { type Cluster, startCluster } from './cluster.ts';
import { PodWatch } from './pod-watch.ts';

const cluster = await startCluster(process.argv[2] as Cluster['mode']);
const pods = await PodWatch.start(cluster, 'default');
await pods.untilReady(5, 60_000);
process.send!(path.dirname(cluster.dataDir));
setInterval(() => {}, 60_000);
