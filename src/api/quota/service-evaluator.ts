/** What Services count for in quotas. @see kubernetes/kubernetes pkg/quota/v1/evaluator/core/services.go */
import type { Service } from '../generated/core-v1.ts';
import type { ResourceList } from '../resource-list.ts';
import type { QuotaEvaluator } from './evaluator.ts';

const COUNT = 'count/services';
const NAMES = new Set([COUNT, 'services', 'services.nodeports', 'services.loadbalancers']);

export const SERVICE_EVALUATOR: QuotaEvaluator<Service> = {
  matchesResource: (name) => NAMES.has(name),
  matchesScope: () => false,
  usage: ({ spec }): ResourceList => ({
    [COUNT]: '1',
    services: '1',
    'services.nodeports': String(nodePorts(spec)),
    'services.loadbalancers': spec.type === 'LoadBalancer' ? '1' : '0',
  }),
  // The type may change.
  handles: (operation, subresource) =>
    subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
};

/** What is meant to be, since nothing may have been allocated yet. */
function nodePorts({ type, ports = [], allocateLoadBalancerNodePorts }: Service['spec']): number {
  if (type === 'NodePort') return ports.length;
  if (type !== 'LoadBalancer') return 0;
  return allocateLoadBalancerNodePorts === false
    ? ports.filter(({ nodePort }) => Boolean(nodePort)).length
    : ports.length;
}
