import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SpdyConnection, type SpdyStream } from './connection.ts';
import { encodeFrame, SpdyError, type SpdyFrame, SpdyFrameReader } from './frames.ts';
import { decodePairs, encodePairs, HeaderCodec, SPDY_DICTIONARY } from './header-block.ts';

const streamId = fc.integer({ min: 1, max: 0x7fffffff });
const word = fc.integer({ min: 0, max: 0xffffffff });
const bytes = fc.uint8Array({ maxLength: 300 });
const frame: fc.Arbitrary<Exclude<SpdyFrame, { type: 'other' }>> = fc.oneof(
  fc.record({ type: fc.constant('data' as const), streamId, fin: fc.boolean(), bytes }),
  fc.record({ type: fc.constant('synStream' as const), streamId, fin: fc.boolean(), block: bytes }),
  fc.record({ type: fc.constant('synReply' as const), streamId, fin: fc.boolean(), block: bytes }),
  fc.record({ type: fc.constant('headers' as const), streamId, fin: fc.boolean(), block: bytes }),
  fc.record({ type: fc.constant('rstStream' as const), streamId, status: word }),
  fc.record({ type: fc.constant('ping' as const), id: word }),
  fc.record({ type: fc.constant('goAway' as const), lastStreamId: streamId, status: word }),
);

/** Buffers and arrays of bytes compare alike. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part) => (ArrayBuffer.isView(part) ? [...(part as Uint8Array)] : part)),
  );
const normal = (frames: readonly SpdyFrame[]) =>
  frames.map((one) =>
    plain(
      'block' in one
        ? { ...one, block: Buffer.from(one.block).toString('hex') }
        : 'bytes' in one
          ? { ...one, bytes: Buffer.from(one.bytes).toString('hex') }
          : one,
    ),
  );

test('SpdyFrameReader reads what encodeFrame wrote, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(50)), (frames, cuts) => {
      const wire = Buffer.concat(frames.map(encodeFrame));
      const reader = new SpdyFrameReader();
      const read: SpdyFrame[] = [];
      let offset = 0;
      for (const cut of cuts) {
        read.push(...reader.push(wire.subarray(offset, offset + cut)));
        offset = Math.min(wire.length, offset + cut);
      }
      read.push(...reader.push(wire.subarray(offset)));
      assert.deepEqual(normal(read), normal(frames));
    }),
  );
});

test('SpdyFrameReader answers any bytes with frames or a SpdyError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
      try {
        new SpdyFrameReader().push(input);
      } catch (error) {
        assert.ok(error instanceof SpdyError);
      }
    }),
  );
});

test('SPDY_DICTIONARY is the one of the protocol', () => {
  let a = 1;
  let b = 0;
  for (const byte of SPDY_DICTIONARY) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  assert.equal(((b << 16) | a) >>> 0, 0xe3c6a7c2);
});

test('decodePairs answers any block with headers or a SpdyError, and reads what encodePairs wrote', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (block) => {
      try {
        decodePairs(Buffer.from(block));
      } catch (error) {
        assert.ok(error instanceof SpdyError);
      }
    }),
  );
  const headers = new Map([
    ['streamtype', 'data'],
    ['port', '8080'],
  ]);
  assert.deepEqual(decodePairs(encodePairs(headers)), headers);
});

test('HeaderCodec keeps one compression context over many blocks', async () => {
  const sender = new HeaderCodec();
  const receiver = new HeaderCodec();
  for (let i = 0; i < 20; i++) {
    const headers = new Map([
      ['streamtype', i % 2 === 0 ? 'error' : 'data'],
      ['requestid', String(i)],
    ]);
    assert.deepEqual(await receiver.decode(await sender.encode(headers)), headers);
  }
  await assert.rejects(receiver.decode(Buffer.from('no zlib at all, certainly not')), SpdyError);
});

test('SpdyConnection answers streams and pings, and ends every stream when it closes', async () => {
  const sent: SpdyFrame[] = [];
  const reader = new SpdyFrameReader();
  const opened: SpdyStream[] = [];
  const connection = new SpdyConnection(
    async (chunk) => {
      sent.push(...reader.push(chunk));
    },
    (stream) => opened.push(stream),
  );
  const client = new HeaderCodec();
  const block = await client.encode(new Map([['streamtype', 'data']]));
  await connection.receive(encodeFrame({ type: 'synStream', streamId: 1, fin: false, block }));
  await connection.receive(
    encodeFrame({ type: 'data', streamId: 1, fin: false, bytes: Buffer.from('hello') }),
  );
  await connection.receive(encodeFrame({ type: 'ping', id: 7 }));
  assert.deepEqual(
    sent.map(({ type }) => type),
    ['synReply', 'ping'],
  );
  assert.equal(opened[0]?.headers.get('streamtype'), 'data');
  connection.close();
  const read: string[] = [];
  for await (const chunk of opened[0]!) read.push(Buffer.from(chunk).toString());
  assert.deepEqual(read, ['hello']);
});
