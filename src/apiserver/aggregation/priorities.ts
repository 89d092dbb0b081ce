/**
 * How group versions rank where no APIService of theirs says so.
 *
 * @see kubernetes/kubernetes pkg/controlplane/apiserver/aggregator.go DefaultGenericAPIServicePriorities,
 * cmd/kube-apiserver/app/aggregator.go apiVersionPriorities, pkg/controlplane/controller/crdregistration
 */
import { REGISTRATION_GROUP } from '../../api/api-service.ts';
import { NODE_METRICS } from '../../api/resources/metrics.ts';

export interface Priority {
  /** Of groups the one with the higher number goes first. */
  group: number;
  /** The same for the versions of a group. */
  version: number;
}

/** By `group/version`. */
const BUILT_IN: Readonly<Record<string, Priority>> = {
  '/v1': { group: 18_000, version: 1 },
  // Has no APIService of its own, and is the first.
  [`${REGISTRATION_GROUP}/v1`]: { group: 20_001, version: 1 },
  'apps/v1': { group: 17_800, version: 15 },
  'events.k8s.io/v1': { group: 17_750, version: 15 },
  'authentication.k8s.io/v1': { group: 17_700, version: 15 },
  'authorization.k8s.io/v1': { group: 17_600, version: 15 },
  'autoscaling/v1': { group: 17_500, version: 15 },
  'autoscaling/v2': { group: 17_500, version: 30 },
  'batch/v1': { group: 17_400, version: 15 },
  'certificates.k8s.io/v1': { group: 17_300, version: 15 },
  'networking.k8s.io/v1': { group: 17_200, version: 15 },
  'policy/v1': { group: 17_100, version: 15 },
  'rbac.authorization.k8s.io/v1': { group: 17_000, version: 15 },
  'storage.k8s.io/v1': { group: 16_800, version: 15 },
  'admissionregistration.k8s.io/v1': { group: 16_700, version: 15 },
  'apiextensions.k8s.io/v1': { group: 16_700, version: 15 },
  'scheduling.k8s.io/v1': { group: 16_600, version: 15 },
  'coordination.k8s.io/v1': { group: 16_500, version: 15 },
  'node.k8s.io/v1': { group: 16_300, version: 15 },
  'discovery.k8s.io/v1': { group: 16_200, version: 15 },
  'resource.k8s.io/v1': { group: 16_200, version: 20 },
  'flowcontrol.apiserver.k8s.io/v1': { group: 16_100, version: 21 },
  // As metrics-server's own APIService has it.
  [`${NODE_METRICS.group}/${NODE_METRICS.version}`]: { group: 100, version: 100 },
};

const CUSTOM: Priority = { group: 1000, version: 100 };

/** Of what is not built in that of custom resources. */
export function defaultPriority(group: string, version: string): Priority {
  return BUILT_IN[`${group}/${version}`] ?? CUSTOM;
}
