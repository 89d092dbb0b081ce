import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StatusError } from '../../base/status-error.ts';
import { type GoldenObject, readGolden } from '../golden/golden.fixture.ts';
import { decodeProtobuf } from './decode.ts';
import { encodeProtobuf } from './encode.ts';

/** A length-delimited field. */
function field(number: number, content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function number(fieldNumber: number, value: number): Buffer {
  return Buffer.concat([varint(fieldNumber << 3), varint(value)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

function envelope(apiVersion: string, kind: string, message: Uint8Array): Buffer {
  const typeMeta = field(1, Buffer.concat([field(1, apiVersion), field(2, kind)]));
  return Buffer.concat([Buffer.from('k8s\0'), typeMeta, field(2, message)]);
}

test('decodeProtobuf reads a Pod by the numbers of its schema', () => {
  const metadata = Buffer.concat([
    field(1, 'web'),
    field(3, 'default'),
    field(8, number(1, 1_767_225_600)),
    field(11, Buffer.concat([field(1, 'app'), field(2, 'web')])),
  ]);
  const port = Buffer.concat([field(1, 'http'), number(3, 8080)]);
  const limits = field(1, Buffer.concat([field(1, 'memory'), field(2, field(1, '64Mi'))]));
  const probe = Buffer.concat([
    field(
      1,
      field(2, Buffer.concat([field(1, '/x'), field(2, Buffer.concat([number(1, 1), field(3, 'http')]))])),
    ),
    number(4, 5),
  ]);
  const container = Buffer.concat([
    field(1, 'c'),
    field(2, 'img'),
    field(6, port),
    field(8, limits),
    field(10, probe),
  ]);
  const spec = Buffer.concat([field(2, container), number(4, 30)]);
  const pod = decodeProtobuf(
    envelope('v1', 'Pod', Buffer.concat([field(1, metadata), field(2, spec), field(99, 'unknown')])),
  );
  assert.deepEqual(pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace: 'default',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: 'web' },
    },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'img',
          ports: [{ name: 'http', containerPort: 8080 }],
          resources: { limits: { memory: '64Mi' } },
          livenessProbe: { httpGet: { path: '/x', port: 'http' }, periodSeconds: 5 },
        },
      ],
      terminationGracePeriodSeconds: 30,
    },
  });
});

test('decodeProtobuf refuses what is not its own with a Status, whatever the bytes', () => {
  assert.throws(() => decodeProtobuf(Buffer.from('{}')), /expected prefix/);
  assert.throws(
    () => decodeProtobuf(envelope('v1', 'Unheard', Buffer.alloc(0))),
    /no kind "Unheard" is registered/,
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('Pod', 'Service', 'Node', 'Event'),
      (bytes, kind) => {
        try {
          decodeProtobuf(envelope('v1', kind, bytes));
        } catch (error) {
          assert.ok(error instanceof StatusError, String(error));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

/** Decodes, or is refused with a Status; nothing else. */
function decodeOrRefuse(bytes: Uint8Array): void {
  try {
    decodeProtobuf(bytes);
  } catch (error) {
    assert.ok(error instanceof StatusError && error.code === 400, String(error));
  }
}

test('decodeProtobuf reads or refuses whatever has become of the bytes of any kind', () => {
  const goldens = readGolden().objects;
  const change = fc.record({
    at: fc.nat(),
    byte: fc.nat(255),
    what: fc.constantFrom('set', 'cut', 'insert'),
  });
  fc.assert(
    fc.property(
      fc.constantFrom<GoldenObject>(...goldens),
      fc.array(change, { minLength: 1, maxLength: 5 }),
      (golden, changes) => {
        let bytes = Buffer.from(golden.protobuf, 'base64');
        for (const { at, byte, what } of changes) {
          // The magic number stays: without it nothing is looked at.
          const position = 4 + (at % (bytes.length - 4));
          if (what === 'set') bytes[position] = byte;
          else if (what === 'cut') bytes = bytes.subarray(0, Math.max(5, position));
          else
            bytes = Buffer.concat([bytes.subarray(0, position), Buffer.of(byte), bytes.subarray(position)]);
        }
        decodeOrRefuse(bytes);
      },
    ),
    { numRuns: 2000 },
  );
});

test('decodeProtobuf bounds how many values bytes can stand for, and how deep they are', () => {
  const mebibytes = 3 * 1024 * 1024;
  const emptyItems = Buffer.alloc(mebibytes);
  for (let i = 0; i < mebibytes; i += 2) emptyItems[i] = 0x12;
  assert.throws(() => decodeProtobuf(envelope('v1', 'PodList', emptyItems)), /too many values/);
  assert.throws(
    () => decodeProtobuf(envelope('v1', 'Pod', field(2, field(2, emptyItems)))),
    /too many values/,
  );
  let schema: Buffer = Buffer.alloc(0);
  for (let i = 0; i < 300; i++) schema = field(28, schema); // not: {…}
  const versions = field(7, Buffer.concat([field(1, 'v1'), field(4, field(1, schema))]));
  const crd = envelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', field(2, versions));
  assert.throws(() => decodeProtobuf(crd), /nested too deeply/);
});

test('decodeProtobuf takes an envelope that names nothing for what is assumed', () => {
  const assumed = { group: '', version: 'v1', kind: 'ConfigMap' };
  const bytes = envelope('', '', field(1, field(1, 'a')));
  assert.deepEqual(decodeProtobuf(bytes, { assumed }), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
  });
  assert.throws(() => decodeProtobuf(bytes), /no kind "" is registered/);
});

test('decodeProtobuf adds to a message what a later part of it says, and the last of a value counts', () => {
  const first = field(1, Buffer.concat([field(1, 'a'), field(3, 'ns')]));
  const second = field(1, field(1, 'b'));
  assert.deepEqual(decodeProtobuf(envelope('v1', 'ConfigMap', Buffer.concat([first, second]))), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'b', namespace: 'ns' },
  });
});

test('decodeProtobuf keeps a key that is a word of the language', () => {
  const entry = Buffer.concat([field(1, '__proto__'), field(2, 'x')]);
  const { data } = decodeProtobuf(envelope('v1', 'ConfigMap', field(2, entry)));
  assert.deepEqual(Object.keys(data as object), ['__proto__']);
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

test('decodeProtobuf says which integers it rounds', () => {
  const object = (generation: number) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', generation },
  });
  const saidOf = (generation: number) => {
    const rounded: string[] = [];
    decodeProtobuf(encodeProtobuf(object(generation))!, { rounded });
    return rounded;
  };
  assert.deepEqual(saidOf(2 ** 53 - 1), []);
  assert.deepEqual(saidOf(2 ** 62), ['integer 4611686018427387904 is rounded to 4611686018427388000']);
  assert.deepEqual(saidOf(-(2 ** 62)), ['integer -4611686018427387904 is rounded to -4611686018427388000']);
});
