/** What every {@link Journal} keeps to. Each implementation's test calls this with a way to open, kill and reopen it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Journal, JournalRecord, JournalSnapshot } from './journal.ts';

/** A place where journals live one after another, such as a directory. */
export interface JournalPlace {
  open(): Journal;
  dispose(): Promise<void>;
}

const never = new AbortController().signal;

export function describeJournalContract(name: string, newPlace: () => Promise<JournalPlace>): void {
  const onPlace = (behaviour: string, body: (place: JournalPlace) => Promise<void>): void => {
    void test(`${name} ${behaviour}`, async () => {
      const place = await newPlace();
      try {
        await body(place);
      } finally {
        await place.dispose();
      }
    });
  };

  describe(`${name} keeps the journal contract`, () => {
    onPlace('is empty at revision 0 at first', async (place) => {
      const journal = place.open();
      assert.deepEqual(await loaded(journal), { revision: 0, compactedRevision: 0, records: [] });
      await journal.close();
    });

    onPlace('holds every committed record after it was closed and opened', async (place) => {
      const records = [
        put('/a', 2, 0),
        put('/b', 3, 0, 'ümlaut \u{1f40b}'),
        put('/a', 4, 2),
        deletion('/b', 5, 3),
        put('/ключ', 9, 0),
      ];
      await commitAndClose(place.open(), [records.slice(0, 2), records.slice(2)]);
      const { result } = await reopen(place);
      assert.deepEqual(result, { revision: 9, compactedRevision: 0, records });
    });

    onPlace('keeps an empty value and one of three megabytes', async (place) => {
      const large = new Uint8Array(3 * 1024 * 1024).map((_, i) => i % 251);
      const records = [
        { ...put('/empty', 2, 0), value: new Uint8Array() },
        { ...put('/large', 3, 0), value: large },
      ];
      await commitAndClose(place.open(), [records]);
      const { result } = await reopen(place);
      assert.equal(result.records[0]?.value.length, 0);
      assert.ok(Buffer.from(result.records[1]!.value).equals(large));
    });

    onPlace('commits in the order of the calls without waiting for each', async (place) => {
      const journal = place.open();
      await journal.load(never);
      const done: number[] = [];
      await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          journal.commit({ records: [put(`/k${i % 3}`, i + 2, i < 3 ? 0 : i - 1)] }).then(() => done.push(i)),
        ),
      );
      await journal.close();
      assert.deepEqual(
        done,
        Array.from({ length: 50 }, (_, i) => i),
      );
      const { result } = await reopen(place);
      assert.equal(result.records.length, 50);
    });

    onPlace('forgets what was replaced at or before the compacted revision, and deletions', async (place) => {
      const journal = place.open();
      await journal.load(never);
      const kept = [put('/a', 4, 2), put('/b', 6, 3), put('/a', 7, 4), put('/d', 8, 0)];
      await journal.commit({
        records: [put('/a', 2, 0), put('/c', 3, 0), kept[0]!, deletion('/c', 5, 3), ...kept.slice(1)],
      });
      await journal.compact(6);
      await journal.close();
      const { result } = await reopen(place);
      assert.equal(result.compactedRevision, 6);
      assert.deepEqual(result.records, kept);
    });

    onPlace('knows its newest revision when that was a deletion and is compacted away', async (place) => {
      const journal = place.open();
      await journal.load(never);
      await journal.commit({ records: [put('/a', 2, 0), deletion('/a', 3, 2)] });
      await journal.compact(3);
      await journal.close();
      const { result } = await reopen(place);
      assert.deepEqual(result, { revision: 3, compactedRevision: 3, records: [] });
    });

    onPlace('compacts what an earlier process wrote, and never back', async (place) => {
      await commitAndClose(place.open(), [[put('/a', 2, 0), put('/a', 3, 2), put('/a', 4, 3)]]);
      const { journal } = await reopen(place, 'keep open');
      await journal.compact(4);
      await journal.compact(3);
      await journal.close();
      const { result } = await reopen(place);
      assert.equal(result.compactedRevision, 4);
      assert.deepEqual(revisions(result.records), [4]);
    });

    onPlace('commits while a long compaction runs', async (place) => {
      const journal = place.open();
      await journal.load(never);
      const history = Array.from({ length: 2000 }, (_, i) => put('/a', i + 2, i === 0 ? 0 : i + 1));
      await journal.commit({ records: history });
      await Promise.all([journal.compact(2001), journal.commit({ records: [put('/b', 2002, 0)] })]);
      await journal.close();
      const { result } = await reopen(place);
      assert.deepEqual(revisions(result.records), [2001, 2002]);
    });

    onPlace('refuses to commit after close', async (place) => {
      const journal = place.open();
      await journal.load(never);
      await journal.close();
      await assert.rejects(journal.commit({ records: [put('/a', 2, 0)] }));
    });

    onPlace('follows nobody when it is the only writer', async (place) => {
      const journal = place.open();
      await journal.load(never);
      for await (const batch of journal.follow(0, never))
        assert.fail(`follows ${batch.records.length} records`);
      await journal.close();
    });
  });
}

export function put(key: string, revision: number, previousRevision: number, text = key): JournalRecord {
  const value = new TextEncoder().encode(JSON.stringify({ metadata: { name: text } }));
  return { key, revision, createRevision: revision, previousRevision, value, deleted: false };
}

export function deletion(key: string, revision: number, previousRevision: number): JournalRecord {
  return { ...put(key, revision, previousRevision), deleted: true };
}

interface Loaded extends Pick<JournalSnapshot, 'revision' | 'compactedRevision'> {
  records: JournalRecord[];
}

async function loaded(journal: Journal): Promise<Loaded> {
  const { revision, compactedRevision, ...snapshot } = await journal.load(never);
  // Values may be views on larger buffers, which deepEqual would not call equal to copies.
  const records = [...snapshot.records].map((record) => ({ ...record, value: record.value.slice() }));
  return { revision, compactedRevision, records };
}

async function commitAndClose(journal: Journal, batches: JournalRecord[][]): Promise<void> {
  await journal.load(never);
  for (const records of batches) await journal.commit({ records });
  await journal.close();
}

async function reopen(
  place: JournalPlace,
  then: 'close' | 'keep open' = 'close',
): Promise<{ journal: Journal; result: Loaded }> {
  const journal = place.open();
  const result = await loaded(journal);
  if (then === 'close') await journal.close();
  return { journal, result };
}

function revisions(records: readonly JournalRecord[]): number[] {
  return records.map(({ revision }) => revision);
}
