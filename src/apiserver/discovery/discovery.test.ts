import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { APIGroup, APIGroupList, APIResourceList } from '../../api/generated/meta-v1.ts';
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { decodeProtobuf } from '../../api/protobuf/decode.ts';
import { allResources } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import { toServedVersions } from '../aggregation/served-version.ts';
import type { AggregatedDocument } from './aggregated-documents.ts';
import { type DiscoverySources, newDiscovery } from './discovery.ts';
import { newServerVersion } from './server-version.ts';

const UPSTREAM = new URL('../../../../shared/kubernetes-1.36/api-resources.txt', import.meta.url);
/** Of a test's own custom resource, which had been left in the cluster that was looked at. */
const FOREIGN = /example\.com/;

const AGGREGATED = ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const AGGREGATED_TYPE = `application/json${AGGREGATED}`;

const SERVED = toServedVersions(allResources());

const sources: DiscoverySources = {
  clock: { now: () => Date.UTC(2026, 0, 1) },
  served: () => SERVED,
  version: newServerVersion('linux/amd64', 'nodejs24'),
  health: { livez: [], readyz: [] },
  serverAddress: '127.0.0.1:6443',
  issuer: {
    issuer: 'https://kubernetes.default.svc.cluster.local',
    jwks: () => ({ keys: [{ kid: 'a' }] }),
    algorithms: () => ['ES256'],
  },
};

async function ask(target: string, options: Partial<ApiRequest> & Partial<DiscoverySources> = {}) {
  const [path = '', query = ''] = target.split('?');
  const request: ApiRequest = {
    method: options.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    headers: options.headers ?? {},
    body: { kind: 'none' },
    peer: { kind: 'remote', address: '', certificate: undefined },
  };
  const user = { username: 'u', groups: [] };
  return newDiscovery({ ...sources, ...options }).respond(request, user);
}

function bytesOf(response: ApiResponse | undefined): Uint8Array {
  assert.ok(response?.body.kind === 'object');
  return response.body.bytes();
}

function parsed<T>(response: ApiResponse | undefined): T {
  return JSON.parse(Buffer.from(bytesOf(response)).toString()) as T;
}

function textOf(response: ApiResponse | undefined): string {
  assert.equal(response?.body.kind, 'bytes');
  return Buffer.from((response.body as { bytes: Uint8Array }).bytes).toString();
}

/** `resource short,names group/version namespaced Kind verbs categories`, of the preferred version of each group. */
function parseUpstream(): string[] {
  const [header = '', ...lines] = readFileSync(UPSTREAM, 'utf8').split('\n');
  const columns = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', 'VERBS', 'CATEGORIES'];
  const starts = columns.map((name) => header.indexOf(name));
  const cells = (line: string) => starts.map((start, i) => line.slice(start, starts[i + 1]).trim());
  return lines.filter((line) => line && !FOREIGN.test(line)).map((line) => cells(line).join(' '));
}

test('newDiscovery serves the resources of a v1.36 server', { skip: !existsSync(UPSTREAM) }, async () => {
  const { groups } = parsed<APIGroupList>(await ask('/apis'));
  const places = ['/api/v1', ...groups.map((group) => `/apis/${group.preferredVersion?.groupVersion}`)];
  const ours: string[] = [];
  for (const place of places) {
    const list = parsed<APIResourceList>(await ask(place));
    for (const row of list.resources.filter(({ name }) => !name.includes('/'))) {
      const verbs = [...row.verbs].sort().join(',');
      const short = row.shortNames?.join(',') ?? '';
      const categories = row.categories?.join(',') ?? '';
      ours.push([row.name, short, list.groupVersion, row.namespaced, row.kind, verbs, categories].join(' '));
    }
  }
  assert.deepEqual(ours.sort(), parseUpstream().sort());
});

test('newDiscovery lists subresources with the kind that they take', async () => {
  const { resources } = parsed<APIResourceList>(await ask('/apis/apps/v1'));
  assert.deepEqual(
    resources.find(({ name }) => name === 'deployments/scale'),
    {
      name: 'deployments/scale',
      singularName: '',
      namespaced: true,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    },
  );
});

test('newDiscovery prefers the newest version of a group', async () => {
  const group = parsed<APIGroup>(await ask('/apis/autoscaling/'));
  assert.equal(group.preferredVersion?.version, 'v2');
  assert.deepEqual(
    group.versions.map(({ version }) => version),
    ['v2', 'v1'],
  );
});

test('newDiscovery answers the aggregated form to whoever accepts it, and 304 to whoever has it', async () => {
  const accept = `${AGGREGATED_TYPE},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json`;
  const response = await ask('/api', { headers: { accept } });
  assert.equal(response?.headers['content-type'], AGGREGATED_TYPE);
  const core = parsed<AggregatedDocument>(response);
  const pods = core.items[0]?.versions?.[0]?.resources?.find(({ resource }) => resource === 'pods');
  assert.deepEqual(pods?.responseKind, { group: '', version: 'v1', kind: 'Pod' });
  assert.equal(pods?.scope, 'Namespaced');
  const apis = parsed<AggregatedDocument>(await ask('/apis', { headers: { accept } }));
  assert.equal(apis.items[0]?.metadata.name, 'apiregistration.k8s.io');
  assert.ok(apis.items.every(({ metadata }) => metadata.name !== undefined));

  const etag = response.headers['etag']!;
  const again = await ask('/api', { headers: { accept, 'if-none-match': etag } });
  assert.equal(again?.status, 304);
  assert.equal(again?.body.kind, 'none');
  assert.equal((await ask('/api', { headers: { 'if-none-match': etag } }))?.status, 200);
});

test('newDiscovery answers the aggregated form in the format that comes first, under one tag', async () => {
  const json = await ask('/apis', { headers: { accept: AGGREGATED_TYPE } });
  const accept = `application/vnd.kubernetes.protobuf${AGGREGATED},${AGGREGATED_TYPE}`;
  const response = await ask('/apis', { headers: { accept } });
  assert.equal(response?.headers['content-type'], `application/vnd.kubernetes.protobuf${AGGREGATED}`);
  assert.equal(response?.headers['vary'], 'Accept');
  assert.equal(response?.headers['etag'], json?.headers['etag']);
  const decoded = decodeProtobuf(bytesOf(response));
  const withoutTimes = JSON.stringify(parsed(json)).replaceAll(',"creationTimestamp":null', '');
  assert.deepEqual(decoded, JSON.parse(withoutTimes));
});

test('newDiscovery answers the classic form to whoever prefers it to the aggregated one', async () => {
  for (const first of ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']) {
    const response = await ask('/apis', { headers: { accept: `${first},${AGGREGATED_TYPE}` } });
    assert.ok(!response?.headers['content-type']?.includes('as='), first);
  }
  const beta = AGGREGATED_TYPE.replace('v=v2', 'v=v2beta1');
  const older = await ask('/apis', { headers: { accept: `${beta},application/json` } });
  assert.equal(parsed<APIGroupList>(older).kind, 'APIGroupList');
});

test('newDiscovery follows a table that changes', async () => {
  const discovery = newDiscovery({ ...sources, served: () => served });
  let served = SERVED.filter(({ group }) => group === 'apps');
  const request = {
    method: 'GET',
    path: '/apis',
    query: new URLSearchParams(),
    headers: {},
    body: { kind: 'none' },
    peer: { kind: 'remote', address: '', certificate: undefined },
  } as const;
  const count = async () =>
    parsed<APIGroupList>(await discovery.respond(request, { username: 'u', groups: [] })).groups.length;
  assert.equal(await count(), 1);
  served = SERVED.filter(({ group }) => group === 'apps' || group === 'batch');
  assert.equal(await count(), 2);
});

test('newDiscovery leaves other paths alone', async () => {
  const others = [
    '/api/v1/pods',
    '/apis/apps/v1/deployments',
    '/apis/none',
    '/apis/apps/v9',
    '/api/v2',
    '/readyzz',
  ];
  for (const path of [...others, '/constructor', '/apis/apps/v1/a/b', '/livez/none']) {
    assert.equal(await ask(path), undefined, path);
  }
});

test('newDiscovery refuses to be written to', async () => {
  await assert.rejects(ask('/version', { method: 'POST' }), (error) => hasReason(error, 'MethodNotAllowed'));
});

test('newDiscovery tells the version in the form that clients parse', async () => {
  const { major, minor, gitVersion } = parsed<Record<string, string>>(await ask('/version'));
  assert.deepEqual({ major, minor }, { major: '1', minor: '36' });
  assert.match(gitVersion!, /^v1\.36\.\d+\+kintsugi$/);
});

test('healthResponse names what failed and nothing more', async () => {
  const store = { name: 'store', problem: () => 'disk /secret/path full' };
  const health = { livez: [], readyz: [store] };
  assert.equal(textOf(await ask('/livez', { health })), 'ok');
  assert.equal(textOf(await ask('/healthz/ping', { health })), 'ok');
  assert.equal(textOf(await ask('/livez?verbose', { health })), '[+]ping ok\nlivez check passed\n');
  const failed = await ask('/readyz', { health });
  assert.equal(failed?.status, 500);
  assert.equal(textOf(failed), '[+]ping ok\n[-]store failed: reason withheld\nreadyz check failed\n');
  assert.equal((await ask('/readyz?exclude=store', { health }))?.status, 200);
});

test('newDiscovery serves the documents of schemas that the index names, cacheable by their hash', async () => {
  const { paths } = parsed<{ paths: Record<string, { serverRelativeURL: string }> }>(
    await ask('/openapi/v3'),
  );
  const response = await ask(paths['apis/apps/v1']!.serverRelativeURL);
  assert.equal(response?.headers['cache-control'], 'public, immutable');
  assert.equal(response?.headers['expires'], 'Fri, 01 Jan 2027 00:00:00 GMT');
  assert.equal(parsed<{ openapi: string }>(response).openapi, '3.0.0');
  await assert.rejects(ask('/openapi/v3/apis/none/v1'), (error) => hasReason(error, 'NotFound'));
  const xml = { accept: 'application/xml' };
  await assert.rejects(ask('/openapi/v2', { headers: xml }), (error) => hasReason(error, 'NotAcceptable'));
});

test('newDiscovery answers in protobuf where the client prefers it, without a tag that belongs to the JSON', async () => {
  const accept = 'application/vnd.kubernetes.protobuf,application/json';
  for (const path of ['/api', '/api/v1', '/apis', '/apis/apps', '/apis/apps/v1']) {
    const json = parsed<Record<string, unknown>>(await ask(path));
    const response = await ask(path, { headers: { accept } });
    assert.equal(response?.headers['content-type'], 'application/vnd.kubernetes.protobuf', path);
    assert.equal(response.headers['etag'], undefined);
    const { body } = response as { body: { bytes(): Uint8Array } };
    assert.deepEqual(decodeProtobuf(body.bytes()), { ...json, apiVersion: 'v1' }, path);
  }
  const version = await ask('/version', { headers: { accept } });
  assert.equal(version?.headers['content-type'], 'application/json');
});

test('newDiscovery publishes the keys of its tokens', async () => {
  const configuration = parsed<Record<string, unknown>>(await ask('/.well-known/openid-configuration'));
  assert.equal(configuration['issuer'], sources.issuer.issuer);
  assert.deepEqual(configuration['id_token_signing_alg_values_supported'], ['ES256']);
  const jwks = await ask('/openid/v1/jwks');
  assert.equal(jwks?.headers['content-type'], 'application/jwk-set+json');
  assert.deepEqual(parsed(jwks), { keys: [{ kid: 'a' }] });
});
