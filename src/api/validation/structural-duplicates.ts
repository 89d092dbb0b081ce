/**
 * Finds fields written twice in one JSON object, which `JSON.parse` silently overwrites. Only for requests that ask for
 * `fieldValidation` Warn or Strict. The text has already been parsed, so it is known to be well formed.
 */
interface Frame {
  /** Keys seen in an object; undefined in an array. */
  keys: Set<string> | undefined;
  index: number;
  path: string;
}

/** Paths such as `spec.template.spec.containers[0].name`, each once, in the order of the document; at most `limit`. */
export function duplicateFields(text: string, limit: number): string[] {
  const found = new Set<string>();
  const stack: Frame[] = [];
  let frame: Frame | undefined;
  let path = '';
  let position = 0;
  while (position < text.length && found.size < limit) {
    const char = text[position];
    if (char === '"') {
      const end = stringEnd(text, position);
      const next = afterSpace(text, end);
      if (frame?.keys !== undefined && text[next] === ':') {
        const key = JSON.parse(text.slice(position, end)) as string;
        path = frame.path === '' ? key : `${frame.path}.${key}`;
        if (frame.keys.has(key)) found.add(path);
        frame.keys.add(key);
        position = next;
      } else position = end - 1;
    } else if (char === '{' || char === '[') {
      const childPath =
        frame !== undefined && frame.keys === undefined ? `${frame.path}[${frame.index}]` : path;
      frame = { keys: char === '{' ? new Set() : undefined, index: 0, path: childPath };
      stack.push(frame);
    } else if (char === '}' || char === ']') {
      stack.pop();
      frame = stack.at(-1);
    } else if (char === ',' && frame !== undefined) frame.index++;
    position++;
  }
  return [...found];
}

/** The position after the closing quote of the string that starts at `start`. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, quoteAt: number): boolean {
  let slashes = 0;
  while (text[quoteAt - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

function afterSpace(text: string, start: number): number {
  let position = start;
  while (text.charCodeAt(position) <= 32) position++;
  return position;
}
