/**
 * Integers that Go keeps and JavaScript's numbers do not: what is within int64 and would be written back with other digits.
 * Found in the text before anybody computes with them, so that no number of a user changes unsaid.
 *
 * Costs one search for 16 digits in a row, which most texts do not have. See docs/decisions/integers.md.
 */
import { stringEnd } from './validation/structural-duplicates.ts';

const LONG_RUN = /\d{16,}/g;
const FRACTION_BEFORE = '.eE+';
const FRACTION_AFTER = '.eE';
const INT64_LENGTH_MAX = '-9223372036854775808'.length;
const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;
/** More nobody reads. */
export const ROUNDED_MAX = 100;

/** Those in a text of JSON that has been parsed: `integer 9007199254740993 is rounded to 9007199254740992`. */
export function roundedInJson(text: string): string[] {
  const found = new Set<string>();
  LONG_RUN.lastIndex = 0;
  let position = 0;
  for (let run = LONG_RUN.exec(text); run !== null && found.size < ROUNDED_MAX; run = LONG_RUN.exec(text)) {
    const end = endOfStringAround(text, position, run.index);
    if (end.isAround) LONG_RUN.lastIndex = end.position;
    else noteInteger(integerAt(text, run.index, run[0]), found);
    position = end.position;
  }
  return [...found];
}

/** What is said of `integer`, decimal digits, when a number cannot hold it. */
export function roundingOf(integer: string): string | undefined {
  if (integer.length > INT64_LENGTH_MAX) return undefined;
  const kept = String(Number(integer));
  if (kept === integer) return undefined;
  const exact = BigInt(integer);
  // Past int64 Go rounds, too.
  const isInt64 = exact >= INT64[0] && exact <= INT64[1];
  return isInt64 ? `integer ${integer} is rounded to ${kept}` : undefined;
}

function noteInteger(integer: string | undefined, found: Set<string>): void {
  const rounding = integer === undefined ? undefined : roundingOf(integer);
  if (rounding !== undefined) found.add(rounding);
}

/**
 * @param from  outside of all strings, not after `at`
 * @returns the end of the string that `at` is in, or of the last one before it
 */
function endOfStringAround(text: string, from: number, at: number): { isAround: boolean; position: number } {
  let position = from;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote < 0 || quote > at) return { isAround: false, position };
    position = stringEnd(text, quote);
    if (position > at) return { isAround: true, position };
  }
}

/** With its sign; `undefined` for digits of a number with a fraction or an exponent. */
function integerAt(text: string, start: number, digits: string): string | undefined {
  const before = text[start - 1] ?? '';
  const after = text[start + digits.length] ?? '';
  const isNegative = before === '-';
  const isExponent = FRACTION_BEFORE.includes(before) || (isNegative && /[eE]/.test(text[start - 2] ?? ''));
  if ((before !== '' && isExponent) || (after !== '' && FRACTION_AFTER.includes(after))) return undefined;
  return isNegative ? `-${digits}` : digits;
}
