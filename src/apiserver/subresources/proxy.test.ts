import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest, TunnelTarget } from '../../api/message.ts';
import {
  type Answer,
  newSimulatedApiServer,
  PODS_URL,
  pod,
  type SimulatedApiServer,
} from '../../simulation/sim-api-server.ts';

const SERVICES_URL = '/api/v1/namespaces/default/services';
const SLICES_URL = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const UPGRADE = { connection: 'keep-alive, Upgrade', upgrade: 'websocket' };

async function newPod({ call }: SimulatedApiServer, name: string, ip: string, spec = {}): Promise<void> {
  await call('POST', PODS_URL, pod(name, { nodeName: 'n1', ...spec }));
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }] };
  const merge = { 'content-type': 'application/merge-patch+json' };
  assert.equal((await call('PATCH', `${PODS_URL}/${name}/status`, { status }, merge)).status, 200);
}

async function newNode({ call }: SimulatedApiServer, address: string): Promise<void> {
  await call('POST', '/api/v1/nodes', {
    metadata: { name: 'n1' },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      daemonEndpoints: { kubeletEndpoint: { Port: 10255 } },
    },
  });
}

/** A Service `web` with two ports, `ready` of whose Pods are ready and `unready` are not. */
async function newWebService(api: SimulatedApiServer, ready: string[], unready: string[] = []) {
  const { call } = api;
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'admin', port: 9000, targetPort: 9001 },
  ];
  assert.equal(
    (await call('POST', SERVICES_URL, { metadata: { name: 'web' }, spec: { ports } })).status,
    201,
  );
  const endpoint = (ip: string, index: number, isReady: boolean) => ({
    addresses: [ip],
    conditions: { ready: isReady },
    targetRef: { kind: 'Pod', namespace: 'default', name: `web-${isReady ? 'a' : 'b'}${index}` },
  });
  for (const [index, ip] of ready.entries()) await newPod(api, `web-a${index}`, ip);
  for (const [index, ip] of unready.entries()) await newPod(api, `web-b${index}`, ip);
  const slice = {
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [
      { name: 'http', port: 8080, protocol: 'TCP' },
      { name: 'admin', port: 9001, protocol: 'TCP' },
    ],
    endpoints: [
      ...ready.map((ip, index) => endpoint(ip, index, true)),
      ...unready.map((ip, index) => endpoint(ip, index, false)),
    ],
  };
  assert.equal((await call('POST', SLICES_URL, slice)).status, 201);
}

function targetOf({ response, status, value }: Answer): TunnelTarget {
  assert.equal(response.body.kind, 'tunnel', `${status} ${value?.message}`);
  return (response.body as { target: TunnelTarget }).target;
}

/** `http 10.0.0.5:8080 /path?query`, or the failure. */
async function led(api: SimulatedApiServer, url: string, method: ApiRequest['method'] = 'GET') {
  const answer = await api.call(method, url);
  if (answer.response.body.kind !== 'tunnel') return `${answer.status} ${answer.value?.message}`;
  const { proxied, host, port, path, query } = targetOf(answer);
  return `${proxied?.scheme} ${host}:${port} ${path}${query === '' ? '' : `?${query}`}`;
}

test('proxy of a Pod leads to its address, and the port that is asked for or declared', async () => {
  const api = await newSimulatedApiServer();
  const containers = [
    { name: 'none', image: 'i' },
    { name: 'main', image: 'i', ports: [{ containerPort: 8080 }, { containerPort: 9090 }] },
  ];
  await newPod(api, 'web', '10.0.0.5', { containers });
  await newPod(api, 'bare', '10.0.0.6');
  await newPod(api, 'six', 'fd00::7');
  for (const [id, expected] of [
    ['web', 'http 10.0.0.5:8080'],
    ['web:9999', 'http 10.0.0.5:9999'],
    ['http:web:81', 'http 10.0.0.5:81'],
    ['https:web:443', 'https 10.0.0.5:443'],
    ['bare', 'http 10.0.0.6:80'],
    ['https:bare:', 'https 10.0.0.6:443'],
    ['six:80', 'http fd00::7:80'],
  ]) {
    assert.equal(await led(api, `${PODS_URL}/${id}/proxy/a/b?c=d`), `${expected} /a/b?c=d`);
  }
});

test('proxy refuses what names no Pod or port, in upstream words', async () => {
  const api = await newSimulatedApiServer();
  await newPod(api, 'web', '10.0.0.5');
  for (const [id, expected] of [
    ['nobody', '404 pods "nobody" not found'],
    ['ftp:web:21', '400 invalid pod request "ftp:web:21"'],
    ['a:b:c:d', '400 invalid pod request "a:b:c:d"'],
    [':80', '400 invalid pod request ":80"'],
    ['web:http', '503 error trying to reach service: dial tcp: lookup tcp/http: unknown port'],
    ['web:70000', '503 error trying to reach service: dial tcp: lookup tcp/70000: invalid port'],
  ]) {
    assert.equal(await led(api, `${PODS_URL}/${id}/proxy/`), expected);
  }
});

test('proxy does not lead to this machine or its link, but to Pods that live on loopback', async () => {
  const api = await newSimulatedApiServer();
  const refused = [
    '127.0.0.1',
    '127.65.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    'fe80::1',
    '::',
  ];
  for (const [index, ip] of refused.entries()) {
    await newPod(api, `bad-${index}`, ip);
    assert.equal(await led(api, `${PODS_URL}/bad-${index}:80/proxy/`), '400 address not allowed', ip);
  }
  await newPod(api, 'own', '127.64.3.2');
  assert.equal(await led(api, `${PODS_URL}/own:80/proxy/`), 'http 127.64.3.2:80 /');
  await api.call('POST', PODS_URL, pod('young'));
  assert.equal(await led(api, `${PODS_URL}/young:80/proxy/`), '400 address not allowed');
});

test('proxy of a Service leads to a ready endpoint, by the name or the number of the port', async () => {
  const api = await newSimulatedApiServer();
  await newWebService(api, ['10.0.0.1', '10.0.0.2'], ['10.0.0.3']);
  const chosen = new Set<string>();
  for (let i = 0; i < 40; i++) chosen.add(await led(api, `${SERVICES_URL}/web:http/proxy/`));
  assert.deepEqual([...chosen].sort(), ['http 10.0.0.1:8080 /', 'http 10.0.0.2:8080 /']);
  assert.match(await led(api, `${SERVICES_URL}/web:9000/proxy/x`), /^http 10\.0\.0\.[12]:9001 \/x$/);
  assert.match(await led(api, `${SERVICES_URL}/https:web:admin/proxy/`), /^https 10\.0\.0\.[12]:9001 \/$/);
});

test('proxy of a Service that leads nowhere says so in upstream words', async () => {
  const api = await newSimulatedApiServer();
  await newWebService(api, [], ['10.0.0.3']);
  for (const [id, expected] of [
    ['web:http', '503 no endpoints available for service "web"'],
    ['web', '503 no endpoints available for service "web"'],
    ['web:81', '503 no service port 81 found for service "web"'],
    ['none', '404 services "none" not found'],
    ['x:web:80', '400 invalid service request "x:web:80"'],
  ]) {
    assert.equal(await led(api, `${SERVICES_URL}/${id}/proxy/`), expected);
  }
});

test('proxy of a Service does not lead where no Pod of the namespace is', async () => {
  const api = await newSimulatedApiServer();
  await newWebService(api, ['10.0.0.1']);
  const forged = [
    { addresses: ['10.99.0.1'], targetRef: { kind: 'Pod', namespace: 'default', name: 'web-a0' } },
  ];
  await api.call(
    'PATCH',
    `${SLICES_URL}/web-1`,
    { endpoints: forged },
    { 'content-type': 'application/merge-patch+json' },
  );
  assert.equal(
    await led(api, `${SERVICES_URL}/web:http/proxy/`),
    '503 no endpoints available for service "web"',
  );
});

test('proxy of a node leads to its agent, and to no other port of this machine', async () => {
  const api = await newSimulatedApiServer();
  await newNode(api, '127.0.0.1');
  const url = '/api/v1/nodes';
  assert.equal(await led(api, `${url}/n1/proxy/healthz`), 'agent 127.0.0.1:10255 /healthz');
  assert.equal(await led(api, `${url}/n1:10255/proxy/pods`), 'agent 127.0.0.1:10255 /pods');
  assert.equal(await led(api, `${url}/n1:22/proxy/`), '400 address not allowed');
  assert.equal(await led(api, `${url}/n2/proxy/`), '404 nodes "n2" not found');
});

test('proxy of a node leads to another port of another machine', async () => {
  const api = await newSimulatedApiServer();
  await newNode(api, '192.0.2.7');
  assert.equal(await led(api, '/api/v1/nodes/https:n1:9100/proxy/metrics'), 'https 192.0.2.7:9100 /metrics');
});

test('proxy hands the path on as it was sent', async () => {
  const api = await newSimulatedApiServer();
  await newPod(api, 'web', '10.0.0.5');
  for (const path of [
    '/',
    '/a/',
    '//a//b',
    '/a/../../b',
    '/..%2f..',
    '/%2e%2e/x',
    '/a%2Fb',
    '/%zz',
    '/proxy/proxy',
  ]) {
    assert.equal(await led(api, `${PODS_URL}/web/proxy${path}`), `http 10.0.0.5:80 ${path}`);
  }
  assert.equal(await led(api, `${PODS_URL}/web/proxy/a b\n`), 'http 10.0.0.5:80 /a%20b%0A');
  assert.match(await led(api, `${PODS_URL}/../web/proxy/x`), /^404/);
  assert.match(await led(api, `${PODS_URL}/a%2Fweb/proxy/x`), /^404/);
  assert.match(await led(api, '/api/v1/pods/web/proxy/x'), /^404/);
});

test('proxy redirects a reader of the bare path to the one with a slash, and nobody else', async () => {
  const api = await newSimulatedApiServer();
  await newPod(api, 'web', '10.0.0.5');
  const url = `${PODS_URL}/web/proxy`;
  for (const method of ['GET', 'HEAD'] as const) {
    const { status, headers } = await api.call(method, `${url}?a=b`);
    assert.deepEqual([status, headers['location']], [301, `${url}/?a=b`]);
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)
    assert.equal(await led(api, `${url}?a=b`, method), 'http 10.0.0.5:80 /?a=b');
  assert.equal(targetOf(await api.call('GET', url, undefined, UPGRADE)).path, '/');
});

test('proxy needs the verb of the method on the subresource', async () => {
  const asked: string[] = [];
  const api = await newSimulatedApiServer({
    authorizer: {
      authorize: ({ verb, resource, subresource, name, namespace }) => {
        if (subresource === 'proxy') asked.push(`${verb} ${namespace} ${resource}/proxy ${name}`);
        return { allowed: true };
      },
    },
  });
  await newPod(api, 'web', '10.0.0.5');
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)
    await led(api, `${PODS_URL}/web:80/proxy/x`, method);
  const verbs = ['get', 'get', 'create', 'update', 'patch', 'delete'];
  assert.deepEqual(
    asked,
    verbs.map((verb) => `${verb} default pods/proxy web:80`),
  );
});

test('proxy lets nobody upgrade a connection to an agent who may only look', async () => {
  const api = await newSimulatedApiServer({
    authorizer: {
      authorize: ({ verb, subresource }) => ({ allowed: subresource !== 'proxy' || verb === 'get' }),
    },
  });
  await newNode(api, '192.0.2.7');
  const url = '/api/v1/nodes/n1/proxy/exec/default/web/main';
  assert.equal((await api.call('GET', url)).response.body.kind, 'tunnel');
  const { status, value } = await api.call('GET', url, undefined, UPGRADE);
  assert.equal(status, 403);
  assert.match(value.message, /nodes "n1" is forbidden: User "admin" cannot create resource "nodes\/proxy"/);
});
