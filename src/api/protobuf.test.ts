import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StatusError } from '../base/status-error.ts';
import { decodeProtobuf } from './protobuf.ts';

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
