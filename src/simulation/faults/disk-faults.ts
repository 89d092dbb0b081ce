/** Faults of the disk under the store; for clusters whose disk is simulated. A loss of power tears it by itself. */
import { assert } from '../../base/assert.ts';
import type { SimulatedDisk } from '../disk/sim-disk.ts';
import type { World } from '../world/world.ts';
import { defineFault, type FaultKind } from './fault.ts';
import { DURATION, drawDuration } from './fault-parameters.ts';

export const DISK_FAULTS = {
  'full-disk': defineFault({
    summary: 'the disk of the store is full',
    parameters: {},
    needsDisk: true,
    lasts: { minMs: 100, maxMs: 120_000 },
    draw: () => ({}),
    begin(world) {
      const disk = diskOf(world);
      disk.capacityBytes = 0;
      return () => {
        disk.capacityBytes = Number.POSITIVE_INFINITY;
      };
    },
  }),
  'slow-disk': defineFault({
    summary: 'each flush of the disk of the store takes a random time within the bounds',
    parameters: { min: DURATION, max: DURATION },
    needsDisk: true,
    lasts: { minMs: 500, maxMs: 300_000 },
    draw: (random) => ({ min: '1ms', max: drawDuration(random, 5, 10_000) }),
    begin(world, { min, max }, random) {
      const disk = diskOf(world);
      const before = disk.syncDelayMs;
      let isOver = false;
      // One that ends before another that began after it is passed over, not restored.
      disk.syncDelayMs = () => (isOver ? before() : min + random.next() * Math.max(0, max - min));
      return () => {
        isOver = true;
      };
    },
  }),
  'failing-flushes': defineFault({
    summary: 'flushes of the disk of the store fail, and what was to be flushed may be lost',
    parameters: {},
    needsDisk: true,
    lasts: { minMs: 1, maxMs: 30_000 },
    draw: () => ({}),
    begin(world) {
      const disk = diskOf(world);
      disk.failSyncs = true;
      return () => {
        disk.failSyncs = false;
      };
    },
  }),
  'unreadable-disk': defineFault({
    summary: 'what is on the disk of the store cannot be read',
    parameters: {},
    needsDisk: true,
    lasts: { minMs: 100, maxMs: 60_000 },
    draw: () => ({}),
    begin(world) {
      const disk = diskOf(world);
      const files = disk.list();
      for (const file of files) disk.failReads(file, 0, Number.POSITIVE_INFINITY);
      return () => {
        for (const file of files) if (disk.has(file)) disk.healReads(file);
      };
    },
  }),
  'lying-disk': defineFault({
    summary: 'flushes do nothing and say that they did: with the power, what was acknowledged is lost',
    parameters: {},
    needsDisk: true,
    lasts: { minMs: 100, maxMs: 60_000 },
    // No store survives it, so that no swarm may ask one to.
    draw: () => undefined,
    begin(world) {
      const disk = diskOf(world);
      disk.loseSyncs = true;
      return () => {
        disk.loseSyncs = false;
      };
    },
  }),
} satisfies Record<string, FaultKind>;

function diskOf({ disk }: World): SimulatedDisk {
  assert(disk !== undefined, 'a fault of the disk is only begun where there is one');
  return disk;
}
