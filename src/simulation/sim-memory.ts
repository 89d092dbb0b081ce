/** What a run's memory is at a moment, and when it meets a limit. */
import type { SimulatedMemory } from './sim-program.ts';

/** @param requests  since the start */
export function memoryBytesAt(memory: SimulatedMemory, atMs: number, requests: number): number {
  const { growthBytesPerSecond = 0, maxBytes = Number.POSITIVE_INFINITY } = memory;
  return Math.min(maxBytes, heldBytes(memory, requests) + (growthBytesPerSecond * atMs) / 1000);
}

/** The run's time at which it reaches `limitBytes`; infinite when it never does, in the past when it has. */
export function oomDueMs(memory: SimulatedMemory, limitBytes: number | undefined, requests: number): number {
  const { growthBytesPerSecond = 0, maxBytes = Number.POSITIVE_INFINITY } = memory;
  if (limitBytes === undefined || maxBytes < limitBytes) return Number.POSITIVE_INFINITY;
  const missingBytes = limitBytes - heldBytes(memory, requests);
  if (missingBytes <= 0) return 0;
  return growthBytesPerSecond > 0 ? (missingBytes / growthBytesPerSecond) * 1000 : Number.POSITIVE_INFINITY;
}

function heldBytes({ startBytes, bytesPerRequest = 0 }: SimulatedMemory, requests: number): number {
  return startBytes + bytesPerRequest * requests;
}
