/**
 * Typed access to the schema data of every built-in kind: what fields there are, of what type, merged how.
 *
 * The data is one line of text per definition (grammar: schemas/README.md). A definition is expanded on first use and
 * kept; its fields refer to other definitions lazily, since schemas are recursive. Schemas are frozen facts: read only.
 */
import { assert } from '../base/assert.ts';
import data from './generated/schema-data.json' with { type: 'json' };
import type { JsonValue } from './json.ts';
import type { GroupVersionKind } from './meta.ts';

export type Scalar =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'double'
  /** Base64 text. */
  | 'bytes'
  | 'quantity'
  | 'intOrString'
  /** RFC 3339, whole seconds, UTC. */
  | 'time'
  /** RFC 3339 with six digits of fraction. */
  | 'microTime'
  | 'duration'
  /** Any JSON that is kept as it is: `RawExtension`, apiextensions' `JSON`. */
  | 'raw'
  | 'json'
  /** An object of managed fields (`FieldsV1`). */
  | 'fields';

export type MapType = 'atomic' | 'granular';
export type ListType = 'atomic' | 'set' | 'map';

/** What a value, a list's item or a map's value is. */
export interface Target {
  readonly scalar: Scalar | undefined;
  /** The definition, when it is not a scalar. */
  readonly schema: Schema | undefined;
}

export interface Field extends Target {
  /** JSON name. */
  readonly name: string;
  /** `list` and `map` describe the value that holds many of {@link Target}. Map keys are strings. */
  readonly shape: 'one' | 'list' | 'map';
  /** Protobuf field number, after those of the messages it is embedded in; empty for `apiVersion` and `kind`. */
  readonly numbers: readonly number[];
  readonly required: boolean;
  /** Zero values (`""`, `0`, `false`, `[]`, `{}`) mean absent and are not stored. */
  readonly omitZero: boolean;
  /** Go holds a pointer: protobuf writes the field only when it is set, and every other one that is no list or map always. */
  readonly pointer: boolean;
  /** Go's name of the whole type, as error messages print it: `[]v1.Container`. */
  readonly goType: string;
  /** The values upstream publishes for it. Not a check: validation has its own. */
  readonly enumValues: readonly string[] | undefined;
  readonly listType: ListType | undefined;
  readonly listMapKeys: readonly string[];
  /** How server-side apply sees a map or struct; undefined leaves it to the struct's own {@link Schema.atomic}. */
  readonly mapType: MapType | undefined;
  /** Strategic merge: `merge`, `retainKeys`, `merge,retainKeys`; undefined replaces. */
  readonly patchStrategy: string | undefined;
  readonly patchMergeKey: string | undefined;
  /** Published default; used for missing keys of associative lists. Defaulting is in src/api/defaults. */
  readonly default: JsonValue | undefined;
}

/** One form of a type that is written in several: an object of a definition, a list, a boolean. */
export interface Form extends Target {
  readonly shape: 'one' | 'list';
}

export interface Schema {
  /** As in OpenAPI: `io.k8s.api.core.v1.Pod`. */
  readonly name: string;
  /** `Pod`. */
  readonly shortName: string;
  /** Set when objects of it carry `apiVersion` and `kind`. */
  readonly gvk: GroupVersionKind | undefined;
  /** The struct is one value to server-side apply. */
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, Field>;
  /** Names of the fields that are texts and never absent: whoever leaves them out has written `""`. */
  readonly texts: readonly string[];
  /** Set instead of `fields` for types that JSON writes otherwise than as an object of their own. */
  readonly forms: readonly Form[] | undefined;
}

export interface PackageData {
  group: string;
  version: string;
  prefix: string;
  enums: Record<string, string>;
  definitions: Record<string, string>;
}

const SCALARS: Record<string, Scalar> = {
  s: 'string',
  b: 'bool',
  i: 'int32',
  l: 'int64',
  u: 'uint32',
  f: 'double',
  y: 'bytes',
  q: 'quantity',
  x: 'intOrString',
  t: 'time',
  m: 'microTime',
  d: 'duration',
  r: 'raw',
  j: 'json',
  o: 'fields',
};

const GO_NAMES: Record<Scalar, string> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  uint32: 'uint32',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  duration: 'v1.Duration',
  raw: 'runtime.RawExtension',
  json: 'v1.JSON',
  fields: 'v1.FieldsV1',
};

const ZERO_VALUES: Partial<Record<Scalar, JsonValue>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  uint32: 0,
  double: 0,
};

type Packages = Readonly<Record<string, PackageData>>;

const META_PACKAGE = 'meta/v1';
/** What of `meta/v1` has a group of its own. @see apimachinery/pkg/apis/meta/v1/register.go AddMetaToScheme */
const META_GROUP = 'meta.k8s.io';

/** The definitions of one data file, each expanded when it is first asked for. */
export class SchemaSet {
  readonly #packages: Packages;
  readonly #expanded = new Map<string, Schema>();

  /** @param packages  what `schema-data.json` holds: by id, such as `core/v1` */
  constructor(packages: Packages) {
    this.#packages = packages;
  }

  /** The schema of a kind, list kind or options kind; `DeleteOptions` and the like exist in every group. */
  forKind(gvk: GroupVersionKind): Schema | undefined {
    for (const id of this.#idsOf(gvk.group, gvk.version)) {
      if (this.#packages[id]?.definitions[gvk.kind]?.startsWith('!kind')) return this.byId(id, gvk.kind);
    }
    const isOptions = gvk.kind.endsWith('Options') && this.#packages[META_PACKAGE]?.definitions[gvk.kind];
    return isOptions ? this.byId(META_PACKAGE, gvk.kind) : undefined;
  }

  /** By the OpenAPI name, such as `io.k8s.api.core.v1.PodSpec`. */
  byName(name: string): Schema | undefined {
    const dot = name.lastIndexOf('.');
    const prefix = name.slice(0, dot);
    const shortName = name.slice(dot + 1);
    for (const [id, entry] of Object.entries(this.#packages)) {
      if (entry.prefix === prefix && entry.definitions[shortName] !== undefined)
        return this.byId(id, shortName);
    }
    return undefined;
  }

  /** Every definition of a group version, kinds and their parts, sorted by name. */
  of(group: string, version: string): Schema[] {
    return this.#idsOf(group, version).flatMap((id) =>
      Object.keys(this.#packages[id]?.definitions ?? {}).map((name) => this.byId(id, name)),
    );
  }

  /** As one definition refers to another: `core/v1` and `PodSpec`. */
  byId(packageId: string, name: string): Schema {
    const key = `${packageId}.${name}`;
    const known = this.#expanded.get(key);
    if (known) return known;
    const source = this.#packages[packageId];
    const line = source?.definitions[name];
    assert(source !== undefined && line !== undefined, `schema data has no definition ${key}`);
    const schema = expand({ set: this, id: packageId, source }, name, line);
    this.#expanded.set(key, schema);
    return schema;
  }

  enumsOf(packageId: string): Readonly<Record<string, string>> | undefined {
    return this.#packages[packageId]?.enums;
  }

  #idsOf(group: string, version: string): string[] {
    if (group === '') return [`core/${version}`, `meta/${version}`].filter((id) => id in this.#packages);
    if (group === META_GROUP) return version === 'v1' ? [META_PACKAGE] : [];
    const dot = group.indexOf('.');
    const id = `${dot < 0 ? group : group.slice(0, dot)}/${version}`;
    return this.#packages[id]?.group === group ? [id] : [];
  }
}

const PACKAGES = data as unknown as Packages;
const BUILT_IN = new SchemaSet(PACKAGES);
let digest: string | undefined;

/** @see SchemaSet.forKind */
export function schemaForKind(gvk: GroupVersionKind): Schema | undefined {
  return BUILT_IN.forKind(gvk) ?? (isOldMeta(gvk) ? BUILT_IN.forKind({ ...gvk, version: 'v1' }) : undefined);
}

/** Of the form of v1, which alone has a schema. */
function isOldMeta({ group, version }: GroupVersionKind): boolean {
  return group === 'meta.k8s.io' && version === 'v1beta1';
}

/** @see SchemaSet.byName */
export function schemaByName(name: string): Schema | undefined {
  return BUILT_IN.byName(name);
}

/** @see SchemaSet.of */
export function schemasOf(group: string, version: string): Schema[] {
  return BUILT_IN.of(group, version);
}

/** Changes whenever the schema data does: 8 hex digits, FNV-1a over its text. */
export function schemaDigest(): string {
  digest ??= textDigest(JSON.stringify(PACKAGES));
  return digest;
}

/** FNV-1a over `text`: 8 hex digits. */
export function textDigest(text: string): string {
  return fnv1a(text).toString(16).padStart(8, '0');
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

interface Home {
  set: SchemaSet;
  id: string;
  source: PackageData;
}

function expand(home: Home, shortName: string, line: string): Schema {
  const head = { name: `${home.source.prefix}.${shortName}`, shortName };
  if (line.startsWith('=')) {
    const forms = line
      .slice(1)
      .split('|')
      .map((text) => toForm(home, text));
    return { ...head, gvk: undefined, atomic: false, fields: new Map(), texts: [], forms };
  }
  const words = line === '' ? [] : line.split(' ');
  const isKind = words.includes('!kind');
  const fields = new Map<string, Field>();
  if (isKind)
    for (const name of ['apiVersion', 'kind']) fields.set(name, new LazyField(home, `${name}?=:s;o`));
  for (const word of words) {
    if (word.startsWith('!')) continue;
    const field = new LazyField(home, word);
    fields.set(field.name, field);
  }
  const { group, version } = home.source;
  const gvk = isKind ? { group, version, kind: shortName } : undefined;
  const texts = [...fields.values()].filter(isNeverAbsentText).map(({ name }) => name);
  return { ...head, gvk, atomic: words.includes('!atomic'), fields, texts, forms: undefined };
}

function isNeverAbsentText({ shape, scalar, required, omitZero, pointer }: Field): boolean {
  return shape === 'one' && scalar === 'string' && required && !omitZero && !pointer;
}

function toForm(home: Home, text: string): Form {
  const shape = text.startsWith('[]') ? 'list' : 'one';
  const target = shape === 'list' ? text.slice(2) : text;
  return {
    shape,
    scalar: SCALARS[target],
    get schema() {
      return resolve(home, target);
    },
  };
}

function resolve(home: Home, target: string): Schema | undefined {
  if (SCALARS[target] !== undefined) return undefined;
  const dot = target.lastIndexOf('.');
  return dot < 0
    ? home.set.byId(home.id, target)
    : home.set.byId(target.slice(0, dot), target.slice(dot + 1));
}

const FIELD = /^([^=?]+)(\??)=([\d.]*):(\[\]|\{\})?([^;]+)/;
const SHAPES: Record<string, Field['shape']> = { '[]': 'list', '{}': 'map' };

/** A field as its word says; the definition it refers to is looked up when it is first asked for. */
class LazyField implements Field {
  readonly name: string;
  readonly shape: Field['shape'];
  readonly scalar: Scalar | undefined;
  readonly numbers: readonly number[];
  readonly required: boolean;
  readonly omitZero: boolean;
  readonly pointer: boolean;
  readonly goType: string;
  readonly enumValues: readonly string[] | undefined;
  readonly listType: ListType | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType: MapType | undefined;
  readonly patchStrategy: string | undefined;
  readonly patchMergeKey: string | undefined;
  readonly default: JsonValue | undefined;
  readonly #home: Home;
  readonly #target: string;
  #schema: Schema | undefined;

  constructor(home: Home, word: string) {
    const match = FIELD.exec(word);
    assert(match !== null, `schema data has a malformed field ${word}`);
    const [head, name = '', optional, numbers = '', shape = '', target = ''] = match;
    const attributes = attributesOf(word.slice(head.length + 1));
    this.#home = home;
    this.#target = target;
    this.name = name;
    this.shape = SHAPES[shape] ?? 'one';
    this.scalar = SCALARS[target];
    this.numbers = numbers === '' ? [] : numbers.split('.').map(Number);
    this.required = optional === '';
    this.omitZero = attributes.has('o');
    this.pointer = attributes.has('p');
    this.goType = attributes.get('g') ?? goTypeOf(home, target, this.shape);
    this.enumValues = enumOf(home, attributes.get('e'));
    this.listType = attributes.get('lt') as ListType | undefined;
    this.listMapKeys = attributes.get('lk')?.split(',') ?? [];
    this.mapType = attributes.get('mt') as MapType | undefined;
    this.patchStrategy = attributes.get('ps');
    this.patchMergeKey = attributes.get('pk');
    this.default = defaultOf(attributes, this.scalar);
  }

  get schema(): Schema | undefined {
    if (this.scalar !== undefined) return undefined;
    this.#schema ??= resolve(this.#home, this.#target);
    return this.#schema;
  }
}

function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  if (text === '') return attributes;
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0) attributes.set(part, '');
    else attributes.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return attributes;
}

function goTypeOf(home: Home, target: string, shape: Field['shape']): string {
  const scalar = SCALARS[target];
  const dot = target.lastIndexOf('.');
  const version = dot < 0 ? home.source.version : target.slice(target.indexOf('/') + 1, dot);
  const one = scalar === undefined ? `${version}.${target.slice(dot + 1)}` : GO_NAMES[scalar];
  if (shape === 'list') return `[]${one}`;
  return shape === 'map' ? `map[string]${one}` : one;
}

function enumOf(home: Home, type: string | undefined): readonly string[] | undefined {
  if (type === undefined) return undefined;
  const dot = type.lastIndexOf('.');
  const enums = dot < 0 ? home.source.enums : home.set.enumsOf(type.slice(0, dot));
  return enums?.[type.slice(dot + 1)]?.split(',');
}

function defaultOf(attributes: Map<string, string>, scalar: Scalar | undefined): JsonValue | undefined {
  const text = attributes.get('d');
  if (text !== undefined) return JSON.parse(decodeURIComponent(text)) as JsonValue;
  return attributes.has('z') && scalar !== undefined ? ZERO_VALUES[scalar] : undefined;
}
