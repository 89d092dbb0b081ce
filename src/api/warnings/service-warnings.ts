/** What Services may say and is ignored, or out of date. @see k8s.io/kubernetes/pkg/api/service/warnings.go */
import type { Service } from '../generated/core-v1.ts';

export function warningsOfService({ metadata, spec }: Service): string[] {
  const { externalIPs = [], externalName = '', type } = spec;
  const isHeadless = type === 'ClusterIP' && spec.clusterIP === 'None';
  const isName = type === 'ExternalName';
  const hasAddresses = externalIPs.length > 0;
  const found: [boolean, string][] = [
    [
      metadata.annotations?.['service.kubernetes.io/topology-aware-hints'] !== undefined,
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    ],
    [isHeadless && !!spec.loadBalancerIP, 'spec.loadBalancerIP is ignored for headless services'],
    [isHeadless && hasAddresses, 'spec.externalIPs is ignored for headless services'],
    [isHeadless && spec.sessionAffinity !== 'None', 'spec.SessionAffinity is ignored for headless services'],
    [isName && hasAddresses, 'spec.externalIPs is ignored when spec.type is "ExternalName"'],
    [!isName && externalName !== '', 'spec.externalName is ignored when spec.type is not "ExternalName"'],
    [
      spec.trafficDistribution === 'PreferClose',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  ];
  return found.filter(([isThere]) => isThere).map(([, text]) => text);
}
