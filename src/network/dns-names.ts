/** Names for addresses in the reverse tree. @see RFC 1035 3.5 */

const SUFFIX = '.in-addr.arpa';

/** `3.2.1.10.in-addr.arpa` → `10.1.2.3`; `undefined` for anything but a whole IPv4 address. */
export function parseReverseName(name: string): string | undefined {
  if (!name.endsWith(SUFFIX)) return undefined;
  const parts = name.slice(0, -SUFFIX.length).split('.').reverse();
  const isAddress =
    parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  return isAddress ? parts.join('.') : undefined;
}
