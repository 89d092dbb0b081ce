/**
 * Names and compares Pod templates. The name of a new ReplicaSet carries a hash of its template, so that two controllers (or
 * one that restarted) that create for the same template meet in the same name.
 *
 * @see k8s.io/kubernetes/pkg/controller/controller_utils.go ComputeHash; differs: hashes canonical JSON, where upstream
 * hashes a dump of Go structures
 */
import type { PodTemplateSpec } from '../../api/generated/core-v1.ts';

export const HASH_LABEL = 'pod-template-hash';

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1a (32 bit) over the template and, after a collision, the count of collisions; in the alphabet of safe names. */
export function templateHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  const text = canonicalJson(template) + (collisionCount === undefined ? '' : `#${collisionCount}`);
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return Array.from(String(hash), (digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join('');
}

/** Equal but for the hash label, which only ReplicaSets' templates carry. */
export function isSameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return comparable(a) === comparable(b);
}

/** Of frozen templates, which every sync compares anew. */
const comparables = new WeakMap<PodTemplateSpec, string>();

function comparable(template: PodTemplateSpec): string {
  const known = comparables.get(template);
  if (known !== undefined) return known;
  const text = canonicalJson(withoutHash(template));
  if (Object.isFrozen(template)) comparables.set(template, text);
  return text;
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [HASH_LABEL]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Keys sorted; an empty list or map of strings says the same as an absent one. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (inner === null || (Array.isArray(inner) && inner.length === 0)) return undefined;
    if (typeof inner !== 'object' || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner);
    if (entries.length === 0 && (key === 'labels' || key === 'annotations')) return undefined;
    return Object.fromEntries(entries.sort(([x], [y]) => (x < y ? -1 : 1)));
  });
}
