/** Durations as Go writes them: `1h30m`. @see Go's time.ParseDuration */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};
const NANOSECONDS_MAX = 2 ** 63;
const PART = /([0-9]*)(\.[0-9]*)?([^0-9.]*)/y;

/** Why `text` is no duration, in Go's words; `undefined` when it is one. */
export function goDurationProblem(text: string): string | undefined {
  const shown = JSON.stringify(text);
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return undefined;
  if (unsigned === '') return `time: invalid duration ${shown}`;
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < unsigned.length) {
    const [, whole = '', fraction = '', unit = ''] = PART.exec(unsigned)!;
    if (whole === '' && (fraction === '' || fraction === '.')) return `time: invalid duration ${shown}`;
    if (unit === '') return `time: missing unit in duration ${shown}`;
    const size = Object.hasOwn(UNITS, unit) ? UNITS[unit]! : undefined;
    if (size === undefined) return `time: unknown unit ${JSON.stringify(unit)} in duration ${shown}`;
    total += Number(`${whole || '0'}${fraction === '.' ? '' : fraction}`) * size;
    if (total >= NANOSECONDS_MAX) return `time: invalid duration ${shown}`;
  }
  return undefined;
}
