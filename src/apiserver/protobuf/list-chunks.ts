/**
 * A list in protobuf, from the messages of its items: only its header is encoded for the answer.
 *
 *     envelope of XList { metadata = 1, items = 2 (tag, length, message of each) }
 */
import { type GroupVersionKind, toApiVersion } from '../../api/meta.ts';
import { encodeMessage } from '../../api/protobuf/encode.ts';
import { ENVELOPE_TAIL, envelopeHead } from '../../api/protobuf/envelope.ts';
import { lengthPrefix } from '../../api/protobuf/writer.ts';
import { schemaForKind } from '../../api/schema.ts';
import { assert } from '../../base/assert.ts';
import { ChunkPacker } from '../chunk-packer.ts';

/** The number of `items`, in every list of the API. */
export const ITEMS = 2;
const NOTHING = new Uint8Array();

export function* protobufListChunks(
  gvk: GroupVersionKind,
  metadata: object,
  items: readonly Uint8Array[],
): Generator<Uint8Array> {
  const schema = schemaForKind(gvk);
  assert(schema !== undefined, `${gvk.kind} has a protobuf form`);
  const header = encodeMessage({ metadata }, schema);
  const prefixes = items.map(({ length }) => lengthPrefix(ITEMS, length));
  const size = items.reduce((sum, { length }, i) => sum + prefixes[i]!.length + length, header.length);
  const typeMeta = { apiVersion: toApiVersion(gvk.group, gvk.version), kind: gvk.kind };
  const packer = new ChunkPacker();
  packer.add(envelopeHead(typeMeta, size), header);
  for (const [i, item] of items.entries()) {
    const full = packer.add(prefixes[i]!, item);
    if (full !== undefined) yield full;
  }
  const full = packer.add(NOTHING, ENVELOPE_TAIL);
  if (full !== undefined) yield full;
  yield packer.rest();
}
