/** Versions in revision order, of whatever they have in common: appended at one end, compacted away at the other. */
import { assert } from '../base/assert.ts';
import type { Version } from './version.ts';

export class VersionLane {
  #versions: Version[] = [];

  get length(): number {
    return this.#versions.length;
  }

  at(index: number): Version | undefined {
    return this.#versions[index];
  }

  append(version: Version): void {
    assert((this.#versions.at(-1)?.revision ?? 0) < version.revision, 'history goes back');
    this.#versions.push(version);
  }

  /** The versions with a revision greater than `revision`, oldest first. */
  *after(revision: number): Generator<Version> {
    for (let i = this.#firstAfter(revision); i < this.#versions.length; i++) yield this.#versions[i]!;
  }

  /** Takes out the versions up to `revision` and returns them, oldest first. */
  dropThrough(revision: number): Version[] {
    const end = this.#firstAfter(revision);
    if (end === 0) return [];
    const dropped = this.#versions.slice(0, end);
    this.#versions = this.#versions.slice(end);
    return dropped;
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
