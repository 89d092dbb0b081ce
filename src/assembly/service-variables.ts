/** Service links: the environment variables by which a container finds the Services that existed when it started. */
import type { Pod } from '../api/generated/core-v1.ts';
import { namespaceOf } from '../api/meta.ts';
import { SERVICES } from '../api/resources.ts';
import { serviceEnvironment } from '../api/service-environment.ts';
import type { InformerFactory } from '../client/informer.ts';

export function newServiceVariables(
  informers: InformerFactory,
): (pod: Pod) => readonly { name: string; value: string }[] {
  const services = informers.informer(SERVICES);
  return (pod) =>
    serviceEnvironment(services.list(), namespaceOf(pod), { links: pod.spec.enableServiceLinks ?? true });
}
