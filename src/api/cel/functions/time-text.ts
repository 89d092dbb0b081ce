/** Timestamps and durations as text: RFC 3339, and Go's `1h30m`. */
import { CelError } from '../cel-error.ts';
import { CelDuration, CelTimestamp } from '../value.ts';

const RFC3339 = /^(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d{2}:\d{2})$/;
const MILLI = 1_000_000n;

/** @throws CelError */
export function parseTimestamp(text: string): CelTimestamp {
  const match = RFC3339.exec(text);
  const zone = match?.[3]?.toUpperCase();
  const atMs = match === null ? Number.NaN : Date.parse(`${match[1]!.replace(/[t ]/, 'T')}${zone}`);
  if (match === null || Number.isNaN(atMs)) {
    throw new CelError(
      `type conversion error from 'string' to 'google.protobuf.Timestamp': ${JSON.stringify(text)}`,
    );
  }
  return new CelTimestamp(BigInt(atMs) * MILLI + BigInt((match[2] ?? '').padEnd(9, '0')));
}

export function formatTimestamp({ nanos }: CelTimestamp): string {
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = Number((nanos - rest) / 1_000_000_000n);
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`;
}

const UNITS: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: MILLI,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ns: 1n,
};
const DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:h|ms|m|s|us|µs|μs|ns))+)$/;
const PART = /(\d*)\.?(\d*)(h|ms|m|s|us|µs|μs|ns)/g;

/** @see Go's time.ParseDuration. @throws CelError */
export function parseDuration(text: string): CelDuration {
  if (!DURATION.test(text)) {
    throw new CelError(
      `type conversion error from 'string' to 'google.protobuf.Duration': ${JSON.stringify(text)}`,
    );
  }
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit] of text.matchAll(PART)) {
    const size = UNITS[unit!]!;
    nanos += BigInt(whole || '0') * size;
    if (fraction !== '') nanos += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  return new CelDuration(text.startsWith('-') ? -nanos : nanos);
}

/** In seconds, as protobuf writes it: `90s`, `1.5s`. */
export function formatDuration({ nanos }: CelDuration): string {
  const size = nanos < 0n ? -nanos : nanos;
  const rest = size % 1_000_000_000n;
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${nanos < 0n ? '-' : ''}${size / 1_000_000_000n}${fraction}s`;
}
