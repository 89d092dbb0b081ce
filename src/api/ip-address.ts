/** IP addresses as numbers, read as strictly as Go's netip does. */

export interface IpAddress {
  family: 4 | 6;
  value: bigint;
}

/** `undefined` for what is no address, has a zone, or is an IPv4 address within IPv6. */
export function parseIp(text: string): IpAddress | undefined {
  const address = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return address === undefined || isMappedIpv4(address) ? undefined : address;
}

/** The IPv4 address that `text` has within IPv6: `::ffff:10.0.0.1`. */
export function parseMappedIpv4(text: string): IpAddress | undefined {
  const address = text.includes(':') ? parseIpv6(text) : undefined;
  if (address === undefined || !isMappedIpv4(address)) return undefined;
  return { family: 4, value: address.value & 0xffff_ffffn };
}

export function isMappedIpv4Text(text: string): boolean {
  return parseMappedIpv4(text) !== undefined;
}

function isMappedIpv4({ family, value }: IpAddress): boolean {
  return family === 6 && value >> 32n === 0xffffn;
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return { family: 4, value };
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[]?];
  const embedded = parseIpv4((tail ?? head).at(-1) ?? '');
  if (embedded !== undefined) {
    const words = [embedded.value >> 16n, embedded.value & 0xffffn].map((word) => word.toString(16));
    (tail ?? head).splice(-1, 1, ...words);
  }
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const words = [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])];
  if (!words.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return undefined;
  const value = words.reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n);
  return { family: 6, value };
}

export function formatIp({ family, value }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const words = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  const { start, length } = longestZeros(words);
  const shown = words.map((word) => word.toString(16));
  if (length < 2) return shown.join(':');
  return `${shown.slice(0, start).join(':')}::${shown.slice(start + length).join(':')}`;
}

function longestZeros(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

export function bitsOf({ family }: IpAddress): number {
  return family === 4 ? 32 : 128;
}
