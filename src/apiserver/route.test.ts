import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest } from '../api/message.ts';
import { StatusError } from '../base/status-error.ts';
import { isProxyPath, parseRequest } from './route.ts';

function parse(method: ApiRequest['method'], url: string) {
  const [path = '', query = ''] = url.split('?');
  const info = parseRequest({ method, path, query: new URLSearchParams(query) });
  const { verb, group, version, namespace, resource, name, subresource, isResourceRequest } = info;
  return isResourceRequest
    ? `${verb} ${group}/${version} ${namespace}|${resource}|${name}|${subresource}`
    : `${verb} ${info.path}`;
}

// As in upstream's requestinfo_test.go.
const CASES: [ApiRequest['method'], string, string][] = [
  ['GET', '/api/v1/namespaces', 'list /v1 |namespaces||'],
  ['GET', '/api/v1/namespaces/other', 'get /v1 other|namespaces|other|'],
  ['PUT', '/api/v1/namespaces/other/finalize', 'update /v1 other|namespaces|other|finalize'],
  ['GET', '/api/v1/namespaces/other/pods', 'list /v1 other|pods||'],
  ['GET', '/api/v1/namespaces/other/pods/foo', 'get /v1 other|pods|foo|'],
  ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get /v1 other|pods|foo|'],
  ['GET', '/api/v1/pods', 'list /v1 |pods||'],
  ['GET', '/api/v1/pods?watch=true', 'watch /v1 |pods||'],
  ['GET', '/api/v1/pods?watch=false', 'list /v1 |pods||'],
  ['GET', '/api/v1/watch/pods', 'watch /v1 |pods||'],
  ['GET', '/api/v1/watch/namespaces/other/pods/foo', 'watch /v1 other|pods|foo|'],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dfoo', 'list /v1 |pods|foo|'],
  ['POST', '/api/v1/namespaces/other/pods/foo/eviction', 'create /v1 other|pods|foo|eviction'],
  ['DELETE', '/apis/apps/v1/namespaces/other/deployments', 'deletecollection apps/v1 other|deployments||'],
  ['PATCH', '/apis/apps/v1/namespaces/other/deployments/x/scale', 'patch apps/v1 other|deployments|x|scale'],
  [
    'GET',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    'get rbac.authorization.k8s.io/v1 |clusterroles|system:node|',
  ],
  ['GET', '/version', 'get /version'],
  ['GET', '/apis/apps/v1', 'get /apis/apps/v1'],
  ['GET', '/api', 'get /api'],
];

for (const [method, url, expected] of CASES) {
  test(`parseRequest reads ${method} ${url}`, () => assert.equal(parse(method, url), expected));
}

for (const url of [
  '/api/v1/namespaces/../pods',
  '/api/v1//pods',
  '/api/v1/namespaces/a%2Fb/pods',
  '/api/v1/namespaces/%2e%2e/pods',
  '/api/v1/pods/%zz',
  '/api/v1/pods/a%00b',
  '//api/v1/pods',
]) {
  test(`parseRequest refuses ${url}`, () => {
    assert.throws(
      () => parse('GET', url),
      (error) => error instanceof StatusError && error.reason === 'NotFound',
    );
  });
}

const POD_PROXY = '/api/v1/namespaces/other/pods/http:foo:80/proxy';

for (const proxiedPath of ['', '/', '/a/b/', '/../../../nodes', '//a', '/a%2Fb', '/%zz']) {
  test(`parseRequest leaves what follows proxy as it is: ${proxiedPath}`, () => {
    const path = POD_PROXY + proxiedPath;
    const info = parseRequest({ method: 'POST', path, query: new URLSearchParams() });
    assert.equal(info.proxiedPath, proxiedPath);
    assert.equal(parse('POST', path), 'create /v1 other|pods|http:foo:80|proxy');
    assert.ok(isProxyPath(path));
  });
}

for (const [path, expected] of [
  ['/api/v1/nodes/n/proxy/healthz', 'create /v1 |nodes|n|proxy'],
  ['/api/v1/namespaces/a/services/s/proxy/', 'create /v1 a|services|s|proxy'],
] as const) {
  test(`parseRequest reads POST ${path}`, () => {
    assert.equal(parse('POST', path), expected);
    assert.ok(isProxyPath(path));
  });
}

for (const path of [
  '/api/v1/namespaces/a/proxy',
  '/api/v1/namespaces/a/proxy/x',
  '/api/v1/namespaces/a/pods/proxy',
  '/api/v1/namespaces/a/configmaps/c/proxy/x',
  '/apis/g/v1/namespaces/a/pods/p/proxy/x',
  '/api/v1/namespaces/a/pods/p/proxying',
  '/api/v1/namespaces/a/pods/p/%70roxy/x',
  '/api/v1/namespaces/a/%70ods/p/proxy/x',
]) {
  test(`isProxyPath leaves ${path} to the API`, () => {
    assert.ok(!isProxyPath(path));
    const info = parseRequest({ method: 'GET', path, query: new URLSearchParams() });
    assert.equal(info.proxiedPath, undefined);
  });
}
