/**
 * Every version since the last compaction, in revision order: what a watch resumes from and a paged list reads.
 *
 * Bounded: past {@link HistoryLimits} it is `full`, and the compaction loop cuts it to half. Of versions that were replaced
 * a while ago only the bytes are kept.
 */
import { assert } from '../base/assert.ts';
import type { Version } from './version.ts';

export interface HistoryLimits {
  maxRecords: number;
  maxBytes: number;
}

/** How many of the newest versions keep the parsed value of what they replaced: watchers look at it when they are told. */
const PARSED_RECENT = 1000;

export class History {
  readonly #limits: HistoryLimits;
  #versions: Version[] = [];
  #sizeBytes = 0;

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#versions.length;
  }

  get full(): boolean {
    return this.length > this.#limits.maxRecords || this.#sizeBytes > this.#limits.maxBytes;
  }

  append(version: Version): void {
    assert((this.#versions.at(-1)?.revision ?? 0) < version.revision, 'history goes back');
    this.#versions.push(version);
    this.#sizeBytes += version.sizeBytes;
    const cooled = this.#versions.length - PARSED_RECENT;
    if (cooled >= 0) releaseReplaced(this.#versions[cooled]!);
  }

  /** The versions with a revision greater than `revision`, oldest first. */
  *after(revision: number): Generator<Version> {
    for (let i = this.#firstAfter(revision); i < this.#versions.length; i++) yield this.#versions[i]!;
  }

  /** Takes out the versions up to `revision` and returns them, oldest first. */
  dropThrough(revision: number): Version[] {
    const end = this.#firstAfter(revision);
    const dropped = this.#versions.slice(0, end);
    for (const version of dropped) this.#sizeBytes -= version.sizeBytes;
    this.#versions = this.#versions.slice(end);
    return dropped;
  }

  /** The revision of the version in the middle: compacting there halves the history. `undefined` when empty. */
  middleRevision(): number | undefined {
    return this.#versions[this.length >>> 1]?.revision;
  }

  #firstAfter(revision: number): number {
    let low = 0;
    let high = this.#versions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#versions[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function releaseReplaced(version: Version): void {
  version.previous?.releaseValue();
  if (version.deleted) version.releaseValue();
}
