/** A container of a Pod runs once at a time, and a Pod on one node: by what runs, not by what any status says. */
import type { ContainerChanged } from '../world/world-event.ts';
import type { CheckerFactory } from './checker.ts';

interface Running {
  node: string;
  name: string;
}

export const newSingleRunChecker: CheckerFactory = (_cluster, report) => {
  /** By Pod, then by container id. Bounded by what runs. */
  const byPod = new Map<string, Map<string, Running>>();

  const start = ({ podUid, containerId, node, name }: ContainerChanged) => {
    const running = byPod.get(podUid) ?? new Map<string, Running>();
    for (const other of running.values()) {
      if (other.node !== node)
        report(`Pod ${podUid} runs on ${other.node}, and ${name} of it starts on ${node}`);
      else if (other.name === name)
        report(`container ${name} of Pod ${podUid} starts on ${node} while it runs there`);
    }
    running.set(containerId, { node, name });
    byPod.set(podUid, running);
  };

  return {
    onEvent(event) {
      if (event.kind !== 'container') return;
      if (event.type === 'started') start(event);
      if (event.type !== 'stopped' && event.type !== 'deleted') return;
      const running = byPod.get(event.podUid);
      running?.delete(event.containerId);
      if (running?.size === 0) byPod.delete(event.podUid);
    },
  };
};
