/**
 * Once faults have stopped: what is being deleted has gone when its time is over, and nothing is left in a namespace that
 * is gone. Foreign finalizers hold an object for as long as they like.
 */
import type { ObjectMeta } from '../../api/generated/meta-v1.ts';
import { NAMESPACES } from '../../api/resources.ts';
import type { CheckerFactory } from './checker.ts';

const SLACK_MS = 120_000;
/** Finalizers that somebody of this cluster takes away. */
const OWN_FINALIZERS = new Set(['foregroundDeletion', 'orphan', 'kubernetes']);

export const newLeftoversChecker: CheckerFactory = ({ world }) => ({
  unconverged() {
    const namespaces = new Set(world.objects(NAMESPACES).map(({ metadata }) => metadata.name));
    const nowMs = world.clock.now();
    const objects = world.server.store?.list({ prefix: '' }).objects ?? [];
    return objects.flatMap(({ key, value }) => {
      const meta = value.metadata as unknown as ObjectMeta;
      const problems: string[] = [];
      if (meta.namespace !== undefined && !namespaces.has(meta.namespace))
        problems.push('its namespace is gone');
      if (isOverdue(meta, nowMs)) problems.push(`it should have gone at ${meta.deletionTimestamp}`);
      return problems.map((why) => `${key} is left: ${why}`);
    });
  },
});

function isOverdue({ deletionTimestamp, finalizers = [] }: ObjectMeta, nowMs: number): boolean {
  if (deletionTimestamp === undefined || finalizers.some((name) => !OWN_FINALIZERS.has(name))) return false;
  return nowMs > Date.parse(deletionTimestamp) + SLACK_MS;
}
