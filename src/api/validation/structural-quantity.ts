/**
 * The canonical text of a quantity, as upstream stores it: `1000m` → `1`, `0.5` → `500m`, `1.5Gi` → `1536Mi`.
 *
 * The form a client chose (binary, decimal, exponent) is kept; within it the mantissa is an integer and the suffix the
 * largest possible. Exact: values are counted in billionths as bigint.
 * @see k8s.io/apimachinery/pkg/api/resource/quantity.go, ParseQuantity and CanonicalizeBytes
 */
const WRONG_FORMAT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_NUMBER = 'unable to parse numeric part of quantity';
const WRONG_SUFFIX = "unable to parse quantity's suffix";

const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;
const EXPONENT = /^[eE]([+-]?\d{1,18})$/;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
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
const DECIMAL_SUFFIX = new Map(Object.entries(DECIMAL).map(([suffix, exponent]) => [exponent, suffix]));

const NANO_DIGITS = 9;
const ONE = 10n ** BigInt(NANO_DIGITS);
const VALUE_MAX = ((1n << 63n) - 1n) * ONE;
const BINARY_MIN = 1024n * ONE;
/** An exponent past this is zero or the maximum anyway. */
const EXPONENT_MAX = 40;

type Format = 'binary' | 'decimal' | 'exponent';

/** Texts repeat endlessly (`100m`, `128Mi`), so results are kept; the cache starts over when it is full. */
const CACHE_MAX = 2000;
const cache = new Map<string, string>();

/** @returns the canonical text, or upstream's complaint */
export function canonicalQuantity(text: string): string | { error: string } {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const result = canonicalize(text);
  if (typeof result === 'string') {
    if (cache.size >= CACHE_MAX) cache.clear();
    cache.set(text, result);
  }
  return result;
}

function canonicalize(text: string): string | { error: string } {
  const match = SHAPE.exec(text);
  if (text === '' || match === null) return { error: WRONG_FORMAT };
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return { error: WRONG_NUMBER };
  const scale = scaleOf(suffix);
  if (scale === undefined) return { error: WRONG_SUFFIX };
  const magnitude = cap(toNano(whole, fraction, scale), scale.format);
  if (magnitude === 0n) return '0';
  const digits = scale.format === 'binary' ? formatBinary(magnitude) : formatDecimal(magnitude, scale.format);
  return sign === '-' ? `-${digits}` : digits;
}

/** @param milli  thousandths  @param form  a quantity whose form (binary, decimal, exponent) the text gets */
export function formatQuantity(milli: bigint, form: string): string {
  if (milli === 0n) return '0';
  const magnitude = (milli < 0n ? -milli : milli) * (ONE / 1000n);
  const format = formOf(form);
  const digits = format === 'binary' ? formatBinary(magnitude) : formatDecimal(magnitude, format);
  return milli < 0n ? `-${digits}` : digits;
}

function formOf(quantity: string): Format {
  if (quantity.endsWith('i')) return 'binary';
  return /[eE][-+]?\d/.test(quantity) ? 'exponent' : 'decimal';
}

interface Scale {
  format: Format;
  /** Powers of ten, or of 1024 when binary. */
  exponent: number;
}

function scaleOf(suffix: string): Scale | undefined {
  const binary = suffix === '' ? -1 : BINARY.indexOf(suffix);
  if (binary > 0) return { format: 'binary', exponent: binary };
  const decimal = Object.hasOwn(DECIMAL, suffix) ? DECIMAL[suffix] : undefined;
  if (decimal !== undefined) return { format: 'decimal', exponent: decimal };
  const exponent = EXPONENT.exec(suffix)?.[1];
  if (exponent === undefined) return undefined;
  return { format: 'exponent', exponent: Math.max(-EXPONENT_MAX, Math.min(EXPONENT_MAX, Number(exponent))) };
}

/** Billionths, rounded away from zero. */
function toNano(whole: string, fraction: string, scale: Scale): bigint {
  const isBinary = scale.format === 'binary';
  const digits = BigInt(whole + fraction) * (isBinary ? 1024n ** BigInt(scale.exponent) : 1n);
  const power = (isBinary ? 0 : scale.exponent) + NANO_DIGITS - fraction.length;
  return power >= 0 ? digits * 10n ** BigInt(power) : divideUp(digits, 10n ** BigInt(-power));
}

function cap(nano: bigint, format: Format): bigint {
  if (nano > VALUE_MAX) return VALUE_MAX;
  return format === 'binary' && nano > 0n && nano < ONE ? ONE : nano;
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

/** Below 1024 there is no binary suffix to use, and the decimal form takes over. */
function formatBinary(nano: bigint): string {
  if (nano < BINARY_MIN) return formatDecimal(nano, 'decimal');
  let mantissa = divideUp(nano, ONE);
  let power = 0;
  while (mantissa % 1024n === 0n && power < BINARY.length - 1) {
    mantissa /= 1024n;
    power++;
  }
  // What no suffix fits is a plain number, and read again as one: `638.671Ki` → `654000` → `654k`.
  return power === 0 ? formatDecimal(mantissa * ONE, 'decimal') : `${mantissa}${BINARY[power]}`;
}

function formatDecimal(nano: bigint, format: Format): string {
  let mantissa = nano;
  let exponent = -NANO_DIGITS;
  while (mantissa % 1000n === 0n && exponent < 18) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (format === 'exponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  return `${mantissa}${DECIMAL_SUFFIX.get(exponent)}`;
}
