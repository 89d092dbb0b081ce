/** What the endpoint controllers ask of a Service. Pure. */
import type { Pod, Service } from '../../api/generated/core-v1.ts';
import { isPodTerminating, podCondition } from '../../api/pod-conditions.ts';
import { parseTimestamp } from '../../base/clock.ts';
import type { AddressType } from './endpoint.ts';

export const HEADLESS_LABEL = 'service.kubernetes.io/headless';

/** When the newest change that an endpoint object shows happened; consumers measure their delay by it. */
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Without a selector, someone else keeps the endpoints; an external name has none. */
export function hasManagedEndpoints(service: Service): boolean {
  return service.spec.selector !== undefined && service.spec.type !== 'ExternalName';
}

export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === 'None';
}

/** The families that the Service serves; IPv4 where it does not say. */
export function addressTypesOf(service: Service): AddressType[] {
  const families = service.spec.ipFamilies ?? [];
  if (families.length > 0) return families.map((family) => (family === 'IPv6' ? 'IPv6' : 'IPv4'));
  return [service.spec.clusterIP?.includes(':') ? 'IPv6' : 'IPv4'];
}

/** The newest change among the Pods and the Service's own creation; RFC 3339. */
export function triggerTime(service: Service, pods: readonly Pod[]): string {
  let newestMs = parseTimestamp(service.metadata.creationTimestamp);
  for (const pod of pods) {
    const changedMs = parseTimestamp(
      isPodTerminating(pod) ? pod.metadata.deletionTimestamp : podCondition(pod, 'Ready')?.lastTransitionTime,
    );
    // A deletion is stamped with the end of its grace period, which may lie ahead.
    if (changedMs !== undefined && !Number.isNaN(changedMs)) newestMs = Math.max(newestMs, changedMs);
  }
  return new Date(Number.isNaN(newestMs) ? 0 : newestMs).toISOString();
}
