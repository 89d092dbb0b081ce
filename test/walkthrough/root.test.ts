/** The walkthrough on a cluster of root: namespaces and addresses of their own for Pods, limits that bite. */
import { showCluster } from './show-cluster.ts';

showCluster('root');
