/** The walkthrough on a cluster of a user who may nothing: Pods on loopback addresses, Services on node ports. */
import { showCluster } from './show-cluster.ts';

showCluster('unprivileged');
