/**
 * An OpenAPI document in protobuf: what client-go asks for of version 2, and structured-merge clients of version 3.
 *
 * Total: what has no place in the messages, or another type than they say, is left out.
 *
 * @see k8s.io/kube-openapi/pkg/handler/handler.go ToProtoBinary, pkg/handler3/handler.go ToV3ProtoBinary
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from '../protobuf/wire.ts';
import { ProtobufWriter } from '../protobuf/writer.ts';
import { formatYaml } from '../yaml.ts';
import {
  EXTENSIONS,
  type FieldRow,
  ITSELF,
  type MessageTable,
  type MessageTables,
  OTHERS,
} from './message.ts';
import { VERSION_2 } from './version2.ts';
import { VERSION_3 } from './version3.ts';

const TABLES: Readonly<Record<'v2' | 'v3', MessageTables>> = { v2: VERSION_2, v3: VERSION_3 };
const NAME = 1;
const VALUE = 2;
const YAML = 2;
const LIST = '[]';

export function encodeOpenApi(document: JsonObject, version: 'v2' | 'v3'): Uint8Array<ArrayBuffer> {
  return new DocumentWriter(TABLES[version]).write(document);
}

class DocumentWriter {
  readonly #tables: MessageTables;
  readonly #writer = new ProtobufWriter();
  /** Of each message its fields, the last one first. */
  readonly #rows = new Map<string, [name: string, row: FieldRow][]>();
  /** Extensions repeat: a few hundred values stand thousands of times. */
  readonly #yaml = new Map<string, string>();

  constructor(tables: MessageTables) {
    this.#tables = tables;
  }

  write(document: JsonObject): Uint8Array<ArrayBuffer> {
    this.#body('Document', document);
    return this.#writer.take();
  }

  /** The writer goes from the end to the beginning: the last field first. */
  #body(message: string, value: JsonValue): void {
    const choose = this.#tables.choices[message];
    if (choose !== undefined) {
      const chosen = choose(value);
      if (chosen !== undefined) this.#field(chosen, value, 'always');
      return;
    }
    const table = this.#tables.messages[message]!;
    for (const [name, row] of this.#rowsOf(message, table)) {
      if (name === ITSELF) this.#list(row, Array.isArray(value) ? value : [value]);
      else if (isJsonObject(value)) this.#named(table, name, value);
    }
  }

  #rowsOf(message: string, table: MessageTable): readonly [name: string, row: FieldRow][] {
    let rows = this.#rows.get(message);
    if (rows === undefined) {
      rows = Object.entries(table).sort(([, [a]], [, [b]]) => b - a);
      this.#rows.set(message, rows);
    }
    return rows;
  }

  #named(table: MessageTable, name: string, object: JsonObject): void {
    const row = table[name]!;
    if (name === EXTENSIONS) {
      this.#pairs(row, object, (key) => key.startsWith(EXTENSIONS));
    } else if (name === OTHERS) {
      this.#pairs(row, object, (key) => !Object.hasOwn(table, key) && !this.#isExtension(table, key));
    } else if (Object.hasOwn(object, name)) {
      this.#field(row, object[name]!, 'unless zero');
    }
  }

  #isExtension(table: MessageTable, key: string): boolean {
    return Object.hasOwn(table, EXTENSIONS) && key.startsWith(EXTENSIONS);
  }

  #pairs([number, shape]: FieldRow, object: JsonObject, isOwn: (key: string) => boolean): void {
    for (const key of Object.keys(object).filter(isOwn).reverse()) {
      this.#nested(number, () => {
        this.#field([VALUE, shape], object[key]!, 'unless zero');
        this.#text(NAME, key);
      });
    }
  }

  #list([number, shape]: FieldRow, items: readonly JsonValue[]): void {
    for (const item of items.toReversed()) this.#field([number, shape], item, 'always');
  }

  #field([number, shape]: FieldRow, value: JsonValue, when: 'always' | 'unless zero'): void {
    if (shape.endsWith(LIST)) {
      if (Array.isArray(value)) this.#list([number, shape.slice(0, -LIST.length)], value);
    } else if (shape === 'any') {
      this.#nested(number, () => this.#text(YAML, this.#yamlOf(value)));
    } else if (!this.#scalar(number, shape, { value, isWritten: when === 'always' || isSet(value) })) {
      this.#nested(number, () => this.#body(shape, value));
    }
  }

  /** Whether `shape` is one. */
  #scalar(
    number: number,
    shape: string,
    { value, isWritten }: { value: JsonValue; isWritten: boolean },
  ): boolean {
    const write = SCALARS[shape];
    if (write === undefined) return false;
    if (isWritten && typeof value === write.type) write.write(this.#writer, number, value as never);
    return true;
  }

  #text(number: number, text: string): void {
    if (text !== '') SCALARS['string']!.write(this.#writer, number, text as never);
  }

  #nested(number: number, writeBody: () => void): void {
    const before = this.#writer.length;
    writeBody();
    this.#writer.varint(this.#writer.length - before);
    this.#writer.varint((number << 3) | WIRE_BYTES);
  }

  #yamlOf(value: JsonValue): string {
    const key = JSON.stringify(value);
    let text = this.#yaml.get(key);
    if (text === undefined) {
      text = formatYaml(value);
      this.#yaml.set(key, text);
    }
    return text;
  }
}

interface ScalarWriter {
  type: 'string' | 'boolean' | 'number';
  /** The value, then its tag before it. */
  write(writer: ProtobufWriter, number: number, value: never): void;
}

const SCALARS: Readonly<Record<string, ScalarWriter>> = {
  string: {
    type: 'string',
    write(writer, number, value: string) {
      writer.text(value);
      writer.varint((number << 3) | WIRE_BYTES);
    },
  },
  bool: {
    type: 'boolean',
    write(writer, number, value: boolean) {
      writer.byte(value ? 1 : 0);
      writer.varint((number << 3) | WIRE_VARINT);
    },
  },
  int64: {
    type: 'number',
    write(writer, number, value: number) {
      writer.integer(value);
      writer.varint((number << 3) | WIRE_VARINT);
    },
  },
  double: {
    type: 'number',
    write(writer, number, value: number) {
      writer.double(value);
      writer.varint((number << 3) | WIRE_FIXED64);
    },
  },
};

function isSet(value: JsonValue): boolean {
  return value !== '' && value !== false && value !== 0;
}
