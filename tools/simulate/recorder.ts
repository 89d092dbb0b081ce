/** Keeps the last of what happened in a run, as lines. */
import type { WorldEvent, WorldObserver } from '../../src/simulation/world/world-event.ts';
import { formatAt } from './report.ts';

/** `lines()` gives the last `max`, oldest first. */
export function newRecorder(max: number): { observe: WorldObserver; lines: () => string[] } {
  const kept: string[] = [];
  return {
    observe: (event) => {
      const line = describe(event);
      if (line === undefined) return;
      kept.push(`${formatAt(event.atMs).padStart(12)}  ${line}`);
      if (kept.length > 2 * max) kept.splice(0, max);
    },
    lines: () => kept.slice(-max),
  };
}

function describe(event: WorldEvent): string | undefined {
  switch (event.kind) {
    case 'request':
      if (event.method === 'GET' || event.path.includes('/leases/')) return undefined;
      return `${event.process} ${event.method} ${event.path}: ${event.status}`;
    case 'container':
      return `${event.node} container ${event.name} attempt ${event.attempt} ${event.type} ${event.exitCode ?? ''}`;
    case 'process':
      return `${event.process} ${event.what} ${event.why ?? ''}`;
    case 'fault':
      return `fault ${event.fault} ${event.what} ${JSON.stringify(event.parameters)}`;
    case 'log':
      return event.level === 'info' ? undefined : `${event.process} ${event.level}: ${event.message}`;
    case 'commit':
      return undefined;
  }
}
