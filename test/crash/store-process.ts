/** A process that holds a store on a SQLite journal and serves its parent over the IPC channel; made to be killed. */
import { silentLogger } from '../../src/base/logger.ts';
import { openSqliteJournal } from '../../src/platform/sqlite-journal.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { openStore } from '../../src/store/mvcc-store.ts';
import type { StoredObject } from '../../src/store/store.ts';
import type { CrashEvent, CrashValue } from './crash-target.ts';

export type StoreCommand = { id: number } & (
  | { verb: 'write'; key: string; value: CrashValue }
  | { verb: 'remove'; key: string }
  | { verb: 'list' }
  | { verb: 'watch'; afterRevision: number }
  | { verb: 'compact'; revision: number }
);

/** `ready` once; then answers by `id`; a watch answers with `events` again and again. */
export type StoreMessage =
  | { ready: true }
  | { id: number; result: unknown }
  | { id: number; events: CrashEvent[] }
  | { id: number; error: string };

const PREFIX = '/crash/';
const directory = process.argv[2]!;
const signal = new AbortController().signal;
const send = (message: StoreMessage) => process.send!(message);

const journal = openSqliteJournal({ directory });
const store = await openStore({ journal, clock: systemClock, log: silentLogger }, signal);
process.on('message', (command: StoreCommand) => {
  void serve(command).catch((error: unknown) => send({ id: command.id, error: String(error) }));
});
process.on('disconnect', () => process.exit(0));
send({ ready: true });
await store.run(signal);

async function serve(command: StoreCommand): Promise<void> {
  const { id } = command;
  switch (command.verb) {
    case 'write': {
      const { key, value } = command;
      const written = await store.transact(PREFIX + key, () => ({ put: { metadata: {}, value } }));
      send({ id, result: written.object!.revision });
      break;
    }
    case 'remove': {
      const removed = await store.transact(PREFIX + command.key, () => ({ delete: true }));
      send({ id, result: removed.changed ? removed.object!.revision : undefined });
      break;
    }
    case 'list': {
      const { objects, revision } = store.list({ prefix: PREFIX });
      send({ id, result: { revision, items: objects.map(toItem) } });
      break;
    }
    case 'compact':
      await store.compact(command.revision);
      send({ id, result: undefined });
      break;
    case 'watch':
      for await (const events of store.watch(PREFIX, command.afterRevision, signal)) {
        send({ id, events: events.map(({ type, object }) => ({ type, ...toItem(object) })) });
      }
  }
}

function toItem(object: StoredObject): Omit<CrashEvent, 'type'> {
  const value = object.value['value'] as CrashValue;
  return { key: object.key.slice(PREFIX.length), revision: object.revision, value };
}
