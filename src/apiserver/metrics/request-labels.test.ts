import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest } from '../../api/message.ts';
import { parseRequest } from '../route.ts';
import { dryRunLabel, reportedVerb, requestScope, routeScope } from './request-labels.ts';

type Case = [method: ApiRequest['method'], url: string, verb: string, scope: string, contentType?: string];

const APPLY = 'application/apply-patch+yaml';
const CASES: readonly Case[] = [
  ['GET', '/api/v1/pods', 'LIST', 'cluster'],
  ['GET', '/api/v1/nodes', 'LIST', 'cluster'],
  ['GET', '/api/v1/nodes/n', 'GET', 'resource'],
  ['GET', '/api/v1/namespaces/a', 'GET', 'resource'],
  ['GET', '/api/v1/namespaces/a/pods', 'LIST', 'namespace'],
  ['HEAD', '/api/v1/namespaces/a/pods/p', 'GET', 'resource'],
  ['GET', '/api/v1/namespaces/a/pods?watch=true', 'WATCH', 'namespace'],
  ['GET', '/api/v1/watch/pods', 'WATCH', 'cluster'],
  ['GET', '/api/v1/watch/namespaces/a/pods/p', 'WATCH', 'resource'],
  ['GET', '/api/v1/namespaces/a/pods?watch=1&fieldSelector=metadata.name%3Dp', 'WATCH', 'namespace'],
  ['POST', '/api/v1/namespaces/a/pods', 'POST', 'resource'],
  ['POST', '/api/v1/namespaces/a/pods/p/binding', 'POST', 'resource'],
  ['PUT', '/api/v1/namespaces/a/pods/p/status', 'PUT', 'resource'],
  ['PATCH', '/api/v1/namespaces/a/pods/p', 'PATCH', 'resource', 'application/merge-patch+json'],
  ['PATCH', '/api/v1/namespaces/a/pods/p', 'APPLY', 'resource', APPLY],
  ['DELETE', '/api/v1/namespaces/a/pods/p', 'DELETE', 'resource'],
  ['DELETE', '/api/v1/namespaces/a/pods', 'DELETE', 'namespace'],
  ['GET', '/api/v1/namespaces/a/pods/p/log', 'CONNECT', 'resource'],
  ['POST', '/api/v1/namespaces/a/pods/p/exec?command=sh', 'CONNECT', 'resource'],
  ['GET', '/api/v1/nodes/n/proxy/metrics', 'CONNECT', 'resource'],
];

function requestOf(method: ApiRequest['method'], url: string, contentType = 'application/json') {
  const [path = '', query = ''] = url.split('?');
  const headers = { 'content-type': contentType };
  return { method, path, query: new URLSearchParams(query), headers };
}

for (const [method, url, verb, scope, contentType] of CASES) {
  test(`reportedVerb and routeScope of ${method} ${url} are ${verb} and ${scope}`, () => {
    const request = requestOf(method, url, contentType);
    const info = parseRequest(request);
    assert.deepEqual([reportedVerb(info, request), routeScope(info)], [verb, scope]);
  });
}

test('requestScope takes a selector for one name for that name, and knows paths that are no resource’s', () => {
  const scopeOf = (method: ApiRequest['method'], url: string) =>
    requestScope(parseRequest(requestOf(method, url)));
  assert.equal(scopeOf('GET', '/api/v1/pods?watch=1&fieldSelector=metadata.name%3Dp'), 'resource');
  assert.equal(scopeOf('POST', '/api/v1/namespaces/a/pods'), 'resource');
  assert.equal(scopeOf('GET', '/api/v1/namespaces/a/pods'), 'namespace');
  assert.equal(scopeOf('GET', '/api/v1/pods'), 'cluster');
  assert.equal(scopeOf('GET', '/healthz'), '');
});

test('dryRunLabel is what was asked for, or invalid', () => {
  const labelOf = (query: string) => dryRunLabel(requestOf('POST', `/api/v1/namespaces?${query}`));
  assert.deepEqual(['', 'dryRun=All', 'dryRun=All&dryRun=All', 'dryRun=some'].map(labelOf), [
    '',
    'All',
    'All',
    'invalid',
  ]);
});
