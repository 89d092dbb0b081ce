/**
 * What discovery says of the version in which objects are kept: nothing but that it has changed, so that storage migrators
 * know when there is something to rewrite.
 *
 * @see k8s.io/apiserver/pkg/endpoints/discovery/storageversionhash.go
 */
import type { ResourceRow } from '../../api/resources.ts';
import { toBase64 } from '../../base/base64.ts';
import { sha256 } from '../../base/sha256.ts';
import { storageRow } from '../stored-version.ts';

const encoder = new TextEncoder();
const HASH_BYTES = 8;

/** Undefined for what is never stored, and for custom resources whose stored version is not among those `served`. */
export function storageVersionHash(row: ResourceRow, served: readonly ResourceRow[]): string | undefined {
  if (row.virtual) return undefined;
  const stored = storageRow(row);
  if (row.custom !== undefined && !served.includes(stored)) return undefined;
  const digest = sha256(encoder.encode(`${stored.group}/${stored.version}/${stored.kind}`));
  return toBase64(digest.subarray(0, HASH_BYTES));
}
