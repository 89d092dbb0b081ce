/**
 * Whether what stands behind an APIService can be asked at all, as far as its Service says. Pure.
 *
 * @see k8s.io/kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go sync
 */
import { backendOf } from '../../api/api-service.ts';
import type { APIService, APIServiceCondition } from '../../api/generated/apiregistration-v1.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';

export type Verdict = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>;

export const PASSED: Verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' };

/**
 * @param slices  of `service`
 * @returns why it cannot be asked; undefined when that remains to be seen
 */
export function judgeBackend(
  apiService: APIService,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Verdict | undefined {
  const { namespace, name, port } = backendOf(apiService)!;
  const where = `service/${name} in ${JSON.stringify(namespace)}`;
  if (service === undefined) return refuse('ServiceNotFound', `${where} is not present`);
  if (service.spec?.type !== 'ClusterIP') return undefined;
  const found = service.spec.ports?.find((candidate) => candidate.port === port);
  if (found === undefined) return refuse('ServicePortError', `${where} is not listening on port ${port}`);
  if (slices.length === 0) return refuse('EndpointsNotFound', `cannot find endpointslices for ${where}`);
  const portName = found.name ?? '';
  if (slices.some((slice) => hasReadyEndpoint(slice, portName))) return undefined;
  const missing = `endpointslices for ${where} have no addresses with port name ${JSON.stringify(portName)}`;
  return refuse('MissingEndpoints', missing);
}

export function failedCheck(message: string): Verdict {
  return refuse('FailedDiscoveryCheck', message);
}

function refuse(reason: string, message: string): Verdict {
  return { status: 'False', reason, message };
}

function hasReadyEndpoint({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const isReady = endpoints?.some(({ conditions }) => conditions?.ready !== false) ?? false;
  return (
    isReady && (ports?.some(({ name, port }) => (name ?? '') === portName && port !== undefined) ?? false)
  );
}

/**
 * The conditions with `verdict` about availability among them; the same array when it says nothing new.
 *
 * @param now  RFC 3339
 */
export function withAvailability(
  conditions: readonly APIServiceCondition[],
  verdict: Verdict,
  now: string,
): readonly APIServiceCondition[] {
  const old = conditions.find(({ type }) => type === 'Available');
  const { status, reason, message } = verdict;
  if (old?.status === status && old.reason === reason && old.message === message) return conditions;
  const lastTransitionTime = old?.status === status ? (old.lastTransitionTime ?? now) : now;
  const next: APIServiceCondition = { type: 'Available', lastTransitionTime, ...verdict };
  return old === undefined ? [...conditions, next] : conditions.map((one) => (one === old ? next : one));
}
