/** Answers that no API server may give, whatever happens to it. */
import type { Violation } from '../checkers/checker.ts';
import type { World } from '../world/world.ts';

/** The last words of a server whose disk lost what it was to flush. They may arrive late: the server may have stood still. */
const LAST_WORDS = 'the store has failed and its process must end';

/** What it returns grows while the world runs. A disk that loses what it flushed is the one excuse: its server ends. */
export function hearInternalErrors(world: World): readonly Violation[] {
  const violations: Violation[] = [];
  let hasDiskFailed = false;
  world.onEvent((event) => {
    hasDiskFailed ||= event.kind === 'fault' && event.fault === 'failing-flushes';
    if (event.kind !== 'request' || event.status !== 500) return;
    const { method, path, process, answer, atMs } = event;
    if (hasDiskFailed && (answer as { message?: string }).message === LAST_WORDS) return;
    const message = `${process} ${method} ${path}: ${JSON.stringify(answer)}`;
    violations.push({ checker: 'internal-errors', atMs, message });
  });
  return violations;
}
