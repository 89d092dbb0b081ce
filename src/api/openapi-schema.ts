/**
 * Schemas as OpenAPI definitions, for both dialects that clients ask for.
 *
 * Version 3 wraps references in `allOf` (a reference may have no siblings there) and carries defaults; version 2 does
 * neither. Names, extensions and formats are upstream's, so that `kubectl explain`, `apply` and client generators work.
 */
import { describeField, describeSchema } from './descriptions/description.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Field, Form, Scalar, Schema, Target } from './schema.ts';

export type Dialect = 'v2' | 'v3';

/** Where definitions live in a document of the dialect. */
export const REF_PREFIX: Record<Dialect, string> = { v2: '#/definitions/', v3: '#/components/schemas/' };

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
export const PATCH_NAME = `${META}.Patch`;

const INLINE: Partial<Record<Scalar, JsonObject>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  uint32: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

/** Scalars that upstream publishes as definitions of their own. */
const NAMED: Partial<Record<Scalar, string>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: `${META}.Time`,
  microTime: `${META}.MicroTime`,
  duration: `${META}.Duration`,
  raw: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  json: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
  fields: `${META}.FieldsV1`,
};

const STRING_OR = (other: string): JsonObject => ({ oneOf: [{ type: 'string' }, { type: other }] });

const NAMED_DEFINITIONS: Record<string, Record<Dialect, JsonObject>> = {
  [NAMED.quantity ?? '']: { v2: { type: 'string' }, v3: STRING_OR('number') },
  [NAMED.intOrString ?? '']: {
    v2: { type: 'string', format: 'int-or-string' },
    v3: { format: 'int-or-string', ...STRING_OR('integer') },
  },
  [NAMED.time ?? '']: both({ type: 'string', format: 'date-time' }),
  [NAMED.microTime ?? '']: both({ type: 'string', format: 'date-time' }),
  [NAMED.duration ?? '']: both({ type: 'string' }),
  [NAMED.raw ?? '']: both({ type: 'object' }),
  [NAMED.json ?? '']: both({}),
  [NAMED.fields ?? '']: both({ type: 'object' }),
  [PATCH_NAME]: both({ type: 'object' }),
};

function both(definition: JsonObject): Record<Dialect, JsonObject> {
  return { v2: definition, v3: definition };
}

/** Collects definitions with everything they refer to. */
export class DefinitionSet {
  readonly #dialect: Dialect;
  readonly #definitions = new Map<string, JsonObject>();

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** Sorted by name. */
  toJson(): JsonObject {
    return Object.fromEntries([...this.#definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Adds `schema` and returns a reference to it. */
  add(schema: Schema): JsonObject {
    if (!this.#definitions.has(schema.name)) {
      this.#definitions.set(schema.name, {});
      this.#definitions.set(schema.name, this.#definition(schema));
    }
    return this.#ref(schema.name);
  }

  /** Adds a definition without a schema, such as {@link PATCH_NAME}. */
  addNamed(name: string): JsonObject {
    this.#definitions.set(name, NAMED_DEFINITIONS[name]?.[this.#dialect] ?? {});
    return this.#ref(name);
  }

  #ref(name: string): JsonObject {
    return { $ref: `${REF_PREFIX[this.#dialect]}${name}` };
  }

  #definition(schema: Schema): JsonObject {
    if (schema.forms !== undefined) {
      for (const form of schema.forms) this.#form(form);
      return {};
    }
    const description = describeSchema(schema.name);
    const isKind = schema.gvk !== undefined;
    const properties: JsonObject = {};
    const required: string[] = [];
    for (const field of [...schema.fields.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      properties[field.name] = this.#property(field, describeField(schema.name, field.name, isKind));
    }
    for (const field of schema.fields.values()) if (field.required) required.push(field.name);
    const definition: JsonObject = { ...(description && { description }), type: 'object' };
    if (required.length > 0) definition['required'] = required;
    if (schema.fields.size > 0) definition['properties'] = properties;
    if (schema.gvk !== undefined) definition['x-kubernetes-group-version-kind'] = [{ ...schema.gvk }];
    if (schema.atomic) definition['x-kubernetes-map-type'] = 'atomic';
    return definition;
  }

  #property(field: Field, description: string | undefined): JsonObject {
    const property: JsonObject = { ...(description && { description }), ...this.#shaped(field) };
    const isV3 = this.#dialect === 'v3';
    if (field.listType !== undefined) property['x-kubernetes-list-type'] = field.listType;
    if (field.listMapKeys.length > 0) property['x-kubernetes-list-map-keys'] = [...field.listMapKeys];
    if (field.mapType !== undefined) property['x-kubernetes-map-type'] = field.mapType;
    if (field.patchMergeKey !== undefined) property['x-kubernetes-patch-merge-key'] = field.patchMergeKey;
    if (field.patchStrategy !== undefined) property['x-kubernetes-patch-strategy'] = field.patchStrategy;
    if (isV3 && field.default !== undefined) property['default'] = field.default;
    return isV3 ? wrapRef(property) : property;
  }

  #shaped(field: Field): JsonObject {
    const one = this.#target(field, field.enumValues);
    if (field.shape === 'list') return { type: 'array', items: one };
    return field.shape === 'map' ? { type: 'object', additionalProperties: one } : one;
  }

  #target(target: Target, enumValues?: readonly string[]): JsonObject {
    if (target.schema !== undefined) {
      const [form, ...more] = target.schema.forms ?? [];
      return form !== undefined && more.length === 0 ? this.#form(form) : this.add(target.schema);
    }
    const scalar = target.scalar ?? 'json';
    const name = NAMED[scalar];
    if (name !== undefined) return this.addNamed(name);
    const definition: JsonObject = { ...INLINE[scalar] };
    if (enumValues !== undefined) definition['enum'] = [...enumValues];
    return definition;
  }

  #form(form: Form): JsonObject {
    const one = this.#target(form);
    return form.shape === 'list' ? { type: 'array', items: one } : one;
  }
}

/** `$ref` must stand alone in version 3. */
function wrapRef(property: JsonObject): JsonObject {
  const { $ref, ...rest } = property as { [key: string]: JsonValue };
  return $ref === undefined || Object.keys(rest).length === 0 ? property : { allOf: [{ $ref }], ...rest };
}
