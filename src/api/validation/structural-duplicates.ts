/**
 * Finds fields written twice in one JSON object, which `JSON.parse` silently overwrites. Only for requests that ask for
 * `fieldValidation` Warn or Strict. The text has already been parsed, so it is known to be well formed.
 *
 * Every write of every kubectl comes through here: one pass over the text, and a path is only put together for a duplicate.
 */
interface Frame {
  readonly parent: Frame | undefined;
  /** Keys seen in an object; undefined in an array. */
  readonly keys: Set<string> | undefined;
  /** The key whose value is being read; of an object. */
  key: string;
  /** The item that is being read; of an array. */
  index: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Complaints about `unknown` fields, which a walk of the value has found, and about duplicate ones, as Go's decoder makes
 * them: each once, in the order of the document, those that are not in the text (but came of a patch) last; at most `limit`.
 * What is in an unknown field is not looked at.
 */
export function fieldComplaints(text: string, unknown: readonly string[], limit: number): string[] {
  const notSeen = new Set(unknown);
  const found = new Set<string>();
  const isWithin = (path: string) => unknown.some((field) => isBelow(path, field));
  scanFields(text, (frame, isRepeated) => {
    if (!isRepeated && notSeen.size === 0) return true;
    const path = pathOf(frame);
    if (notSeen.delete(path)) found.add(`unknown field "${path}"`);
    else if (isRepeated && !isWithin(path)) found.add(`duplicate field "${path}"`);
    return found.size < limit;
  });
  for (const path of notSeen) found.add(`unknown field "${path}"`);
  return [...found].slice(0, limit);
}

function isBelow(path: string, field: string): boolean {
  return path.startsWith(field) && (path.length === field.length || '.['.includes(path[field.length]!));
}

/** Goes through the fields of all objects in the order of the text, until `visit` says no. */
function scanFields(text: string, visit: (frame: Frame, isRepeated: boolean) => boolean): void {
  let frame: Frame | undefined;
  for (let position = 0; position < text.length; position++) {
    const char = text.charCodeAt(position);
    if (char === QUOTE) {
      const end = stringEnd(text, position);
      if (frame?.keys !== undefined && text.charCodeAt(afterSpace(text, end)) === COLON) {
        frame.key = unquoted(text, position, end);
        const isRepeated = frame.keys.has(frame.key);
        if (!isRepeated) frame.keys.add(frame.key);
        if (!visit(frame, isRepeated)) return;
      }
      position = end - 1;
    } else if (char === OPEN_OBJECT) frame = { parent: frame, keys: new Set(), key: '', index: 0 };
    else if (char === OPEN_LIST) frame = { parent: frame, keys: undefined, key: '', index: 0 };
    else if (char === CLOSE_OBJECT || char === CLOSE_LIST) frame = frame?.parent;
    else if (char === COMMA && frame !== undefined) frame.index++;
  }
}

function pathOf(innermost: Frame): string {
  let path = '';
  for (let frame: Frame | undefined = innermost; frame !== undefined; frame = frame.parent) {
    const isOutermost = frame.parent === undefined;
    const step = frame.keys === undefined ? `[${frame.index}]` : `${isOutermost ? '' : '.'}${frame.key}`;
    path = step + path;
  }
  return path;
}

function unquoted(text: string, start: number, end: number): string {
  const key = text.slice(start + 1, end - 1);
  return key.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : key;
}

/** The position after the closing quote of the string that starts at `start`. */
export function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, quoteAt: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(quoteAt - 1 - slashes) === BACKSLASH) slashes++;
  return slashes % 2 === 1;
}

function afterSpace(text: string, start: number): number {
  let position = start;
  while (text.charCodeAt(position) <= 32) position++;
  return position;
}
