/** Finds keys written twice in one mapping of a YAML text: of those, the last counts. */
import * as yaml from 'js-yaml';

interface OpenMapping {
  /** Undefined for a sequence or a document. */
  readonly keys: Set<string> | undefined;
  /** Whether what comes next is a value. */
  hasKey: boolean;
}

/** In the words of Go's parser, `line 9: key "foo" already set in map`, in the order of the text, which must be well formed. */
export function duplicateYamlKeys(text: string): string[] {
  const found: string[] = [];
  const open: OpenMapping[] = [];
  for (const event of yaml.parseEvents(text, {})) {
    if (event.type === yaml.EVENT_ID.POP) {
      open.pop();
      continue;
    }
    const parent = open.at(-1);
    if (parent?.keys !== undefined && event.type === yaml.EVENT_ID.SCALAR && !parent.hasKey) {
      const key = yaml.getScalarValue(text, event);
      if (parent.keys.has(key))
        found.push(`line ${lineAt(text, event.valueStart)}: key ${JSON.stringify(key)} already set in map`);
      parent.keys.add(key);
    }
    if (parent !== undefined) parent.hasKey = !parent.hasKey;
    if (isOpening(event.type))
      open.push({ keys: event.type === yaml.EVENT_ID.MAPPING ? new Set() : undefined, hasKey: false });
  }
  return found;
}

function isOpening(type: yaml.EventId): boolean {
  return type !== yaml.EVENT_ID.SCALAR && type !== yaml.EVENT_ID.ALIAS;
}

function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
