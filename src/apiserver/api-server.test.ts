import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRequest, newSimulatedApiServer, PODS_URL, pod } from '../simulation/sim-api-server.ts';

test('handle refuses what the authorizer does not allow, in words that say who may not do what', async () => {
  const { server, call } = await newSimulatedApiServer({
    authorizer: { authorize: ({ verb }) => ({ allowed: verb !== 'delete' }) },
  });
  await call('POST', PODS_URL, pod('a'));
  const { status, value } = await call('DELETE', `${PODS_URL}/a`);
  assert.equal(status, 403);
  assert.match(
    value.message,
    /^pods "a" is forbidden: User "admin" cannot delete resource "pods" in API group "" in the namespace "default"/,
  );
  const response = await server.handle(newRequest('GET', '/nowhere'), new AbortController().signal);
  assert.equal(response.status, 404);
});

test('handle answers unknown resources, methods and scopes as upstream', async () => {
  const { call } = await newSimulatedApiServer();
  const unknown = await call('GET', '/apis/apps/v1/namespaces/default/nothings');
  assert.equal(unknown.value.message, 'the server could not find the requested resource');
  const method = await call('POST', `${PODS_URL}/a`, pod('a'));
  assert.equal(method.status, 405);
  assert.equal(method.value.message, 'the server does not allow this method on the requested resource');
  assert.equal((await call('POST', '/api/v1/pods', pod('a'))).status, 405);
  assert.equal((await call('GET', '/api/v1/pods/a')).status, 404);
  assert.equal((await call('GET', '/api/v1/namespaces/default/nodes')).status, 404);
  assert.equal((await call('DELETE', '/api/v1/namespaces')).status, 405);
});

test('handle answers bad bodies with 400, 413 and 415, never with a stack trace', async () => {
  const { server, call } = await newSimulatedApiServer();
  const signal = new AbortController().signal;
  const bytes = async (content: Uint8Array, type = 'application/json') => {
    const request = newRequest('POST', PODS_URL, undefined, { 'content-type': type });
    const { status, body } = await server.handle(
      { ...request, body: { kind: 'bytes', bytes: content } },
      signal,
    );
    assert.equal(body.kind, 'object');
    return { status, value: body.value as { kind: string; message: string } };
  };
  const encode = (text: string) => new TextEncoder().encode(text);
  for (const text of ['{', '[]', '"x"', '{"metadata":1}', '{"spec":[]}', `${'['.repeat(100_000)}`]) {
    const { status, value } = await bytes(encode(text));
    assert.ok(status === 400 || status === 422, `${text.slice(0, 20)}: ${status} ${value.message}`);
    assert.equal(value.kind, 'Status');
  }
  assert.equal((await bytes(new Uint8Array([0x22, 0xff, 0x22]))).status, 400);
  assert.equal((await bytes(new Uint8Array(3 * 1024 * 1024 + 1))).status, 413);
  assert.equal((await bytes(encode('x'), 'application/cbor')).status, 415);
  const yaml = await bytes(
    encode('metadata: {name: from-yaml}\nspec: {containers: [{name: m, image: i}]}'),
    'application/yaml',
  );
  assert.equal(yaml.status, 201);
  assert.equal((await call('POST', PODS_URL, { ...pod('a'), kind: 'Deployment' })).status, 400);
  assert.equal((await call('GET', PODS_URL, undefined, { accept: 'image/png' })).status, 406);
});

test('handle refuses a patch that nests too deeply, or makes an object that does', async () => {
  const { server, call } = await newSimulatedApiServer();
  await call('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'c' } });
  const patch = async (type: string, body: string) => {
    const request = newRequest('PATCH', '/api/v1/namespaces/default/configmaps/c', undefined, {
      'content-type': `application/${type}+json`,
    });
    const bytes = new TextEncoder().encode(body);
    return (await server.handle({ ...request, body: { kind: 'bytes', bytes } }, new AbortController().signal))
      .status;
  };
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  assert.equal(await patch('merge-patch', `{"data":${deep(100_000)}}`), 400);
  assert.equal(await patch('strategic-merge-patch', `{"data":${deep(100_000)}}`), 400);
  const add = (path: string) => `{"op":"add","path":"${path}","value":${deep(900)}}`;
  assert.equal(await patch('json-patch', `[${add('/data')},${add(`/data${'/a'.repeat(900)}`)}]`), 400);
  assert.equal(await patch('merge-patch', '{"data":{"a":"b"}}'), 200);
});

test('handle of an internal caller takes a frozen value and gives a frozen one back', async () => {
  const { server } = await newSimulatedApiServer();
  const value = Object.freeze({ ...pod('a'), status: undefined });
  const request = { ...newRequest('POST', PODS_URL), body: { kind: 'object' as const, value } };
  const { body } = await server.handle(request, new AbortController().signal);
  assert.equal(body.kind, 'object');
  assert.ok(Object.isFrozen(body.value));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(body.bytes())), body.value);
});

test('bootstrapCluster makes what a cluster starts with, and a second time changes nothing', async () => {
  const { call, server, store } = await newSimulatedApiServer();
  const { value } = await call('GET', '/api/v1/namespaces');
  assert.deepEqual(
    value.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['default', 'kube-node-lease', 'kube-public', 'kube-system'],
  );
  const service = await call('GET', '/api/v1/namespaces/default/services/kubernetes');
  assert.equal(service.value.spec.clusterIP, '10.96.0.1');
  const endpoints = await call('GET', '/api/v1/namespaces/default/endpoints/kubernetes');
  assert.deepEqual(endpoints.value.subsets[0].addresses, [{ ip: '192.0.2.1' }]);
  assert.equal((await call('GET', '/apis/scheduling.k8s.io/v1/priorityclasses')).value.items.length, 2);
  const { bootstrapCluster } = await import('./bootstrap.ts');
  const before = store.revision;
  await bootstrapCluster(server.registry, {
    advertise: { address: '192.0.2.1', port: 6443 },
    rbacObjects: [],
  });
  assert.equal(store.revision, before);
  await bootstrapCluster(server.registry, {
    advertise: { address: '192.0.2.2', port: 6443 },
    rbacObjects: [],
  });
  const slice = await call('GET', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes');
  assert.deepEqual(slice.value.endpoints[0].addresses, ['192.0.2.2']);
});

test('bootstrapCluster leaves alone what has been gathered for an aggregated ClusterRole', async () => {
  const { call, server, store } = await newSimulatedApiServer();
  const { bootstrapCluster } = await import('./bootstrap.ts');
  const { bootstrapRbacObjects } = await import('./authz/bootstrap-roles.ts');
  const start = () =>
    bootstrapCluster(server.registry, {
      advertise: { address: '192.0.2.1', port: 6443 },
      rbacObjects: bootstrapRbacObjects(),
    });
  await start();
  const view = '/apis/rbac.authorization.k8s.io/v1/clusterroles/view';
  const { value: role } = await call('GET', view);
  assert.ok(role.aggregationRule);
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  await call('PUT', view, { ...role, rules });
  const before = store.revision;
  await start();
  assert.equal(store.revision, before);
  assert.deepEqual((await call('GET', view)).value.rules, rules);
});
