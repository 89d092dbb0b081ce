/** What containers use, summed over their processes: for machines without control groups. */
import { readlinkSync } from 'node:fs';
import type { CgroupUse } from './cgroups.ts';
import type { Isolation } from './isolation.ts';
import { CONTAINER_ID_VARIABLE } from './launch-scripts.ts';
import type { ProcessContainer } from './process-container.ts';
import { findProcesses, hasEnvironmentEntry } from './process-table.ts';

/** `USER_HZ`, fixed on Linux; and the usual page. */
const NANOS_PER_TICK = 10_000_000;
const PAGE_BYTES = 4096;

/** By container id. CPU time of processes that have ended meanwhile is not in it. */
export function measureProcesses(
  containers: readonly ProcessContainer[],
  isolation: Isolation,
): Map<string, CgroupUse> {
  const belongs = containers.map((container) => ({
    id: container.id,
    has: membership(container, isolation),
  }));
  const uses = new Map<string, CgroupUse>();
  for (const stat of findProcesses(() => true)) {
    const owner = belongs.find(({ has }) => has(stat.pid));
    if (owner === undefined) continue;
    const use = uses.get(owner.id) ?? { cpuUsageNanos: 0, memoryWorkingSetBytes: 0 };
    use.cpuUsageNanos += stat.cpuTicks * NANOS_PER_TICK;
    use.memoryWorkingSetBytes += stat.residentPages * PAGE_BYTES;
    uses.set(owner.id, use);
  }
  return uses;
}

function membership(container: ProcessContainer, isolation: Isolation): (pid: number) => boolean {
  const { init } = container;
  if (init === undefined) return () => false;
  if (isolation === 'none') {
    return (pid) => hasEnvironmentEntry(pid, `${CONTAINER_ID_VARIABLE}=${container.id}`);
  }
  const namespace = pidNamespace(init.pid);
  return (pid) => namespace !== undefined && pidNamespace(pid) === namespace;
}

function pidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // Gone, or another user's.
    return undefined;
  }
}
