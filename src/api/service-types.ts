/** What the type of a Service says about it. @see kubernetes/kubernetes pkg/api/service/util.go */
import type { Service } from './generated/core-v1.ts';

/** Whether it may have ports of the nodes. */
export function opensNodePorts({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' || spec.type === 'NodePort';
}

/** Whether hosts outside of the cluster may reach it. */
export function isExternallyAccessible(service: Service): boolean {
  const { spec } = service;
  return opensNodePorts(service) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
}

/** Whether load balancers ask the nodes who has endpoints of it. */
export function needsHealthCheck({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}
