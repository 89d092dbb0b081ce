import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { ApiResponse } from '../../api/message.ts';
import { newInProcessTransport } from '../../client/in-process-transport.ts';
import { newRestClient } from '../../client/rest-client.ts';
import { discoverExtensionKinds } from '../../controllers/framework/extension-kinds.ts';
import {
  ADMIN,
  newRequest,
  newSimulatedApiServer,
  type SimulatedApiServerOptions,
} from '../../simulation/sim-api-server.ts';
import { ADDRESS, API_SERVICE, NAME, SERVICE, SLICE } from '../../simulation/sim-extension.fixture.ts';
import type { SimulatedExtension } from '../../simulation/sim-extensions.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import { parseAuditPolicy } from '../audit/parse-audit-policy.ts';

const SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const RESOURCES = JSON.stringify({
  kind: 'APIResourceList',
  resources: [{ name: 'things', singularName: 'thing', namespaced: true, kind: 'Thing', verbs: ['get'] }],
});
/** With everything that runs beside a server running. */
async function start(t: TestContext, options: SimulatedApiServerOptions = {}) {
  const world = await newSimulatedApiServer(options);
  const { server, clock, call } = world;
  await server.aggregation.start();
  const ending = new AbortController();
  const running = [server.definitions, server.aggregation].map((part) => part.run(ending.signal));
  const broken: unknown[] = [];
  for (const one of running)
    one.catch((error: unknown) => {
      if (!ending.signal.aborted) broken.push(error);
    });
  t.after(async () => {
    ending.abort();
    await Promise.allSettled(running);
    assert.deepEqual(broken, []);
  });
  const condition = async () => {
    const { conditions = [] } = (await call('GET', `${SERVICES}/${NAME}`)).value.status;
    const found = conditions.find(({ type }: { type: string }) => type === 'Available');
    return found && `${found.status} ${found.reason}: ${found.message}`;
  };
  const makeService = async () => {
    await call('POST', '/api/v1/namespaces/default/services', SERVICE);
    await call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', SLICE);
  };
  const remotely = (url: string) => {
    const peer = { kind: 'remote', address: '192.0.2.7', certificate: undefined } as const;
    return server.handle({ ...newRequest('GET', url), peer }, ending.signal);
  };
  return { ...world, condition, makeService, remotely, settle: () => clock.settle() };
}

function classic(): SimulatedExtension {
  return ({ path }) =>
    path === '/apis/x.io/v1' ? { status: 200, text: RESOURCES } : { status: 404, text: '{}' };
}

function targetOf({ body }: ApiResponse) {
  assert.equal(body.kind, 'tunnel');
  return (body as Extract<ApiResponse['body'], { kind: 'tunnel' }>).target;
}

test('Aggregation writes nothing at a start at which everything is there', async () => {
  const { server, store } = await newSimulatedApiServer();
  await server.aggregation.start();
  const { revision } = store;
  await server.aggregation.start();
  assert.equal(store.revision, revision);
});

test('Aggregation says what is missing, then that the extension is there, and why no more', async (t) => {
  const { call, settle, condition, makeService, extensions, clock } = await start(t);
  await call('POST', SERVICES, API_SERVICE);
  await settle();
  assert.equal(await condition(), 'False ServiceNotFound: service/api in "default" is not present');
  await makeService();
  await settle();
  const url = 'https://10.192.0.5:8443/apis/x.io/v1';
  const refused = `failing or missing response from ${url}: Get "${url}": dial tcp ${ADDRESS}: connect: connection refused`;
  assert.equal(await condition(), `False FailedDiscoveryCheck: ${refused}`);
  extensions.listen(ADDRESS, classic());
  await clock.advance(30_000);
  assert.equal(await condition(), 'True Passed: all checks passed');
  extensions.listen(ADDRESS, () => ({ status: 500, text: '' }));
  await clock.advance(30_000);
  const bad = `failing or missing response from ${url}: bad status from ${url}: 500`;
  assert.equal(await condition(), `False FailedDiscoveryCheck: ${bad}`);
  extensions.listen(ADDRESS, () => 'never');
  await clock.advance(60_000);
  const late = `failing or missing response from ${url}: Get "${url}": context deadline exceeded`;
  assert.equal(await condition(), `False FailedDiscoveryCheck: ${late}`);
  extensions.listen(ADDRESS, classic());
  await call('DELETE', '/api/v1/namespaces/default/services/api');
  await settle();
  assert.match(await condition(), /^False ServiceNotFound/);
});

test('Aggregation writes only what is news', async (t) => {
  const { call, makeService, extensions, clock, store, condition } = await start(t);
  extensions.listen(ADDRESS, classic());
  await makeService();
  await call('POST', SERVICES, API_SERVICE);
  await clock.settle();
  assert.equal(await condition(), 'True Passed: all checks passed');
  const { revision } = store;
  await clock.advance(10 * 60_000);
  assert.equal(store.revision, revision);
});

test('Aggregation hands requests of the group version to the extension, for whoever asks', async (t) => {
  const { call, makeService, extensions, clock, remotely } = await start(t);
  extensions.listen(ADDRESS, classic());
  await makeService();
  await call('POST', SERVICES, API_SERVICE);
  await clock.settle();
  const response = await remotely('/apis/x.io/v1/namespaces/default/things?limit=5');
  assert.deepEqual(targetOf(response), {
    host: '10.192.0.5',
    port: 8443,
    path: '/apis/x.io/v1/namespaces/default/things',
    query: 'limit=5',
    description: 'API service "v1.x.io"',
    extension: {
      serverName: 'api.default.svc',
      trust: 'machine',
      identity: { 'x-remote-user': ['admin'], 'x-remote-group': ['system:masters', 'system:authenticated'] },
      timeoutMs: 60_000,
    },
  });
  const timeoutOf = async (url: string) => targetOf(await remotely(url)).extension?.timeoutMs;
  assert.equal(await timeoutOf('/apis/x.io/v1/things?watch=true'), undefined);
  assert.equal(await timeoutOf('/apis/x.io/v1'), 5000);
  assert.equal(await timeoutOf('/openapi/v3/apis/x.io/v1'), 5000);
  assert.equal((await call('GET', '/apis/x.io/v2/things')).status, 404);
  extensions.listen(ADDRESS, () => ({ broken: 'EOF' }));
  await clock.advance(30_000);
  assert.equal((await call('GET', '/apis/x.io/v1/things')).status, 503);
  await call('DELETE', `${SERVICES}/${NAME}`);
  await clock.settle();
  assert.equal((await call('GET', '/apis/x.io/v1/things')).status, 404);
});

test('Aggregation takes over a group version that this server has, and gives it back', async (t) => {
  const { call, clock, server } = await start(t);
  await makeDefinition(call);
  await clock.settle();
  assert.equal((await call('GET', '/apis/x.io/v1/things')).status, 200);
  const read = async () => (await call('GET', `${SERVICES}/${NAME}`)).value as APIService;
  const own = await read();
  assert.equal(own.metadata.labels?.['kube-aggregator.kubernetes.io/automanaged'], 'true');
  const theirs = {
    ...own,
    metadata: { ...own.metadata, labels: {} },
    spec: { ...own.spec, ...API_SERVICE.spec },
  };
  assert.equal((await call('PUT', `${SERVICES}/${NAME}`, theirs)).status, 200);
  await clock.settle();
  assert.equal((await call('GET', '/apis/x.io/v1/things')).status, 503);
  const mine = server.aggregation.served().filter(({ group }) => group === 'x.io');
  assert.deepEqual(
    mine.map(({ version, rows, extension }) => [version, rows.length, extension?.isCurrent]),
    [['v1', 0, false]],
  );
  await call('DELETE', `${SERVICES}/${NAME}`);
  await clock.settle();
  assert.equal((await call('GET', '/apis/x.io/v1/things')).status, 200);
  assert.equal((await read()).spec.service, undefined);
});

test('Aggregation lets metrics-server take over what this server measures itself', async (t) => {
  const agents = { readJson: () => assert.fail('there are no nodes') };
  const { call, makeService, extensions, clock, server, remotely } = await start(t, { agents });
  const url = '/apis/metrics.k8s.io/v1beta1/nodes';
  assert.equal((await call('GET', url)).value.kind, 'NodeMetricsList');
  const name = 'v1beta1.metrics.k8s.io';
  // Helm makes it, and refuses to take over what is there.
  assert.equal((await call('GET', `${SERVICES}/${name}`)).status, 404);
  extensions.listen(ADDRESS, () => ({ status: 200, text: RESOURCES }));
  await makeService();
  const spec = { ...API_SERVICE.spec, group: 'metrics.k8s.io', version: 'v1beta1' };
  assert.equal((await call('POST', SERVICES, { metadata: { name }, spec })).status, 201);
  await clock.settle();
  assert.equal(targetOf(await remotely(url)).host, '10.192.0.5');
  const listed = () => server.aggregation.served().filter(({ group }) => group === 'metrics.k8s.io');
  assert.deepEqual(
    listed().map(({ rows, extension }) => [rows.length, extension?.resources.length]),
    [[0, 1]],
  );
  await call('DELETE', `${SERVICES}/${name}`);
  await clock.settle();
  assert.equal((await call('GET', url)).value.kind, 'NodeMetricsList');
  assert.equal(listed()[0]?.rows.length, 2);
});

test('Aggregation leaves it to the extension what the audit log says of the answer', async (t) => {
  const lines: string[] = [];
  const policy = parseAuditPolicy(`
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{ level: Metadata, resources: [{ group: x.io }] }]
`);
  const audit = { policy, sink: { write: (line: string) => void lines.push(line) } };
  const { call, makeService, extensions, clock, remotely } = await start(t, { audit });
  extensions.listen(ADDRESS, classic());
  await makeService();
  await call('POST', SERVICES, API_SERVICE);
  await clock.settle();
  const { body } = await remotely('/apis/x.io/v1/things?watch=true');
  assert.ok(body.kind === 'tunnel');
  assert.deepEqual(lines, []);
  body.onAnswered?.(403);
  body.onClosed?.();
  const events = lines.map((line) => JSON.parse(line) as AuditEvent);
  assert.deepEqual(
    events.map(({ stage, responseStatus }) => [stage, responseStatus?.code]),
    [
      ['ResponseStarted', 403],
      ['ResponseComplete', 403],
    ],
  );
});

test('Aggregation asks the extension itself for who is in this process', async (t) => {
  const { call, makeService, extensions, clock, server } = await start(t);
  const methods: string[] = [];
  extensions.listen(ADDRESS, (target, method) => {
    methods.push(`${method} ${target.path} ${target.extension?.identity['x-remote-user']?.[0]}`);
    return classic()(target, method);
  });
  await makeService();
  await call('POST', SERVICES, API_SERVICE);
  await clock.settle();
  methods.length = 0;
  const client = newRestClient(newInProcessTransport(server.handle.bind(server), ADMIN), { userAgent: 't' });
  assert.deepEqual(
    (await discoverExtensionKinds(client, new AbortController().signal)).rows.map(({ kind }) => kind),
    ['Thing'],
  );
  assert.deepEqual(methods, ['GET /apis/x.io/v1 admin']);
  extensions.listen(ADDRESS, () => ({ broken: 'EOF' }));
  const { status, value } = await call('GET', '/apis/x.io/v1/things');
  assert.deepEqual([status, value.message], [503, 'error trying to reach service: EOF']);
});

test('Aggregation follows a Service to a name outside of the cluster', async (t) => {
  const { call, extensions, clock, remotely, condition } = await start(t);
  extensions.listen('api.example.com:443', classic());
  const spec = { type: 'ExternalName', externalName: 'api.example.com' };
  await call('POST', '/api/v1/namespaces/default/services', { metadata: { name: 'api' }, spec });
  await call('POST', SERVICES, API_SERVICE);
  await clock.settle();
  assert.equal(await condition(), 'True Passed: all checks passed');
  const { host, port, extension } = targetOf(await remotely('/apis/x.io/v1/things'));
  assert.deepEqual([host, port, extension?.serverName], ['api.example.com', 443, 'api.default.svc']);
});

test('Aggregation keeps the core group and that of APIServices', async (t) => {
  const { call, clock } = await start(t);
  const url = `${SERVICES}/v1.`;
  const own = (await call('GET', url)).value as APIService;
  const service = { namespace: 'default', name: 'api' };
  assert.equal((await call('PUT', url, { ...own, spec: { ...own.spec, service } })).status, 200);
  await clock.settle();
  assert.equal((await call('GET', '/api/v1/namespaces')).status, 200);
});

test('Aggregation lists what the extension says, in the order of its priority, and keeps it when it is stale', async (t) => {
  const { call, makeService, extensions, clock, server } = await start(t);
  const things = { resource: 'things', scope: 'Namespaced', verbs: ['get'], singularResource: 'thing' };
  const versions = [{ version: 'v1', resources: [things], freshness: 'Current' }];
  const index = { paths: { 'apis/x.io/v1': { serverRelativeURL: '/openapi/v3/apis/x.io/v1?hash=7' } } };
  const answers: Record<string, object> = {
    '/apis': { kind: 'APIGroupDiscoveryList', items: [{ metadata: { name: 'x.io' }, versions }] },
    '/apis/x.io/v1': {},
    '/openapi/v3': index,
    '/openapi/v2': { paths: { '/apis/x.io/v1/things': {}, '/apis/y.io/v1/others': {} } },
  };
  extensions.listen(ADDRESS, ({ path }) => ({ status: 200, text: JSON.stringify(answers[path]) }));
  await makeService();
  await call('POST', SERVICES, API_SERVICE);
  await clock.settle();
  const served = () => server.aggregation.served();
  const found = () => served().find(({ group }) => group === 'x.io')?.extension;
  assert.deepEqual(found(), {
    resources: [things],
    isCurrent: true,
    openApiUrl: '/openapi/v3/apis/x.io/v1?hash=7',
    schemas: { paths: { '/apis/x.io/v1/things': {} }, definitions: {}, parameters: {} },
  });
  assert.equal(served().at(-1)?.group, 'x.io');
  const before = served();
  assert.equal(served(), before);
  extensions.listen(ADDRESS, () => ({ broken: 'EOF' }));
  await clock.advance(30_000);
  assert.deepEqual(found()?.resources, [things]);
  assert.equal(found()?.isCurrent, false);
  assert.deepEqual(Object.keys(found()?.schemas?.paths ?? {}), ['/apis/x.io/v1/things']);
  const first = {
    ...API_SERVICE,
    metadata: { name: 'v1.first.io' },
    spec: { ...API_SERVICE.spec, group: 'first.io', groupPriorityMinimum: 19_000 },
  };
  await call('POST', SERVICES, first);
  await clock.settle();
  assert.deepEqual(
    served()
      .slice(0, 3)
      .map(({ group }) => group),
    ['apiregistration.k8s.io', 'first.io', ''],
  );
});

test('Aggregation lets go of what waits for an extension that is gone', async (t) => {
  const { call, makeService, extensions, clock } = await start(t);
  extensions.listen(ADDRESS, () => 'never');
  await makeService();
  await call('POST', SERVICES, API_SERVICE);
  await clock.settle();
  await call('DELETE', `${SERVICES}/${NAME}`);
  await clock.settle();
  const other = { ...API_SERVICE.spec, service: { namespace: 'default', name: 'other' } };
  await call('POST', SERVICES, { ...API_SERVICE, spec: other });
  await clock.advance(10_000);
  assert.equal(
    (await call('GET', `${SERVICES}/${NAME}`)).value.status.conditions[0].reason,
    'ServiceNotFound',
  );
});

async function makeDefinition(call: Awaited<ReturnType<typeof start>>['call']): Promise<void> {
  const schema = { openAPIV3Schema: { type: 'object' } };
  await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'things.x.io' },
    spec: {
      group: 'x.io',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });
}
