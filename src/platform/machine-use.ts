/** What the machine uses: the CPU time of all its processors since it started, and the memory that nobody could have. */
import { cpus, freemem, totalmem } from 'node:os';
import type { NodeUse } from '../kubelet/server/usage-meter.ts';

const NANOS_PER_MS = 1e6;

export function readMachineUse(): NodeUse {
  const busyMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  // What caches hold would be given back: on Linux it counts as free here.
  const memoryAvailableBytes = freemem();
  return {
    cpuUsageNanos: busyMs * NANOS_PER_MS,
    memoryWorkingSetBytes: totalmem() - memoryAvailableBytes,
    memoryAvailableBytes,
  };
}
