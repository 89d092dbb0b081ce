/** Encryption whose configuration changes while it is used: each value is sealed as the newest one says. */
import type { ValueTransform } from '../../store/transformed-journal.ts';
import type { ValueEncryption } from './value-encryption.ts';

export class ReloadedEncryption implements ValueTransform {
  #current: ValueEncryption;

  constructor(current: ValueEncryption) {
    this.#current = current;
  }

  /** Takes `next`, unless it could not open what is on disk: the server would not start again. @returns whether it did */
  adopt(next: ValueEncryption): boolean {
    if (!next.opensAllOf(this.#current)) return false;
    this.#current = next;
    return true;
  }

  covers(key: string): boolean {
    return this.#current.covers(key);
  }

  seal(key: string, value: Uint8Array): Uint8Array {
    return this.#current.seal(key, value);
  }

  open(key: string, value: Uint8Array): Uint8Array {
    return this.#current.open(key, value);
  }
}
