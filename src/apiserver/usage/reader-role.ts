/** Who may look at a namespace may see what its Pods use. @see kubernetes-sigs/metrics-server manifests/base/rbac.yaml */
import type { ClusterRole } from '../../api/generated/rbac-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import { NODE_METRICS } from '../../api/resources/metrics.ts';

const AGGREGATE_TO = 'rbac.authorization.k8s.io/aggregate-to-';

export const METRICS_READER: NewObject<ClusterRole> = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: {
    name: 'system:aggregated-metrics-reader',
    labels: Object.fromEntries(['admin', 'edit', 'view'].map((role) => [AGGREGATE_TO + role, 'true'])),
  },
  rules: [{ apiGroups: [NODE_METRICS.group], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
};
