/** Two simple checks of any run: nothing breaks, and in the end what is desired is there. */
import { isPodReady, isPodTerminating } from '../../api/pod-conditions.ts';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../../api/resources.ts';
import type { World } from '../world/world.ts';
import type { WorldEvent } from '../world/world-event.ts';

export interface Violation {
  checker: string;
  atMs: number;
  message: string;
}

/** What may never be: an invariant of shipped code that breaks, an internal error, revisions that do not grow. */
export function attachBasicChecks(world: World): { violations: Violation[]; unconverged(): string[] } {
  const violations: Violation[] = [];
  let revision = 0;
  const problemOf = (event: WorldEvent): string | undefined => {
    if (event.kind === 'process' && event.what === 'broken') return `${event.process} broke: ${event.why}`;
    if (event.kind === 'request' && event.status === 500) {
      return `${event.method} ${event.path} of ${event.process} met an internal error: ${JSON.stringify(event.answer)}`;
    }
    if (event.kind !== 'commit') return undefined;
    const before = revision;
    revision = event.revision;
    return revision > before ? undefined : `revision ${revision} follows ${before}`;
  };
  world.onEvent((event) => {
    const message = problemOf(event);
    if (message !== undefined) violations.push({ checker: 'basic', atMs: event.atMs, message });
  });
  return { violations, unconverged: () => [...unconverged(world)] };
}

function* unconverged(world: World): Generator<string> {
  for (const { metadata, spec, status = {} } of world.objects(DEPLOYMENTS)) {
    const desired = spec?.replicas ?? 1;
    const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
    if (metadata.deletionTimestamp !== undefined) yield `Deployment ${metadata.name} is not gone`;
    if (updatedReplicas !== desired || availableReplicas !== desired || replicas !== desired) {
      yield `Deployment ${metadata.name} wants ${desired} replicas: ${JSON.stringify(status)}`;
    }
  }
  for (const { metadata, spec, status } of world.objects(REPLICA_SETS)) {
    const desired = spec?.replicas ?? 1;
    if ((status?.availableReplicas ?? 0) !== desired || status?.replicas !== desired) {
      yield `ReplicaSet ${metadata.name} wants ${desired} replicas: ${JSON.stringify(status)}`;
    }
  }
  for (const pod of world.objects(PODS)) {
    const phase = pod.status?.phase;
    if (isPodTerminating(pod)) yield `Pod ${pod.metadata.name} is not gone`;
    else if (phase !== 'Succeeded' && phase !== 'Failed' && !isPodReady(pod)) {
      yield `Pod ${pod.metadata.name} is not ready: ${phase}`;
    }
  }
}
