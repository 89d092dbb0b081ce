/**
 * Joins the sources into one model: packages of definitions with fields. The emitters know only this.
 *
 * Per field the protobuf file gives type and number, the Go tag the JSON name and `omitempty`, the apply schema defaults
 * and list keys, the markers the rest. Embedded structs are flattened as JSON does.
 */
import { type ApplyField, type ApplyType, parseApplySchema } from './apply-schema.ts';
import type { GoField, GoPackage } from './go-parser.ts';
import { goTypeName } from './go-type-name.ts';
import type { Markers, ProtoField, ProtoFile, ProtoMessage } from './proto-parser.ts';

/** What a value is: a scalar's code (see {@link SCALARS}) or a reference to a definition. */
export type Target = { scalar: string } | { package: string; name: string };

export interface ModelField {
  name: string;
  /** Protobuf numbers from the outside in: more than one for a field of an embedded message. Empty when not in protobuf. */
  numbers: number[];
  shape: 'one' | 'list' | 'map';
  target: Target;
  required: boolean;
  /** Go leaves it out when it is zero or empty: `omitempty` on a field that is neither pointer nor struct. */
  omitZero?: boolean;
  /** Go holds a pointer, which can say that the field is not set. */
  pointer?: boolean;
  goType?: string;
  /** The `+enum` type it is of, with the package that declares it. */
  enumType?: { package: string; name: string };
  listType?: 'atomic' | 'set' | 'map';
  listMapKeys?: string[];
  /** How server-side apply sees the map or struct; `granular` overrides an atomic struct. */
  mapType?: 'atomic' | 'granular';
  patchStrategy?: string;
  patchMergeKey?: string;
  default?: unknown;
}

export interface ModelDefinition {
  name: string;
  isKind: boolean;
  atomic: boolean;
  fields: ModelField[];
  /** Set for a type whose JSON is not an object of its own: the alternatives, such as a list of strings. */
  alias?: { shape: 'one' | 'list'; target: Target }[];
}

export interface ModelPackage {
  /** Such as `core/v1`: group's first label and version. */
  id: string;
  group: string;
  version: string;
  /** Such as `io.k8s.api.core.v1`. */
  openapiPrefix: string;
  definitions: Map<string, ModelDefinition>;
  enums: Map<string, string[]>;
}

export interface SourcePackage {
  path: string;
  proto: ProtoFile;
  go: GoPackage;
}

const META = 'k8s.io.apimachinery.pkg.apis.meta.v1';
const APIEXTENSIONS = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1';

/** Messages whose JSON form is a scalar, and protobuf's own scalars, with the code that stands for them in the data. */
export const SCALARS: Record<string, string> = {
  string: 's',
  bool: 'b',
  int32: 'i',
  int64: 'l',
  uint32: 'u',
  double: 'f',
  bytes: 'y',
  [`${META}.Time`]: 't',
  [`${META}.MicroTime`]: 'm',
  [`${META}.Duration`]: 'd',
  [`${META}.FieldsV1`]: 'o',
  [`${META}.Timestamp`]: 't',
  'k8s.io.apimachinery.pkg.api.resource.Quantity': 'q',
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': 'x',
  'k8s.io.apimachinery.pkg.runtime.RawExtension': 'r',
  [`${APIEXTENSIONS}.JSON`]: 'j',
};

/** Types with hand-written JSON forms in apiextensions' marshal.go. */
const UNIONS: Record<string, ('self' | 'bool' | 'list' | 'strings')[]> = {
  [`${APIEXTENSIONS}.JSONSchemaPropsOrArray`]: ['self', 'list'],
  [`${APIEXTENSIONS}.JSONSchemaPropsOrBool`]: ['self', 'bool'],
  [`${APIEXTENSIONS}.JSONSchemaPropsOrStringArray`]: ['self', 'strings'],
};

/** Enums whose values are conversions of another package's constants, which the parser does not follow. */
const ENUM_VALUES: Record<string, string[]> = {
  'k8s.io.api.discovery.v1.AddressType': ['FQDN', 'IPv4', 'IPv6'],
};

export class ModelBuilder {
  readonly packages = new Map<string, ModelPackage>();
  readonly #sources: Map<string, SourcePackage>;
  readonly #apply: Map<string, ApplyType>;
  readonly #minor: number;

  /** @param minor  kinds that were removed in this release of 1.x or before are left out */
  constructor(sources: SourcePackage[], applySource: string, minor: number) {
    this.#minor = minor;
    this.#sources = new Map(sources.map((source) => [source.proto.package, source]));
    this.#apply = parseApplySchema(applySource);
  }

  /** Every package with at least one kind that the release still serves. */
  build(): ModelPackage[] {
    for (const source of this.#sources.values()) {
      for (const message of source.proto.messages.values()) {
        const isRoot = source.proto.package === META || this.#isServedKind(source, message.name);
        if (isRoot) this.#define(source, message);
      }
    }
    for (const entry of this.packages.values()) {
      entry.definitions = new Map([...entry.definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    return [...this.packages.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #isServedKind(source: SourcePackage, name: string): boolean {
    const isKind = source.go.structs.get(name)?.some(isTypeMeta) ?? false;
    return isKind && (source.go.removedIn.get(name) ?? Number.POSITIVE_INFINITY) > this.#minor;
  }

  #define(source: SourcePackage, message: ProtoMessage): void {
    const fullName = `${source.proto.package}.${message.name}`;
    if (SCALARS[fullName] !== undefined) return;
    const into = this.#packageOf(source);
    if (into.definitions.has(message.name)) return;
    const openapiName = `${into.openapiPrefix}.${message.name}`;
    const apply = this.#apply.get(openapiName);
    const goFields = source.go.structs.get(message.name);
    const definition: ModelDefinition = {
      name: message.name,
      isKind: goFields?.some(isTypeMeta) ?? false,
      atomic:
        apply?.atomic ??
        (message.markers.get('structType') ?? message.markers.get('mapType'))?.[0] === 'atomic',
      fields: [],
    };
    into.definitions.set(message.name, definition);
    const alias = this.#aliasOf(source, message);
    if (alias) definition.alias = alias;
    else definition.fields = this.#fieldsOf(source, message, apply);
  }

  #aliasOf(source: SourcePackage, message: ProtoMessage): ModelDefinition['alias'] {
    const union = UNIONS[`${source.proto.package}.${message.name}`];
    if (union) {
      const self: Target = this.#target(source, 'JSONSchemaProps');
      return union.map((form) => {
        if (form === 'self') return { shape: 'one', target: self };
        if (form === 'list') return { shape: 'list', target: self };
        return form === 'bool'
          ? { shape: 'one', target: { scalar: 'b' } }
          : { shape: 'list', target: { scalar: 's' } };
      });
    }
    const items = message.fields[0];
    if (source.go.named.has(message.name) && items?.name === 'items') {
      return [{ shape: 'list', target: this.#target(source, items.type) }];
    }
    return undefined;
  }

  #fieldsOf(source: SourcePackage, message: ProtoMessage, apply: ApplyType | undefined): ModelField[] {
    const goFields = source.go.structs.get(message.name) ?? [];
    const fields: ModelField[] = [];
    for (const proto of message.fields) {
      const go = goFields.find((field) => field.number === proto.number && !isTypeMeta(field));
      if (go?.embedded && go.jsonName === '') {
        const inner = this.#messageOf(source, proto.type);
        for (const field of this.#fieldsOf(inner.source, inner.message, apply)) {
          fields.push({ ...field, numbers: [proto.number, ...field.numbers] });
        }
      } else fields.push(this.#field(source, proto, go, apply?.fields.get(go?.jsonName ?? proto.name)));
    }
    return fields;
  }

  #field(
    source: SourcePackage,
    proto: ProtoField,
    go: GoField | undefined,
    apply: ApplyField | undefined,
  ): ModelField {
    const { markers } = proto;
    const target = this.#target(source, proto.type);
    const field: ModelField = {
      name: go?.jsonName ?? proto.name,
      numbers: [proto.number],
      shape: proto.shape,
      target,
      required: markers.has('required') || !(markers.has('optional') || (go?.omitEmpty ?? false)),
      ...listMarkers(markers),
      ...apply,
    };
    if (markers.has('patchStrategy')) field.patchStrategy = markers.get('patchStrategy')?.[0] ?? '';
    if (markers.has('patchMergeKey')) field.patchMergeKey = markers.get('patchMergeKey')?.[0] ?? '';
    if (go !== undefined && isOmittedWhenZero(go, field)) field.omitZero = true;
    if (go?.goType.startsWith('*')) field.pointer = true;
    const enumType = go && this.#enumType(source, go.goType);
    if (enumType !== undefined) field.enumType = enumType;
    const goType = go && goTypeName(source, go.goType, field);
    if (goType !== undefined) field.goType = goType;
    return field;
  }

  #enumType(source: SourcePackage, written: string): ModelField['enumType'] {
    const match = /^(?:\*|\[\]|map\[[^\]]*\])*(?:(\w+)\.)?(\w+)$/.exec(written);
    const path = match?.[1] === undefined ? source.proto.package : source.go.imports.get(match[1]);
    const home = this.#sources.get(path ?? '');
    const name = match?.[2] ?? '';
    return home?.go.enums.has(name) ? { package: this.#packageOf(home).id, name } : undefined;
  }

  #target(source: SourcePackage, type: string): Target {
    if (SCALARS[type] !== undefined) return { scalar: SCALARS[type] };
    const fullName = type.startsWith('.') ? type.slice(1) : `${source.proto.package}.${type}`;
    const scalar = SCALARS[fullName];
    if (scalar !== undefined) return { scalar };
    const found = this.#messageOf(source, type);
    this.#define(found.source, found.message);
    return { package: this.#packageOf(found.source).id, name: found.message.name };
  }

  #messageOf(from: SourcePackage, type: string): { source: SourcePackage; message: ProtoMessage } {
    const dot = type.lastIndexOf('.');
    const source = type.startsWith('.') ? this.#sources.get(type.slice(1, dot)) : from;
    const message = source?.proto.messages.get(type.slice(dot + 1));
    if (!source || !message) throw new Error(`unknown message ${type} in ${from.proto.package}`);
    return { source, message };
  }

  #packageOf(source: SourcePackage): ModelPackage {
    const version = source.path.split('/').at(-1) ?? '';
    const label = source.go.groupName.split('.')[0] ?? '';
    const isMeta = source.path.includes('/meta/');
    const id = `${isMeta ? 'meta' : label === '' ? 'core' : label}/${version}`;
    const existing = this.packages.get(id);
    if (existing) return existing;
    const created: ModelPackage = {
      id,
      group: isMeta ? '' : source.go.groupName,
      version,
      openapiPrefix: source.proto.package.replace(/^k8s\.io\./, 'io.k8s.').replace('_', '-'),
      definitions: new Map(),
      enums: source.go.enums,
    };
    for (const name of source.go.enums.keys()) {
      const values = ENUM_VALUES[`${source.proto.package}.${name}`];
      if (values) created.enums.set(name, values);
    }
    this.packages.set(id, created);
    return created;
  }
}

function isTypeMeta(field: GoField): boolean {
  return field.embedded && /(^|\.)TypeMeta$/.test(field.goType);
}

function isOmittedWhenZero(go: GoField, field: ModelField): boolean {
  if (!go.omitEmpty || go.goType.startsWith('*')) return false;
  if (field.shape !== 'one') return true;
  return 'scalar' in field.target && 'sbilufy'.includes(field.target.scalar);
}

function listMarkers(markers: Markers): Partial<ModelField> {
  const result: Partial<ModelField> = {};
  const listType = (markers.get('listType') ?? markers.get('k8s:listType'))?.[0];
  if (listType === 'atomic' || listType === 'set' || listType === 'map') result.listType = listType;
  const keys = markers.get('listMapKey') ?? markers.get('k8s:listMapKey');
  if (keys) result.listMapKeys = keys;
  const mapType = (markers.get('mapType') ?? markers.get('structType'))?.[0];
  if (mapType === 'atomic' || mapType === 'granular') result.mapType = mapType;
  const fallback = markers.get('default')?.[0];
  if (fallback?.startsWith('"') || /^(\d+|true|false)$/.test(fallback ?? ''))
    result.default = JSON.parse(fallback ?? '');
  return result;
}
