/**
 * What was asked of a target, what it acknowledged, and what anybody has seen of it, kept outside the process that is killed.
 *
 * Every sighting of a revision goes through {@link CrashLedger.sighted}: a revision that once stood for one write and later
 * for another is found there, whoever saw it.
 */
import assert from 'node:assert/strict';
import { type CrashEvent, type CrashList, type CrashValue, isWhole } from './crash-target.ts';

export class CrashLedger {
  /** Ids of every value that a writer has tried to write. */
  readonly #attempted = new Map<string, string>();
  readonly #acknowledged = new Map<number, string>();
  readonly #sightings = new Map<number, string>();

  get acknowledgedCount(): number {
    return this.#acknowledged.size;
  }

  attempt(key: string, value: CrashValue): void {
    this.#attempted.set(value.id, key);
  }

  acknowledgeWrite(key: string, revision: number, value: CrashValue): void {
    this.#acknowledge(revision, `put ${key} ${value.id}`);
  }

  acknowledgeRemoval(key: string, revision: number): void {
    this.#acknowledge(revision, `delete ${key}`);
  }

  event({ type, key, revision, value }: CrashEvent): void {
    this.#checkValue(key, value);
    this.#sighted(revision, type === 'put' ? `put ${key} ${value.id}` : `delete ${key}`);
  }

  list({ items }: CrashList): void {
    for (const { key, revision, value } of items) {
      this.#checkValue(key, value);
      this.#sighted(revision, `put ${key} ${value.id}`);
    }
  }

  /** The revisions that a watch from `after` to `through` must have told. */
  acknowledgedBetween(after: number, through: number): number[] {
    return [...this.#acknowledged.keys()].filter((revision) => revision > after && revision <= through);
  }

  /** The newest acknowledged write of each key, deletions included. */
  newestAcknowledged(): Map<string, { revision: number; write: string }> {
    const newest = new Map<string, { revision: number; write: string }>();
    for (const [revision, write] of [...this.#acknowledged].sort(([a], [b]) => a - b)) {
      newest.set(write.split(' ')[1]!, { revision, write });
    }
    return newest;
  }

  #acknowledge(revision: number, write: string): void {
    this.#sighted(revision, write);
    assert.ok(!this.#acknowledged.has(revision), `revision ${revision} was acknowledged twice`);
    this.#acknowledged.set(revision, write);
  }

  #sighted(revision: number, write: string): void {
    const before = this.#sightings.get(revision) ?? write;
    assert.equal(write, before, `revision ${revision} stood for another write before`);
    this.#sightings.set(revision, write);
  }

  #checkValue(key: string, value: CrashValue): void {
    assert.equal(this.#attempted.get(value.id), key, `nobody wrote ${value.id} to ${key}`);
    assert.ok(isWhole(value), `the value ${value.id} of ${key} is torn`);
  }
}
