/**
 * Times as upstream reads and stores them: RFC 3339 in, UTC out; whole seconds for `Time`, six digits for `MicroTime`.
 * Complaints are worded as Go's `time.Parse` words them.
 */
export type TimePrecision = 'seconds' | 'micros';

interface Layout {
  text: string;
  parts: readonly { name: string; pattern: RegExp }[];
  canonical: RegExp;
}

function newLayout(
  text: string,
  fraction: readonly { name: string; pattern: RegExp }[],
  canonical: RegExp,
): Layout {
  const digits = (name: string, count: number) => ({ name, pattern: new RegExp(`^\\d{${count}}`) });
  const literal = (name: string) => ({ name, pattern: new RegExp(`^${name}`) });
  const parts = [
    digits('2006', 4),
    literal('-'),
    digits('01', 2),
    literal('-'),
    digits('02', 2),
    literal('T'),
    digits('15', 2),
    literal(':'),
    digits('04', 2),
    literal(':'),
    digits('05', 2),
    ...fraction,
    { name: 'Z07:00', pattern: /^(?:Z|[+-]\d\d:\d\d)/ },
  ];
  return { text, parts, canonical };
}

const LAYOUTS: Record<TimePrecision, Layout> = {
  seconds: newLayout(
    '2006-01-02T15:04:05Z07:00',
    [{ name: '.', pattern: /^(?:[.,]\d+)?/ }],
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  ),
  micros: newLayout(
    '2006-01-02T15:04:05.000000Z07:00',
    [{ name: '.000000', pattern: /^[.,]\d{6}/ }],
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
  ),
};

const RANGES: Record<string, { word: string; min: number; max: number }> = {
  '01': { word: 'month', min: 1, max: 12 },
  '15': { word: 'hour', min: 0, max: 23 },
  '04': { word: 'minute', min: 0, max: 59 },
  '05': { word: 'second', min: 0, max: 59 },
};

/** @returns the text to store, or Go's complaint */
export function canonicalTime(text: string, precision: TimePrecision): string | { error: string } {
  const layout = LAYOUTS[precision];
  // What the server wrote itself comes back with every status: judged as a whole before it is taken apart.
  if (layout.canonical.test(text) && isRealMoment(text)) return text;
  const complaint = parseComplaint(text, layout);
  if (complaint !== undefined) return { error: complaint };
  if (layout.canonical.test(text)) return text;
  const millis = Date.parse(text.replace(',', '.'));
  const utc = new Date(millis).toISOString();
  if (precision === 'seconds') return `${utc.slice(0, 19)}Z`;
  const micros = /[.,](\d{6})/.exec(text)?.[1] ?? '000000';
  return `${utc.slice(0, 19)}.${micros}Z`;
}

/** Of a text in canonical form: whether its numbers are a moment. False only sends it the long way. */
function isRealMoment(text: string): boolean {
  const digits = (at: number) => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
  const [month, day] = [digits(5), digits(8)];
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 28 &&
    digits(11) < 24 &&
    digits(14) < 60 &&
    digits(17) < 60
  );
}

function parseComplaint(text: string, layout: Layout): string | undefined {
  let rest = text;
  const seen: Record<string, string> = {};
  for (const part of layout.parts) {
    const found = part.pattern.exec(rest)?.[0];
    if (found === undefined) {
      return `parsing time ${quote(text)} as "${layout.text}": cannot parse ${quote(rest)} as "${part.name}"`;
    }
    seen[part.name] = found;
    const range = RANGES[part.name];
    if (range && (Number(found) < range.min || Number(found) > range.max))
      return outOfRange(text, range.word);
    rest = rest.slice(found.length);
  }
  if (rest !== '') return `parsing time ${quote(text)}: extra text: ${quote(rest)}`;
  const day = Number(seen['02']);
  return day < 1 || day > daysIn(Number(seen['2006']), Number(seen['01']))
    ? outOfRange(text, 'day')
    : undefined;
}

function outOfRange(text: string, word: string): string {
  return `parsing time ${quote(text)}: ${word} out of range`;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function quote(text: string): string {
  return JSON.stringify(text);
}
