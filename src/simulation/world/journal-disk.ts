/** What the store of a simulated cluster writes to. */
import { MemoryJournal, newMemoryDisk } from '../../store/memory-journal.ts';
import { DiskJournal } from '../disk/disk-journal.ts';
import type { SimulatedDisk } from '../disk/sim-disk.ts';
import type { JournalDisk } from './sim-server.ts';

/**
 * A disk without faults of its own: whole batches, durable in the turn in which they are committed. The fast one: it keeps
 * the objects themselves, and nothing is encoded for it.
 */
export function newFaultlessDisk(): JournalDisk {
  const disk = newMemoryDisk({ keepsRecords: true });
  return { open: () => new MemoryJournal(disk) };
}

/** A log on a disk that can be full, slow, torn by a loss of power, or unreadable. A killed process loses none of it. */
export function newJournalDisk(disk: SimulatedDisk): JournalDisk {
  return { open: () => new DiskJournal(disk) };
}
