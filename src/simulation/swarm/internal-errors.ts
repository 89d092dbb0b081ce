/** Answers that no API server may give, whatever happens to it. */
import type { Violation } from '../checkers/checker.ts';
import type { World } from '../world/world.ts';

/** What it returns grows while the world runs. A disk that loses what it flushed is the one excuse: its server ends. */
export function hearInternalErrors(world: World): readonly Violation[] {
  const violations: Violation[] = [];
  world.onEvent((event) => {
    if (event.kind !== 'request' || event.status !== 500 || world.disk?.failSyncs === true) return;
    const { method, path, process, answer, atMs } = event;
    const message = `${process} ${method} ${path}: ${JSON.stringify(answer)}`;
    violations.push({ checker: 'internal-errors', atMs, message });
  });
  return violations;
}
