/** What statuses of workloads have in common: counts are not negative, parts are no larger than their whole. */
import { notNegative } from './field-checks.ts';
import { type FieldError, invalid } from './field-error.ts';

type Counts<Name extends string> = { readonly [name in Name]?: number };

/** @param whole  how a complaint calls the larger: `status.replicas`, `readyReplicas` */
export function notAbove<Name extends string>(
  status: Counts<Name>,
  part: Name,
  [limit, whole]: readonly [limit: Name, whole: string],
): FieldError[] {
  const count = status[part] ?? 0;
  return count <= (status[limit] ?? 0)
    ? []
    : [invalid(`status.${part}`, count, `cannot be greater than ${whole}`)];
}

export function validateCounts<Name extends string>(
  status: Counts<Name>,
  names: readonly Name[],
): FieldError[] {
  return names.flatMap((name) => notNegative(`status.${name}`, status[name]));
}

interface WithCollisions {
  collisionCount?: number;
}

/** How often a name was taken already only grows. */
export function validateCollisions(status: WithCollisions = {}, old: WithCollisions = {}): FieldError[] {
  const [count = 0, before] = [status.collisionCount, old.collisionCount];
  if (before === undefined || count >= before) return [];
  return [invalid('status.collisionCount', count, 'cannot be decremented')];
}
