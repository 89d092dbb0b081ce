import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../json.ts';
import { openApiV2, openApiV3 } from '../openapi.ts';
import { ProtobufReader } from '../protobuf/reader.ts';
import { parseYaml } from '../yaml.ts';
import { encodeOpenApi } from './encode.ts';
import type { MessageTables } from './message.ts';
import { VERSION_2 } from './version2.ts';
import { VERSION_3 } from './version3.ts';

/** `number { … }`, `number "text"`: what a message says without knowing what it means. Only texts and messages. */
function shown(bytes: Uint8Array, path: readonly number[]): Uint8Array[] {
  const [number, ...rest] = path;
  const found: Uint8Array[] = [];
  const reader = new ProtobufReader(bytes);
  while (!reader.atEnd) {
    if (reader.tag() === number) found.push(reader.bytes());
    else reader.skip();
  }
  return rest.length === 0 ? found : found.flatMap((inner) => shown(inner, rest));
}

const textsAt = (bytes: Uint8Array, ...path: number[]) =>
  shown(bytes, path).map((text) => Buffer.from(text).toString());

test('encodeOpenApi writes version 2 as gnostic does', () => {
  const document = {
    swagger: '2.0',
    definitions: {
      'io.Thing': {
        type: 'object',
        required: ['a'],
        properties: { a: { $ref: '#/definitions/io.B' }, n: { type: 'integer', minimum: 0, maximum: 2 } },
        additionalProperties: false,
        'x-kubernetes-map-type': 'atomic',
      },
    },
  };
  const expected = [
    ...text(1, '2.0'),
    ...message(9, message(1, text(1, 'io.Thing'), message(2, ...thing()))),
  ];
  assert.deepEqual([...encodeOpenApi(document, 'v2')], expected);
});

/** Fields in the order of their numbers: required 19, additionalProperties 21, type 22, properties 25, extension 31. */
function thing(): number[][] {
  const reference = message(1, text(1, 'a'), message(2, text(1, '#/definitions/io.B')));
  const maximum = [0x39, 0, 0, 0, 0, 0, 0, 0, 0x40];
  const integer = message(22, text(1, 'integer'));
  return [
    text(19, 'a'),
    message(21, [0x10, 0]),
    message(22, text(1, 'object')),
    message(25, reference, message(1, text(1, 'n'), message(2, maximum, integer))),
    message(31, text(1, 'x-kubernetes-map-type'), message(2, text(2, 'atomic\n'))),
  ];
}

function tag(number: number): number[] {
  const value = (number << 3) | 2;
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7];
}

function text(number: number, value: string): number[] {
  return [...tag(number), value.length, ...Buffer.from(value)];
}

function message(number: number, ...parts: readonly number[][]): number[] {
  const body = parts.flat();
  const length = body.length < 0x80 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return [...tag(number), ...length, ...body];
}

test('encodeOpenApi keeps every definition and operation of version 2, and what kubectl reads of them', () => {
  const document = openApiV2() as { paths: JsonObject; definitions: JsonObject };
  const bytes = encodeOpenApi(document, 'v2');
  assert.deepEqual(textsAt(bytes, 9, 1, 1), Object.keys(document.definitions));
  assert.deepEqual(textsAt(bytes, 8, 2, 1), Object.keys(document.paths));
  // Of the extension of each definition that has it: name 1, value 2 as YAML 2.
  const extensions = textsAt(bytes, 9, 1, 2, 31, 2, 2).map((yaml) => parseYaml(yaml));
  const deployment = extensions.find((value) => JSON.stringify(value).includes('"Deployment"'));
  assert.deepEqual(deployment, [{ group: 'apps', version: 'v1', kind: 'Deployment' }]);
});

test('encodeOpenApi writes references and schemas of version 3 apart, and defaults that are no objects', () => {
  const document = {
    openapi: '3.0.0',
    components: {
      schemas: {
        A: { $ref: '#/components/schemas/B' },
        B: { type: 'object', default: {} },
        C: { type: 'string', default: '', items: { type: 'string' } },
      },
    },
  };
  const expected = [
    ...text(1, '3.0.0'),
    ...message(
      5,
      message(
        1,
        message(1, text(1, 'A'), message(2, message(2, text(1, '#/components/schemas/B')))),
        message(1, text(1, 'B'), message(2, message(1, text(25, 'object'), message(33)))),
        message(
          1,
          text(1, 'C'),
          message(
            2,
            message(
              1,
              text(25, 'string'),
              message(30, message(1, message(1, text(25, 'string')))),
              message(33, text(3, '')),
            ),
          ),
        ),
      ),
    ),
  ];
  assert.deepEqual([...encodeOpenApi(document, 'v3')], expected);
  const apps = openApiV3('apps', 'v1') as { components: { schemas: JsonObject } };
  const bytes = encodeOpenApi(apps as unknown as JsonObject, 'v3');
  assert.deepEqual(textsAt(bytes, 5, 1, 1, 1), Object.keys(apps.components.schemas));
});

for (const [version, tables] of Object.entries({ VERSION_2, VERSION_3 } satisfies Record<
  string,
  MessageTables
>)) {
  test(`${version} names only messages that there are, and no number twice`, () => {
    const scalars = ['string', 'bool', 'int64', 'double', 'any'];
    for (const [name, table] of Object.entries(tables.messages)) {
      const numbers = Object.values(table).map(([number]) => number);
      assert.equal(new Set(numbers).size, numbers.length, name);
      for (const [, shape] of Object.values(table)) {
        const one = shape.replace('[]', '');
        assert.ok(
          scalars.includes(one) || one in tables.messages || one in tables.choices,
          `${name}: ${shape}`,
        );
      }
    }
  });
}
