// Upstream's golden objects round-trip unchanged through JSON, YAML and protobuf.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../json.ts';
import { splitApiVersion } from '../meta.ts';
import { decodeProtobuf } from '../protobuf/decode.ts';
import { encodeProtobuf } from '../protobuf/encode.ts';
import type { Schema } from '../schema.ts';
import { decodeObject } from '../validation/structural.ts';
import { formatYaml, parseYaml } from '../yaml.ts';
import { readGolden, withRetired } from './golden.fixture.ts';

const { packages, objects } = readGolden();
const schemas = withRetired(packages);

type Named = JsonObject & { apiVersion: string; kind: string };

/** As protobuf's envelope has it. A WatchEvent names no version or kind: it stands in a stream, never by itself. */
function named(json: string): Named {
  return { apiVersion: '', kind: '', ...(JSON.parse(json) as JsonObject) };
}

function schemaOf({ apiVersion, kind }: Named): Schema {
  const schema =
    kind === ''
      ? schemas.byId('meta/v1', 'WatchEvent')
      : schemas.forKind({ ...splitApiVersion(apiVersion), kind });
  assert.ok(schema !== undefined, `${apiVersion} ${kind} has a schema`);
  return schema;
}

test('golden objects: there are those of v1.36', () => {
  assert.equal(objects.length, 185);
});

test('golden objects round-trip through JSON', () => {
  for (const { name, json } of objects) {
    const object = JSON.parse(json) as JsonObject;
    const { apiVersion, kind } = named(json);
    const gvk = { ...splitApiVersion(apiVersion), kind };
    const options = { fieldValidation: 'Strict', text: json } as const;
    const decoded = decodeObject(structuredClone(object), gvk, schemaOf(named(json)), options);
    assert.deepEqual(decoded, { object, warnings: [] }, name);
  }
});

test('golden objects round-trip through YAML', () => {
  for (const { name, json, yaml } of objects) {
    const object = JSON.parse(json) as JsonValue;
    assert.deepEqual(parseYaml(yaml), object, name);
    assert.deepEqual(parseYaml(formatYaml(object)), object, name);
  }
});

test('golden objects round-trip through protobuf, byte for byte', () => {
  for (const { name, json, protobuf } of objects) {
    const object = named(json);
    const schema = schemaOf(object);
    const bytes = Buffer.from(protobuf, 'base64');
    assert.deepEqual(Buffer.from(encodeProtobuf(object, schema) ?? []), bytes, name);
    assert.deepEqual(decodeProtobuf(bytes, { schemaOf: () => schema }), object, name);
  }
});
