/**
 * YAML as Kubernetes reads it: YAML 1.1 scalars (`yes`, `on`, `014`), except that dates and `12:30` stay text; keys become
 * strings, duplicate keys are errors, aliases may not blow a document up.
 *
 * @see sigs.k8s.io/yaml, goyaml.v2/resolve.go
 */
import * as yaml from 'js-yaml';
import { StatusError } from '../base/status-error.ts';
import type { JsonValue } from './json.ts';

import { ROUNDED_MAX, roundedInJson, roundingOf } from './rounded-integers.ts';
import { fieldComplaints } from './validation/structural-duplicates.ts';

const DEPTH_MAX = 1000;
const ALIASES_MAX = 1000;
/** Values in one document after aliases are expanded: as many as a body of 3 MiB can hold without any. */
const VALUES_MAX = 1_600_000;

const BOOLEANS: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map((word) => [word, true]),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map((word) => [
    word,
    false,
  ]),
]);
const INTEGER = /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/;
const DECIMAL = /^[-+]?(?:[1-9][0-9_]*|0)$/;
/** Of digits, as long as an integer that may be rounded. */
const LONG_RUN = /\d[\d_]{15}/;
const NUMBER_STARTS = '- + . 0 1 2 3 4 5 6 7 8 9'.split(' ');

const boolTag = yaml.defineScalarTag<boolean>('tag:yaml.org,2002:bool', {
  implicit: true,
  implicitFirstChars: 'y Y n N o O t T f F'.split(' '),
  resolve: (source) => (Object.hasOwn(BOOLEANS, source) ? BOOLEANS[source]! : yaml.NOT_RESOLVED),
  identify: (value) => typeof value === 'boolean',
});

const intTag = yaml.defineScalarTag<number>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: NUMBER_STARTS,
  resolve: (source) => (INTEGER.test(source) ? parseInteger(source) : yaml.NOT_RESOLVED),
  identify: (value) => Number.isSafeInteger(value),
});

const floatTag = yaml.defineScalarTag<number>('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: NUMBER_STARTS,
  resolve: (source) => (FLOAT.test(source) ? Number(source.replaceAll('_', '')) : yaml.NOT_RESOLVED),
  identify: (value) => typeof value === 'number',
});

/** `!!binary` keeps its base64 text: that is how the API carries bytes. */
const binaryTag = yaml.defineScalarTag<string>('tag:yaml.org,2002:binary', {
  resolve: (source) => source.replace(/\s/g, ''),
  identify: () => false,
});

const KUBERNETES_SCHEMA = new yaml.Schema([
  yaml.strTag,
  yaml.seqTag,
  yaml.mapTag,
  yaml.nullYaml11Tag,
  boolTag,
  intTag,
  floatTag,
  binaryTag,
  yaml.mergeTag,
]);

/** Numbers written by people: signs, underscores and the prefixes of YAML 1.1. */
function parseInteger(source: string): number {
  const negative = source.startsWith('-');
  const digits = source.replace(/^[-+]/, '').replaceAll('_', '');
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return negative ? -value : value;
}

/**
 * Every document of a stream, empty ones left out.
 * @param name  where the text came from, for messages
 * @throws StatusError BadRequest, with line and column
 */
export function parseYamlDocuments(text: string, name = 'yaml'): JsonValue[] {
  return loadAll(text, name).filter((document) => document !== null && document !== undefined);
}

/** The single document of a request body. @throws StatusError BadRequest */
export function parseYaml(text: string): JsonValue {
  return parseJson(text) ?? single(loadAll(text, 'yaml'));
}

/**
 * As {@link parseYaml}, for a server that leaves it to the client whether keys may come twice: the last one counts.
 * @returns also what {@link duplicateKeys} says
 */
export function parseLenientYaml(text: string): { value: JsonValue; duplicates: string[] } {
  try {
    return { value: parseJson(text) ?? single(load(text)), duplicates: [] };
  } catch (error) {
    if (!isDuplicateKey(error)) throw toStatusError(error, 'yaml');
  }
  return { value: single(loadAll(text, 'yaml', true)), duplicates: duplicateKeys(text) };
}

/** What is said of integers in a document that has been parsed and that numbers cannot hold. */
export function roundedInYaml(text: string): string[] {
  if (!LONG_RUN.test(text)) return [];
  if (parseJson(text) !== undefined) return roundedInJson(text);
  const found = new Set<string>();
  for (const event of yaml.parseEvents(text, {})) {
    if (event.type !== yaml.EVENT_ID.SCALAR || event.style !== yaml.SCALAR_STYLE.PLAIN) continue;
    const source = yaml.getScalarValue(text, event);
    if (!DECIMAL.test(source)) continue;
    const rounding = roundingOf(source.replace('+', '').replaceAll('_', ''));
    if (rounding !== undefined) found.add(rounding);
    if (found.size >= ROUNDED_MAX) break;
  }
  return [...found];
}

function loadAll(text: string, name: string, isLenient = false): JsonValue[] {
  try {
    return load(text, isLenient);
  } catch (error) {
    throw toStatusError(error, name);
  }
}

function load(text: string, isLenient = false): JsonValue[] {
  const documents = yaml.loadAll(text, {
    schema: KUBERNETES_SCHEMA,
    maxDepth: DEPTH_MAX,
    maxAliases: ALIASES_MAX,
    json: isLenient,
  });
  for (const document of documents) assertBounded(document);
  return documents as JsonValue[];
}

function single(documents: readonly JsonValue[]): JsonValue {
  if (documents.length > 1)
    throw new StatusError('BadRequest', 'yaml: only one document is allowed in a request');
  return documents[0] ?? null;
}

/** Most of what clients apply is JSON, which is YAML too, and much sooner read. `undefined`: it is for YAML to say what is wrong. */
function parseJson(text: string): JsonValue | undefined {
  if (!text.startsWith('{')) return undefined;
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
  return fieldComplaints(text, [], 1).length === 0 ? value : undefined;
}

function isDuplicateKey(error: unknown): boolean {
  return error instanceof yaml.YAMLException && error.reason === 'duplicated mapping key';
}

function toStatusError(error: unknown, name: string): StatusError {
  if (error instanceof StatusError) return error;
  return new StatusError('BadRequest', `error parsing ${name}: ${describe(error)}`, { cause: error });
}

function describe(error: unknown): string {
  if (!(error instanceof yaml.YAMLException)) return error instanceof Error ? error.message : String(error);
  const { mark, reason } = error;
  return mark === undefined ? reason : `line ${mark.line + 1}, column ${mark.column + 1}: ${reason}`;
}

interface OpenMapping {
  /** Undefined for a sequence or a document. */
  readonly keys: Set<string> | undefined;
  /** Whether what comes next is a value. */
  hasKey: boolean;
}

/** In the words of Go's parser, `line 9: key "foo" already set in map`, in the order of the text, which must be well formed. */
function duplicateKeys(text: string): string[] {
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

/** Refuses a document that is small as text and huge once its aliases are expanded. */
function assertBounded(document: unknown): void {
  let values = 0;
  const visit = (value: unknown, depth: number): void => {
    values++;
    if (values > VALUES_MAX || depth > DEPTH_MAX)
      throw new StatusError('BadRequest', 'yaml: document contains excessive aliasing');
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new StatusError('BadRequest', `yaml: unsupported value: ${value}`);
    if (typeof value !== 'object' || value === null) return;
    for (const child of Array.isArray(value) ? value : Object.values(value)) visit(child, depth + 1);
  };
  visit(document, 0);
}

/** Formats a value as a block-style YAML document, in the order of its keys. */
export function formatYaml(value: unknown): string {
  return yaml.dump(value, { schema: KUBERNETES_SCHEMA, lineWidth: -1 });
}
