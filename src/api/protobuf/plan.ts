/**
 * A schema as protobuf sees it: fields by number, embedded messages apart, and messages around what JSON writes without one.
 *
 *     Volume = { name = 1, emptyDir = 2.2 }   ->  1: name, 2: embedded { 2: emptyDir }, both of the same JSON object
 *     Verbs = []string                        ->  the JSON array as field 1 of a message
 *
 * Made once for each schema, on first use.
 */
import { assert } from '../../base/assert.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { Field, Form, Scalar, Schema, Target } from '../schema.ts';
import { wireTypeOf } from './wire.ts';

export interface MessagePlan {
  /** By number, ascending. */
  readonly fields: readonly FieldPlan[];
  readonly byNumber: ReadonlyMap<number, FieldPlan>;
  /** Set where the JSON value is not the message's own object. */
  readonly form: FormPlan | undefined;
}

/** Between a JSON value and an object with the fields of its message. */
interface FormPlan {
  wrap(value: JsonValue): JsonObject;
  unwrap(object: JsonObject): JsonValue;
}

interface FieldHead {
  number: number;
  /** JSON name; empty for an embedded message, whose fields are those of the same object. */
  name: string;
  shape: 'one' | 'list' | 'map' | 'embedded';
  pointer: boolean;
  omitZero?: boolean;
}

export class FieldPlan {
  readonly number: number;
  readonly name: string;
  readonly shape: FieldHead['shape'];
  readonly scalar: Scalar | undefined;
  /** Number and wire type, as they are written before each value. */
  readonly tag: number;
  /** Written also where JSON has nothing: Go holds a value, neither a pointer nor a slice. */
  readonly always: boolean;
  /** JSON does not say that it is zero. */
  readonly omitZero: boolean;
  readonly #target: Target;
  #message: MessagePlan | undefined;
  #value: FieldPlan | undefined;

  constructor(target: Target, head: FieldHead, message?: MessagePlan) {
    const { number, name, shape, pointer, omitZero = false } = head;
    this.number = number;
    this.name = name;
    this.shape = shape;
    this.scalar = target.scalar;
    this.tag = number * 8 + wireTypeOf(shape === 'map' ? undefined : target.scalar);
    this.always = shape === 'one' && !pointer && !isSlice(target);
    this.omitZero = omitZero;
    this.#target = target;
    this.#message = message;
  }

  /** Of what is not a scalar. Messages hold themselves, directly or not: each is planned when it is first met. */
  get message(): MessagePlan {
    this.#message ??= planOf(this.#target.schema!);
    return this.#message;
  }

  /** Of a map: field 2 of the message that each entry is. */
  get value(): FieldPlan {
    this.#value ??= new FieldPlan(this.#target, { number: 2, name: 'value', shape: 'one', pointer: true });
    return this.#value;
  }
}

function isSlice({ scalar, schema }: Target): boolean {
  return scalar === 'bytes' || (schema?.forms?.length === 1 && schema.forms[0]?.shape === 'list');
}

const plans = new WeakMap<Schema, MessagePlan>();

export function planOf(schema: Schema): MessagePlan {
  let plan = plans.get(schema);
  if (plan === undefined) {
    plan = schema.forms === undefined ? planFields([...schema.fields.values()], 0) : planForms(schema.forms);
    plans.set(schema, plan);
  }
  return plan;
}

/** @param depth  how many numbers of each field's path lead to this message */
function planFields(fields: readonly Field[], depth: number): MessagePlan {
  const own = fields.filter(({ numbers }) => numbers.length === depth + 1);
  const deeper = fields.filter(({ numbers }) => numbers.length > depth + 1);
  const embedded = Map.groupBy(deeper, ({ numbers }) => numbers[depth]!);
  return toPlan([
    ...own.map((field) => new FieldPlan(field, { ...headOf(field), number: field.numbers[depth]! })),
    ...[...embedded].map(([number, inner]) => planEmbedded(number, planFields(inner, depth + 1))),
  ]);
}

function headOf({ name, shape, pointer, omitZero }: Field): Omit<FieldHead, 'number'> {
  return { name, shape, pointer, omitZero };
}

function planEmbedded(number: number, message: MessagePlan): FieldPlan {
  const target = { scalar: undefined, schema: undefined };
  return new FieldPlan(target, { number, name: '', shape: 'embedded', pointer: false }, message);
}

function toPlan(fields: FieldPlan[], form?: FormPlan): MessagePlan {
  fields.sort((a, b) => a.number - b.number);
  return { fields, byNumber: new Map(fields.map((field) => [field.number, field])), form };
}

function planForms(forms: readonly Form[]): MessagePlan {
  const [first, second] = forms;
  assert(first !== undefined, 'a type with forms has one');
  if (second === undefined) return toPlan([itemsOf(first, 1)], ITEMS);
  if (second.scalar === 'bool') return toPlan([allowsOf(second), objectOf(first, 2)], OBJECT_OR_BOOL);
  return toPlan([objectOf(first, 1), itemsOf(second, 2)], OBJECT_OR_ITEMS);
}

function itemsOf(target: Target, number: number): FieldPlan {
  return new FieldPlan(target, { number, name: 'items', shape: 'list', pointer: false });
}

function allowsOf(target: Target): FieldPlan {
  return new FieldPlan(target, { number: 1, name: 'allows', shape: 'one', pointer: false });
}

function objectOf(target: Target, number: number): FieldPlan {
  return new FieldPlan(target, { number, name: 'object', shape: 'one', pointer: true });
}

/** A list that is a message of its own: `Verbs`, `ExtraValue`. */
const ITEMS: FormPlan = {
  wrap: (value) => ({ items: value }),
  unwrap: ({ items = [] }) => items,
};

/** @see apiextensions/v1/marshal.go JSONSchemaPropsOrBool */
const OBJECT_OR_BOOL: FormPlan = {
  wrap: (value): JsonObject =>
    isJsonObject(value) ? { allows: true, object: value } : { allows: value === true },
  unwrap: ({ allows = false, object = allows }) => object,
};

/** @see apiextensions/v1/marshal.go JSONSchemaPropsOrArray, JSONSchemaPropsOrStringArray */
const OBJECT_OR_ITEMS: FormPlan = {
  wrap: (value): JsonObject => (Array.isArray(value) ? { items: value } : { object: value }),
  unwrap: ({ items, object = null }) => items ?? object,
};
