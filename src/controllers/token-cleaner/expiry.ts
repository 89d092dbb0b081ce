import type { Secret } from '../../api/generated/core-v1.ts';
import { fromBase64 } from '../../base/base64.ts';

/** When a bootstrap token ends, wall ms: never where it does not say, long ago where it says nothing that can be read. */
export function expiryMs({ data }: Secret): number {
  const encoded = data?.['expiration'];
  if (encoded === undefined) return Number.POSITIVE_INFINITY;
  const text = new TextDecoder().decode(fromBase64(encoded));
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? Number.NEGATIVE_INFINITY : atMs;
}
