/**
 * Kubernetes' resource quantities: `500m`, `64Mi`, `1.5`, `2e3`. Exact, in thousandths as bigint, so that sums never drift.
 *
 * @see k8s.io/apimachinery/pkg/api/resource/quantity.go
 */
const BINARY: Readonly<Record<string, bigint>> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
};
/** Powers of ten of the decimal suffixes. */
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

const FORMAT = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,3})?$/;
/** Upstream caps quantities at 2^63 - 1. */
const VALUE_MAX_MILLI = ((1n << 63n) - 1n) * 1000n;

/** Texts repeat endlessly (`100m`, `128Mi`), so values are kept; the cache starts over when it is full. */
const CACHE_MAX = 2000;
const cache = new Map<string, bigint>();

/** The value in thousandths, rounded away from zero; `undefined` for text that is not a quantity. */
export function parseQuantityMilli(text: string): bigint | undefined {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const milli = parseMilli(text);
  if (milli === undefined) return undefined;
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(text, milli);
  return milli;
}

function parseMilli(text: string): bigint | undefined {
  const match = FORMAT.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const binary = BINARY[suffix];
  const exponent = binary === undefined ? decimalExponent(suffix) : 0;
  const power = exponent + 3 - fraction.length;
  const scaled = digits * (binary ?? 1n);
  const milli = power >= 0 ? scaled * 10n ** BigInt(power) : divideUp(scaled, 10n ** BigInt(-power));
  const capped = milli > VALUE_MAX_MILLI ? VALUE_MAX_MILLI : milli;
  return sign === '-' ? -capped : capped;
}

function decimalExponent(suffix: string): number {
  return DECIMAL[suffix] ?? Number(suffix.slice(1));
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

/** Thousandths as a number: cores become millicores. 0 for absent or malformed text. */
export function milliValue(text: string | undefined): number {
  return Number((text === undefined ? undefined : parseQuantityMilli(text)) ?? 0n);
}

/** Whole units, rounded up: bytes, counts. 0 for absent or malformed text. */
export function wholeValue(text: string | undefined): number {
  return Math.ceil(milliValue(text) / 1000);
}

export function isQuantity(text: string): boolean {
  return parseQuantityMilli(text) !== undefined;
}

/** Orders two quantities by value: negative, 0 or positive. */
export function compareQuantities(a: string, b: string): number {
  const difference = (parseQuantityMilli(a) ?? 0n) - (parseQuantityMilli(b) ?? 0n);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

/** The shortest text for millicores: `1500` → `1500m`, `2000` → `2`. */
export function formatMilli(milli: number): string {
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}

/** The shortest exact binary text for bytes: `67108864` → `64Mi`. */
export function formatBytes(bytes: number): string {
  const suffixes = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'] as const;
  const exact = BigInt(bytes);
  for (const suffix of suffixes) {
    const unit = BINARY[suffix]!;
    if (exact !== 0n && exact % unit === 0n) return `${exact / unit}${suffix}`;
  }
  return String(bytes);
}
