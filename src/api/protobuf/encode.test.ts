import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../json.ts';
import { toApiVersion } from '../meta.ts';
import { allResources } from '../resources.ts';
import { schemaForKind } from '../schema.ts';
import { decodeProtobuf } from './decode.ts';
import { encodeMessage, encodeProtobuf } from './encode.ts';
import { newStream, randomObject } from './random-object.fixture.ts';

/** Every kind that a resource is of, and the lists of them. */
const KINDS = allResources().flatMap(({ group, version, kind }) =>
  [kind, `${kind}List`]
    .map((name) => ({ group, version, kind: name }))
    .filter((gvk) => schemaForKind(gvk) !== undefined),
);

function roundTripped(object: JsonObject & { apiVersion: string; kind: string }): JsonObject {
  const bytes = encodeProtobuf(object);
  assert.ok(bytes !== undefined);
  return decodeProtobuf(bytes);
}

function hex(object: unknown, kind: string): string {
  const schema = schemaForKind({ group: '', version: 'v1', kind });
  assert.ok(schema !== undefined);
  return Buffer.from(encodeMessage(object, schema)).toString('hex');
}

test('encodeProtobuf loses nothing of any object of any kind', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fc.integer(), (gvk, seed) => {
      const object = {
        apiVersion: toApiVersion(gvk.group, gvk.version),
        kind: gvk.kind,
        ...randomObject(schemaForKind(gvk)!, newStream(seed)),
      };
      assert.deepEqual(roundTripped(object), object);
    }),
    { numRuns: 400 },
  );
});

test('encodeProtobuf writes the same for what it read, whatever is left out', () => {
  for (const gvk of KINDS) {
    const sparse = { apiVersion: toApiVersion(gvk.group, gvk.version), kind: gvk.kind };
    const bytes = encodeProtobuf(sparse);
    const read = decodeProtobuf(bytes!) as typeof sparse;
    assert.deepEqual(encodeProtobuf(read), bytes, gvk.kind);
  }
});

test('encodeProtobuf has nothing for a kind without a schema', () => {
  assert.equal(encodeProtobuf({ apiVersion: 'example.com/v1', kind: 'Shirt' }), undefined);
  assert.equal(encodeProtobuf({ apiVersion: 'v1', kind: 'Deployment' }), undefined);
});

test('encodeMessage writes values that are no pointers also when they are not there, and pointers never', () => {
  // name, finalizer: 1: name "a", 2-7: nothing but empty texts and 0, 8: no time.
  const metadata = '0a0161' + '1200' + '1a00' + '2200' + '2a00' + '3200' + '3800' + '4200';
  assert.equal(hex({ metadata: { name: 'a' } }, 'ConfigMap'), `0a11${metadata}`);
});

test('encodeMessage sorts the keys of maps as bytes', () => {
  const metadata = '0a10' + '0a001200' + '1a002200' + '2a003200' + '38004200';
  const entry = (key: string, value: string) => {
    const keyHex = Buffer.from(key).toString('hex');
    const size = Buffer.from(key).length;
    const field = `0a${size.toString(16).padStart(2, '0')}${keyHex}1201${Buffer.from(value).toString('hex')}`;
    return `12${(field.length / 2).toString(16).padStart(2, '0')}${field}`;
  };
  const data = { '\u{1f600}': '4', '\uffee': '3', b: '2', a: '1' };
  assert.equal(
    hex({ data }, 'ConfigMap'),
    metadata + entry('a', '1') + entry('b', '2') + entry('\uffee', '3') + entry('\u{1f600}', '4'),
  );
});

test('encodeMessage tells no bytes from empty bytes', () => {
  const metadata = '0a10' + '0a001200' + '1a002200' + '2a003200' + '38004200';
  assert.equal(hex({ data: { a: null } }, 'Secret'), `${metadata}12030a01611a00`);
  assert.equal(hex({ data: { a: '' } }, 'Secret'), `${metadata}12050a016112001a00`);
});

test('encodeMessage writes any JSON that has found its way into the store', () => {
  const odd = {
    metadata: { name: 5, labels: 'none', creationTimestamp: 'never' },
    data: [1],
    immutable: 'x',
  };
  assert.doesNotThrow(() => hex(odd, 'ConfigMap'));
  assert.doesNotThrow(() => hex({ data: { a: '*not base64*' } }, 'Secret'));
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fc.jsonValue(), (gvk, json) => {
      const object = {
        metadata: json,
        spec: json,
        status: { conditions: [json] },
        data: json,
        items: [json],
      };
      decodeProtobuf(
        encodeProtobuf({ ...object, apiVersion: toApiVersion(gvk.group, gvk.version), kind: gvk.kind })!,
      );
    }),
  );
});
