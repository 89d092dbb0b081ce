/** The objects of a kind as a type of expressions: built-in ones by the schema data, custom ones by their definition. */
import { BOOL, type CelType, DYN, INT, type ObjectType, STRING } from '../cel/cel-type.ts';
import { escapeFieldName } from '../custom/rules/field-names.ts';
import { schemaType } from '../custom/rules/schema-type.ts';
import type { ResourceRow } from '../resource-row.ts';
import { type Field, type Scalar, type Schema, schemaForKind, type Target } from '../schema.ts';

/** `undefined` for a kind whose fields nobody knows. */
export function kindType(row: ResourceRow): CelType | undefined {
  if (row.custom !== undefined) return schemaType(row.custom.schema, true)?.type;
  const schema = schemaForKind(row);
  return schema && structType(schema);
}

/** As the published OpenAPI document has them: a quantity is a string there. */
const SCALARS: Readonly<Record<Scalar, CelType>> = {
  string: STRING,
  bool: BOOL,
  int32: INT,
  int64: INT,
  uint32: INT,
  double: { kind: 'double' },
  bytes: { kind: 'bytes' },
  quantity: STRING,
  intOrString: DYN,
  time: { kind: 'timestamp' },
  microTime: { kind: 'timestamp' },
  duration: STRING,
  raw: DYN,
  json: DYN,
  fields: DYN,
};

/** Schemas refer to themselves: fields are looked at when an expression asks for them. */
const structs = new WeakMap<Schema, ObjectType>();

function structType(schema: Schema): CelType {
  if (schema.forms !== undefined) return DYN;
  const known = structs.get(schema);
  if (known !== undefined) return known;
  const names = new Map(Array.from(schema.fields.keys(), (name) => [escapeFieldName(name), name]));
  const type: ObjectType = {
    kind: 'object',
    name: 'object',
    field(escaped) {
      const name = names.get(escaped);
      const field = name === undefined ? undefined : schema.fields.get(name);
      return field && fieldType(field);
    },
  };
  structs.set(schema, type);
  return type;
}

function fieldType(field: Field): CelType {
  const item = targetType(field);
  if (field.shape === 'list') return { kind: 'list', item };
  return field.shape === 'map' ? { kind: 'map', key: STRING, value: item } : item;
}

function targetType({ scalar, schema }: Target): CelType {
  if (scalar !== undefined) return SCALARS[scalar];
  return schema === undefined ? DYN : structType(schema);
}
