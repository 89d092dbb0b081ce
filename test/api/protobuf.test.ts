/** Protobuf as client-go's clients speak it, over TLS and HTTP/2 against the server as users run it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { after, test } from 'node:test';
import { decodeProtobuf } from '../../src/api/protobuf/decode.ts';
import { encodeProtobuf } from '../../src/api/protobuf/encode.ts';
import { ProtobufReader } from '../../src/api/protobuf/reader.ts';
import { startServerFor } from '../tools/server-process.ts';

const TYPE = 'application/vnd.kubernetes.protobuf';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const LENGTH_BYTES = 4;

let session: ClientHttp2Session | undefined;
// Before the server goes: hooks run in this order.
after(() => session?.destroy());
const server = await startServerFor({ after });
const { serverCa: ca, cert, key } = server.tls;
session = connect(server.url, { ca, cert, key });

function open(method: string, path: string, body?: Uint8Array) {
  const type = body === undefined ? {} : { 'content-type': TYPE };
  const stream = session!.request(
    { ':method': method, ':path': path, accept: `${TYPE},application/json`, ...type },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(body);
  return stream;
}

async function ask(method: string, path: string, body?: Uint8Array) {
  const stream = open(method, path, body);
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
  const bytes = Buffer.concat(await stream.toArray());
  assert.equal(headers['content-type'], TYPE);
  return { status: headers[':status'], object: decodeProtobuf(bytes) };
}

function configMap(name: string, data: Record<string, string>): Uint8Array {
  return encodeProtobuf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data } as never)!;
}

test('the server takes and gives objects, lists and statuses in protobuf', async () => {
  const created = await ask('POST', CONFIG_MAPS, configMap('a', { text: 'é' }));
  assert.equal(created.status, 201);
  assert.deepEqual(created.object['data'], { text: 'é' });
  assert.deepEqual((await ask('GET', `${CONFIG_MAPS}/a`)).object, created.object);
  const list = (await ask('GET', `${CONFIG_MAPS}?fieldSelector=metadata.name%3Da`)).object;
  const { apiVersion: _v, kind: _k, ...item } = created.object;
  assert.equal(list['kind'], 'ConfigMapList');
  assert.deepEqual(list['items'], [item]);
  const again = await ask('POST', CONFIG_MAPS, configMap('a', {}));
  assert.deepEqual([again.status, again.object['reason']], [409, 'AlreadyExists']);
  const broken = await ask('POST', CONFIG_MAPS, Buffer.concat([configMap('b', {}), Buffer.of(0xff)]));
  assert.deepEqual([broken.status, broken.object['reason']], [400, 'BadRequest']);
});

test('the server streams events in protobuf, each behind its length', async () => {
  const stream = open('GET', `${CONFIG_MAPS}?watch=true&fieldSelector=metadata.name%3Dw`);
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  assert.equal(headers['content-type'], `${TYPE};stream=watch`);
  await ask('POST', CONFIG_MAPS, configMap('w', { n: '1' }));
  await ask('PUT', `${CONFIG_MAPS}/w`, configMap('w', { n: '2' }));
  await ask('DELETE', `${CONFIG_MAPS}/w`);
  const events: unknown[] = [];
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    while (pending.length >= LENGTH_BYTES && pending.length >= LENGTH_BYTES + pending.readUInt32BE()) {
      const end = LENGTH_BYTES + pending.readUInt32BE();
      events.push(toEvent(pending.subarray(LENGTH_BYTES, end)));
      pending = pending.subarray(end);
    }
    if (events.length >= 3) break;
  }
  assert.deepEqual(events, [
    ['ADDED', { n: '1' }],
    ['MODIFIED', { n: '2' }],
    ['DELETED', { n: '2' }],
  ]);
});

function toEvent(message: Buffer): unknown {
  const reader = new ProtobufReader(message);
  assert.equal(reader.tag(), 1);
  const type = reader.text();
  assert.equal(reader.tag(), 2);
  reader.enter();
  assert.equal(reader.tag(), 1);
  return [type, decodeProtobuf(reader.bytes())['data']];
}
