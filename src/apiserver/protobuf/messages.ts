/**
 * The protobuf form of stored objects. Each is encoded when it is first asked for, from its parsed value, and then kept beside its
 * committed JSON, so that lists and watches in protobuf cost no more than those in JSON.
 *
 * Bounded: between one and two times {@link KEPT_BYTES}, of what was asked for last. A newer version takes the place of the one
 * before.
 */
import { gvkOf } from '../../api/meta.ts';
import { encodeMessage } from '../../api/protobuf/encode.ts';
import { schemaForKind } from '../../api/schema.ts';
import { assert } from '../../base/assert.ts';
import { RecentMap } from '../../base/recent-map.ts';
import type { StoredObject } from '../../store/store.ts';
import { objectOf } from '../api-object.ts';

export interface StoredMessage {
  revision: number;
  apiVersion: string;
  kind: string;
  /** Without an envelope. */
  message: Uint8Array;
}

const KEPT_BYTES = 16 * 1024 * 1024;
/** Of an entry itself, with its key. */
const ENTRY_BYTES = 200;

export class ProtobufMessages {
  readonly #kept = new RecentMap<string, StoredMessage>(
    KEPT_BYTES,
    ({ message }) => message.length + ENTRY_BYTES,
  );

  /** `stored` is of a kind with a schema. */
  of(stored: StoredObject): StoredMessage {
    const kept = this.#kept.get(stored.key);
    if (kept?.revision === stored.revision) return kept;
    const object = objectOf(stored);
    const schema = schemaForKind(gvkOf(object));
    assert(schema !== undefined, `${object.kind} has a protobuf form`);
    const { apiVersion, kind } = object;
    const made = { revision: stored.revision, apiVersion, kind, message: encodeMessage(object, schema) };
    this.#kept.set(stored.key, made);
    return made;
  }
}
