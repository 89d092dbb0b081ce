import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { allResources } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import { type ServedVersion, toServedVersions } from '../aggregation/served-version.ts';
import { OpenApiDocuments } from './openapi-documents.ts';

const SERVED = toServedVersions(allResources());
const documents = new OpenApiDocuments({ now: () => 0 });

function newRequest(path: string, headers: Record<string, string>): ApiRequest {
  return {
    method: 'GET',
    path,
    query: new URLSearchParams(),
    headers,
    body: { kind: 'none' },
    peer: { kind: 'remote', address: '', certificate: undefined },
  };
}

function ask(path: string, headers: Record<string, string> = {}): ApiResponse {
  const response = documents.respond(newRequest(path, headers), SERVED);
  assert.ok(response !== undefined, path);
  return response;
}

function bytesOf({ body }: ApiResponse): Buffer {
  assert.ok(body.kind === 'object');
  return Buffer.from(body.bytes());
}

/** What client-go asks for, which is no media type for Go's parser, and what it is answered. */
const PROTOBUF = {
  '/openapi/v2': 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  '/openapi/v3/apis/apps/v1': 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
};

for (const [path, type] of Object.entries(PROTOBUF)) {
  test(`OpenApiDocuments answers ${path} in gnostic’s protobuf, under the tag of its JSON`, () => {
    const json = ask(path);
    assert.equal(json.headers['content-type'], 'application/json');
    for (const accept of [type, type.replace('@', '.'), `application/json;q=0.5,${type}`]) {
      const response = ask(path, { accept });
      assert.equal(response.headers['content-type'], type.replace('@', '.'));
      assert.equal(response.headers['vary'], 'Accept');
      assert.equal(response.headers['etag'], json.headers['etag']);
      // 2: info with 1: title and 2: version.
      assert.ok(bytesOf(response).includes('\n\nKubernetes'));
    }
    const again = ask(path, { accept: type, 'if-none-match': json.headers['etag']! });
    assert.equal(again.status, 304);
  });

  test(`OpenApiDocuments answers ${path} in JSON to whoever prefers that, or takes anything`, () => {
    for (const accept of ['*/*', '', `application/json,${type}`, `${type};q=0.1,application/*`]) {
      assert.equal(ask(path, { accept }).headers['content-type'], 'application/json', accept);
    }
    assert.throws(
      () => ask(path, { accept: 'application/xml' }),
      (error) => hasReason(error, 'NotAcceptable'),
    );
  });
}

test('OpenApiDocuments sends whoever has an old hash to the document as it is now', () => {
  const { paths } = JSON.parse(bytesOf(ask('/openapi/v3')).toString());
  const current = paths['apis/apps/v1'].serverRelativeURL as string;
  const [path = '', query = ''] = current.split('?');
  const withHash = (text: string) =>
    documents.respond({ ...newRequest(path, {}), query: new URLSearchParams(text) }, SERVED)!;
  assert.equal(withHash(query).headers['cache-control'], 'public, immutable');
  const moved = withHash('hash=old');
  assert.deepEqual([moved.status, moved.headers['location'], moved.body.kind], [301, current, 'none']);
  assert.equal(withHash('hash=').status, 200);
});

test('OpenApiDocuments tells version 2 from version 3 when it is asked for protobuf', () => {
  const accept = PROTOBUF['/openapi/v2'];
  assert.throws(
    () => ask('/openapi/v3/apis/apps/v1', { accept }),
    (error) => hasReason(error, 'NotAcceptable'),
  );
});

test('OpenApiDocuments has the schemas of extensions in version 2, and none of them once they are gone', () => {
  const paths = { '/apis/x.io/v1/things': {} };
  const extension = { resources: [], isCurrent: true, schemas: { paths, definitions: {}, parameters: {} } };
  const withExtension = [...SERVED, { group: 'x.io', version: 'v1', rows: [], extension }];
  const request = newRequest('/openapi/v2', {});
  const publishes = (served: readonly ServedVersion[]) =>
    bytesOf(documents.respond(request, served)!).includes('/apis/x.io/v1/things');
  assert.deepEqual([SERVED, withExtension, SERVED].map(publishes), [false, true, false]);
});
