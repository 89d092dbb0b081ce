/**
 * A disk without faults of its own: whole batches, durable in the turn in which they are committed. The fast one: it keeps
 * the objects themselves, and nothing is encoded for it.
 */
import { MemoryJournal, newMemoryDisk } from '../../store/memory-journal.ts';
import type { JournalDisk } from './sim-server.ts';

export function newFaultlessDisk(): JournalDisk {
  const disk = newMemoryDisk({ keepsRecords: true });
  return { open: () => new MemoryJournal(disk) };
}
