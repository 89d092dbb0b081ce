/**
 * Reads configuration files that have the shape of API objects but are in no table of kinds: audit policies, which
 * resources are encrypted. A field that nobody knows is refused: it is more often a slip than a wish.
 */
import { type FieldError, invalid, required } from '../validation/field-error.ts';
import { parseYaml } from '../yaml.ts';

/** What a file says cannot be followed; the message names the fields, for a person. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';

  static of(errors: readonly FieldError[]): ConfigurationError {
    return new ConfigurationError(errors.map(({ field, message }) => `${field}: ${message}`).join('; '));
  }
}

/** One object of a file, read field by field; what is wrong is collected in `errors`. */
export class ConfigurationReader {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #errors: FieldError[];

  constructor(fields: Readonly<Record<string, unknown>>, path: string, errors: FieldError[]) {
    this.#fields = fields;
    this.#path = path;
    this.#errors = errors;
  }

  /** `rules[0].level` */
  pathOf(field: string): string {
    return this.#path === '' ? field : `${this.#path}.${field}`;
  }

  report(...errors: readonly FieldError[]): void {
    this.#errors.push(...errors);
  }

  has(field: string): boolean {
    return this.#fields[field] !== undefined && this.#fields[field] !== null;
  }

  string(field: string): string {
    return this.#typed(field, isString, 'must be a string') ?? '';
  }

  boolean(field: string): boolean | undefined {
    return this.#typed(field, (value) => typeof value === 'boolean', 'must be true or false');
  }

  strings(field: string): string[] {
    return this.#typed(field, isStrings, 'must be a list of strings') ?? [];
  }

  object(field: string): ConfigurationReader | undefined {
    const fields = this.#typed(field, isObject, 'must be an object');
    return fields && new ConfigurationReader(fields, this.pathOf(field), this.#errors);
  }

  objects(field: string): ConfigurationReader[] {
    const list = this.#typed(field, isObjects, 'must be a list of objects') ?? [];
    return list.map(
      (fields, index) => new ConfigurationReader(fields, `${this.pathOf(field)}[${index}]`, this.#errors),
    );
  }

  /** Reports every field that is not among `known`. */
  expectOnly(known: readonly string[]): void {
    for (const field of Object.keys(this.#fields)) {
      if (known.includes(field)) continue;
      const message = `Unknown field: this one has ${known.join(', ')}`;
      this.report({ reason: 'FieldValueInvalid', field: this.pathOf(field), message });
    }
  }

  #typed<T>(field: string, isRight: (value: unknown) => value is T, problem: string): T | undefined {
    if (!this.has(field)) return undefined;
    const value = this.#fields[field];
    if (isRight(value)) return value;
    this.report(invalid(this.pathOf(field), value, problem));
    return undefined;
  }
}

/**
 * Reads `text`, YAML or JSON, as the one `kind` of `apiVersion`, through `read`.
 *
 * @throws ConfigurationError naming every field that is wrong
 */
export function parseConfiguration<T>(
  text: string,
  { apiVersion, kind }: { apiVersion: string; kind: string },
  read: (reader: ConfigurationReader) => T,
): T {
  const errors: FieldError[] = [];
  const reader = new ConfigurationReader(parseObject(text), '', errors);
  expectHeader(reader, 'apiVersion', apiVersion);
  expectHeader(reader, 'kind', kind);
  if (errors.length > 0) throw ConfigurationError.of(errors);
  const result = read(reader);
  if (errors.length > 0) throw ConfigurationError.of(errors);
  return result;
}

/** Of every such file. */
export const HEADER_FIELDS = ['apiVersion', 'kind', 'metadata'];

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (cause) {
    throw new ConfigurationError((cause as Error).message, { cause });
  }
  if (!isObject(value)) throw new ConfigurationError('is not an object');
  return value;
}

function expectHeader(reader: ConfigurationReader, field: string, expected: string): void {
  const path = reader.pathOf(field);
  const value = reader.string(field);
  if (!reader.has(field)) reader.report(required(path, `must be ${expected}`));
  else if (value !== expected) reader.report(invalid(path, value, `must be ${expected}`));
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isObjects(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.every(isObject);
}
