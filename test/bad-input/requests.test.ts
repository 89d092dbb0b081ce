/** Bodies and paths that no client library would send: each is answered with a Status, and the server goes on. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { type RawAnswer, rawRequest } from '../tools/raw-request.ts';
import { startServerFor } from '../tools/server-process.ts';

const server = await startServerFor({ after });
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

function send(
  method: string,
  path: string,
  { type = 'application/json', body }: { type?: string; body?: string | Uint8Array } = {},
): Promise<RawAnswer> {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': type };
  return rawRequest({
    url: server.url,
    path,
    method,
    headers,
    tls: server.tls,
    ...(body === undefined ? {} : { body }),
  });
}

const nested = (levels: number, core: string) => `${'{"a":'.repeat(levels)}${core}${'}'.repeat(levels)}`;
const named = (rest: string) => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"}${rest}}`;
const bomb = (() => {
  const lines = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata: {name: bomb}',
    'a0: &a0 [x,x,x,x,x,x,x,x,x]',
  ];
  for (let i = 1; i <= 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    );
  return lines.join('\n');
})();

const creations: {
  what: string;
  type?: string;
  body: string | Uint8Array;
  code: number;
  says: RegExp | string;
}[] = [
  { what: 'text that is no JSON', body: 'hello', code: 400, says: /not valid JSON/ },
  { what: 'JSON that ends half-way', body: named('').slice(0, -5), code: 400, says: /not valid JSON/ },
  {
    what: 'a list',
    body: '[]',
    code: 400,
    says: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal array into Go value of type v1.ConfigMap',
  },
  {
    what: 'invalid UTF-8',
    body: Buffer.concat([
      Buffer.from('{"metadata":{"name":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}}'),
    ]),
    code: 400,
    says: /not valid UTF-8/,
  },
  {
    what: 'nesting where a text belongs',
    body: named(`,"data":${nested(900, '1')}`),
    code: 400,
    says: /cannot unmarshal object into Go struct field ConfigMap.data of type string/,
  },
  {
    what: 'deep nesting where a text belongs',
    body: named(`,"data":${nested(200_000, '1')}`),
    code: 400,
    says: 'json: exceeded max depth',
  },
  {
    what: 'deep nesting in YAML',
    type: 'application/yaml',
    body: '['.repeat(100_000),
    code: 400,
    says: /^error parsing yaml: /,
  },
  {
    what: 'a YAML bomb',
    type: 'application/yaml',
    body: bomb,
    code: 400,
    says: 'yaml: document contains excessive aliasing',
  },
  {
    what: 'a duplicate key in YAML',
    type: 'application/yaml',
    body: 'metadata:\n  name: a\n  name: b\n',
    code: 400,
    says: /strict decoding error: .*key "name" already set in map/s,
  },
  {
    what: 'a body of more than 3 MB',
    body: named(`,"data":{"a":"${'x'.repeat(3 << 20)}"}`),
    code: 413,
    says: 'Request entity too large: limit is 3145728',
  },
  { what: 'no body', body: '', code: 400, says: /no body|unexpected end|EOF/i },
  {
    what: 'an unknown content type',
    type: 'text/html',
    body: named(''),
    code: 415,
    says: /^the body of the request was in an unknown format - accepted media types include: application\/json, application\/yaml, application\/vnd.kubernetes.protobuf$/,
  },
  {
    what: 'broken protobuf',
    type: 'application/vnd.kubernetes.protobuf',
    body: Buffer.from([0x6b, 0x38, 0x73, 0x00, 0xff, 0xff, 0xff]),
    code: 400,
    says: /./,
  },
  {
    what: 'another kind',
    body: '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}',
    code: 400,
    says: /^Secret in version "v1" cannot be handled as a ConfigMap: /,
  },
  {
    what: 'another API version',
    body: '{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"a"}}',
    code: 400,
    says: 'the API version in the data (v2) does not match the expected API version (v1)',
  },
  {
    what: 'a revision of its own choice',
    body: '{"metadata":{"name":"a","resourceVersion":"7"}}',
    code: 400,
    says: 'resourceVersion should not be set on objects to be created',
  },
];

for (const { what, type, body, code, says } of creations) {
  test(`a creation with ${what} is answered with ${code}`, async () => {
    const path = `${CONFIG_MAPS}?fieldValidation=Strict`;
    assertRefused(await send('POST', path, { body, ...(type === undefined ? {} : { type }) }), code, says);
  });
}

test('a duplicate key is an error where fields are validated strictly, and else a warning', async () => {
  const body = '{"metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}';
  const strict = await send('POST', `${CONFIG_MAPS}?fieldValidation=Strict`, { body });
  assertRefused(strict, 400, /strict decoding error: duplicate field "data\.a"$/);
  const warned = await send('POST', CONFIG_MAPS, { body });
  assert.equal(warned.status, 201, warned.text);
  assert.equal(warned.headers['warning'], '299 - "duplicate field \\"data.a\\""');
});

const patches: { what: string; type: string; body: string; code: number; says: RegExp }[] = [
  {
    what: 'that nests too deeply',
    type: 'merge-patch',
    body: nested(100_000, '1'),
    code: 400,
    says: /exceeded max depth/,
  },
  { what: 'that is no list of operations', type: 'json-patch', body: '{"a":1}', code: 400, says: /./ },
  {
    what: 'whose path is not there',
    type: 'json-patch',
    body: '[{"op":"remove","path":"/data/none"}]',
    code: 422,
    says: /./,
  },
  {
    what: 'whose test fails',
    type: 'json-patch',
    body: '[{"op":"test","path":"/metadata/name","value":"other"}]',
    code: 422,
    says: /./,
  },
  {
    what: 'that doubles the object again and again',
    type: 'json-patch',
    body: JSON.stringify([
      { op: 'add', path: '/data', value: { a: 'x'.repeat(10_000) } },
      ...Array.from({ length: 30 }, (_, i) => ({ op: 'copy', from: '/data', path: `/data/b${i}` })),
    ]),
    code: 413,
    says: /^Unable to complete the copy, the accumulated size increase of copy is \d+, exceeding the limit 3145728$/,
  },
  { what: 'of an unknown type', type: 'other-patch', body: '{}', code: 415, says: /./ },
];

for (const { what, type, body, code, says } of patches) {
  test(`a patch ${what} is answered with ${code} and changes nothing`, async () => {
    const name = `patched-${type}-${code}`;
    await send('POST', CONFIG_MAPS, { body: JSON.stringify({ metadata: { name } }) });
    const before = await send('GET', `${CONFIG_MAPS}/${name}`);
    const answer = await send('PATCH', `${CONFIG_MAPS}/${name}`, { type: `application/${type}+json`, body });
    assertRefused(answer, code, says);
    assert.equal((await send('GET', `${CONFIG_MAPS}/${name}`)).text, before.text);
  });
}

const questions: [path: string, code: number, says: RegExp][] = [
  ['/api/v1/pods?labelSelector=a%3D%3D%3Db', 400, /unable to parse requirement/],
  ['/api/v1/pods?fieldSelector=spec.color%3Dred', 400, /field label not supported: spec\.color/],
  ['/api/v1/pods?limit=1&continue=made-up', 400, /continue key is not valid/],
  ['/api/v1/pods?resourceVersion=x', 400, /resourceVersion: Invalid value: "x"/],
  ['/api/v1/pods?watch=1&resourceVersion=-1', 400, /resourceVersion: Invalid value: "-1"/],
  ['/api/v1/pods?limit=many', 400, /./],
  ['/api/v1/namespaces/default/pods/%ff', 404, /./],
  ['/api/v1/namespaces/default/pods/..%2f..%2fsecrets', 404, /./],
  ['/apis/none.example.com/v1/things', 404, /the server could not find the requested resource/],
  [`/api/v1/namespaces/default/pods/${'x'.repeat(5000)}`, 404, /not found/],
  ['/api/v1/namespaces/default/pods/..', 404, /not found|could not find/],
  ['/api/v1/namespaces/default/pods/%2e%2e', 404, /not found|could not find/],
  ['/api/v1/namespaces/default/pods/../../../../etc/passwd', 404, /could not find/],
  ['/api/v1/namespaces/default/pods/%00', 404, /not found|could not find/],
  ['/api/v1/namespaces/default/pods/%zz', 404, /could not find/],
  ['/api/v1/namespaces/default/pods/%c0%ae%c0%ae', 404, /not found/],
  ['/api/v1/namespaces//pods', 404, /could not find/],
  ['//api//v1//pods', 404, /could not find/],
  [`/${'a/'.repeat(25_000)}`, 404, /could not find/],
  ['/api/v1/namespaces/default/services/http:a:b:c/proxy/%0d%0a', 400, /invalid service request/],
  [`/api/v1/pods?labelSelector=${encodeURIComponent(`a in (${'('.repeat(10_000)}`)}`, 400, /unable to parse/],
  ['/api/v1/pods?limit=-1', 400, /./],
  ['/api/v1/pods?fieldSelector=metadata.name', 400, /invalid selector/],
  [`/api/v1/pods?limit=1&continue=${'e30'.repeat(9000)}`, 400, /continue key is not valid/],
];

for (const [path, code, says] of questions) {
  test(`GET ${path.slice(0, 60)} is answered with ${code}`, async () => {
    assertRefused(await send('GET', path), code, says);
  });
}

test('an object that is larger than the store takes is refused, and so is a patch that makes one', async () => {
  const path = '/apis/apps/v1/namespaces/default/controllerrevisions';
  const revision = (bytes: number) =>
    JSON.stringify({ metadata: { name: 'large' }, revision: 1, data: { a: 'x'.repeat(bytes) } });
  const says = 'Request entity too large: limit is 2097152';
  assertRefused(await send('POST', path, { body: revision(2_500_000) }), 413, says);
  assert.equal((await send('POST', path, { body: revision(1_500_000) })).status, 201);
  const patch = JSON.stringify({ metadata: { annotations: { a: 'y'.repeat(200_000) } } });
  const type = 'application/merge-patch+json';
  for (let i = 0; i < 2; i++)
    assert.equal((await send('PATCH', `${path}/large`, { type, body: patch })).status, 200);
  const owners = Array.from({ length: 12_000 }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    name: 'a',
    uid: `u${i}`,
  }));
  const grown = JSON.stringify({ metadata: { ownerReferences: owners } });
  assertRefused(await send('PATCH', `${path}/large`, { type, body: grown }), 413, says);
});

test('no answer holds a header that its client has thought of', async () => {
  const evil = 'a\r\nX-Evil: 1';
  const body = JSON.stringify({ metadata: { name: 'evil' }, [evil]: 1, 日本: 2, '\0"\\': 3 });
  const created = await send('POST', CONFIG_MAPS, { body });
  assert.equal(created.status, 201, created.text);
  assert.match(String(created.headers['warning']), /^299 - "unknown field \\"a {2}X-Evil: 1\\"", 299 - /);
  const answers = [
    created,
    await send('GET', `${CONFIG_MAPS}?labelSelector=${encodeURIComponent(evil)}`),
    await send('GET', `/api/v1/namespaces/${encodeURIComponent(evil)}/pods`),
    await send('POST', `${CONFIG_MAPS}?fieldManager=${encodeURIComponent(evil)}`, { body }),
  ];
  for (const { headers } of answers) assert.equal(headers['x-evil'], undefined);
});

test('a type that is not served is refused in both directions', async () => {
  const cbor = Buffer.from([0xd9, 0xd9, 0xf7, 0xa0]);
  assertRefused(
    await send('POST', CONFIG_MAPS, { type: 'application/cbor', body: cbor }),
    415,
    /unknown format/,
  );
  const patch = { type: 'application/apply-patch+cbor', body: cbor };
  assertRefused(await send('PATCH', `${CONFIG_MAPS}/a?fieldManager=m`, patch), 415, /unknown format/);
});

test('what is not HTTP at all does not disturb the others', async () => {
  const { hostname, port } = new URL(server.url);
  for (const garbage of [
    '\0\0\0\0',
    'GET\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nXX',
    `GET / HTTP/1.1\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`,
  ]) {
    const socket = connect({ host: hostname, port: Number(port), ca: server.tls.serverCa });
    await new Promise<void>((resolve) => {
      socket.on('error', () => {}).on('close', () => resolve());
      socket.resume().on('end', () => socket.destroy());
      socket.end(garbage);
    });
  }
  assert.equal((await send('GET', CONFIG_MAPS)).status, 200);
});

test('after all this the server has complained of no request', () => {
  assert.doesNotMatch(server.log(), /"level":"error"/);
});

function assertRefused({ status, json, text }: RawAnswer, code: number, says: RegExp | string): void {
  assert.equal(status, code, text.slice(0, 500));
  assert.equal(json?.kind, 'Status');
  assert.equal(json['status'], 'Failure');
  assert.equal(json.code, code);
  if (typeof says === 'string') assert.equal(json.message, says);
  else assert.match(json.message!, says);
  assert.doesNotMatch(text, /\bat [^ ]+ \(|node:internal|\.ts:\d/, 'no stack trace');
}
