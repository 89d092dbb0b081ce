/** What the server and those who read its objects agree on about APIServices. @see k8s.io/kube-aggregator apis/apiregistration/v1 */
import type { APIService, APIServiceCondition, ServiceReference } from './generated/apiregistration-v1.ts';

/** The condition of what is served in this process, without its time. */
export const LOCALLY_AVAILABLE: Readonly<Omit<APIServiceCondition, 'lastTransitionTime'>> = {
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
};

/** The common name in the certificate that the API server shows when it speaks for somebody. */
export const FRONT_PROXY_NAME = 'front-proxy-client';

/** Of APIServices themselves, which is always there. */
export const REGISTRATION_GROUP = 'apiregistration.k8s.io';

const HTTPS_PORT = 443;

/** `v1alpha1.wardle.example.com`; of the core group `v1.` */
export function apiServiceName(group: string, version: string): string {
  return `${version}.${group}`;
}

/** What serves the group version: absent for what this server serves itself. */
export function backendOf({ spec }: APIService): Required<ServiceReference> | undefined {
  if (spec.service === undefined) return undefined;
  const { namespace = '', name = '', port = HTTPS_PORT } = spec.service;
  return { namespace, name, port };
}

/** The core group and the APIServices themselves cannot be given away: nobody could ever take them back. */
export function isExtension(service: APIService): boolean {
  const { group = '' } = service.spec;
  return group !== '' && group !== REGISTRATION_GROUP && backendOf(service) !== undefined;
}

export function isAvailable({ status }: APIService): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') ?? false;
}
