/**
 * The `proxy` subresources of Pods, Services and nodes by the real kubectl, on a cluster that `kintsugi up` started: raw
 * requests, and a browser's through `kubectl proxy`.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hasKubectl, kubectlPath } from '../tools/kubectl.ts';
import { kubectlEnvironment } from '../tools/run-kubectl.ts';
import { startCommand } from '../tools/running-command.ts';
import { eventually, startUpCluster, type UpCluster, WEB_APP } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';
const MANIFEST = `
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: web
      image: "${WEB_APP}"
      env: [{ name: POD_NAME, value: web }]
      ports: [{ containerPort: 8080, name: http }]
      readinessProbe: { httpGet: { path: /ready, port: http }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: front, port: 80, targetPort: http }] }
---
apiVersion: v1
kind: Service
metadata: { name: empty }
spec: { selector: { app: nobody }, ports: [{ port: 80 }] }
`;
const PODS = '/api/v1/namespaces/default/pods';
const SERVICES = '/api/v1/namespaces/default/services';

let cluster: UpCluster;
before(async () => {
  if (skip) return;
  cluster = await startUpCluster();
  await cluster.kubectl.withInput(MANIFEST, 'apply', '-f', '-');
  await cluster.kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=25s');
});
after(() => cluster?.[Symbol.asyncDispose]());

const raw = (path: string) => cluster.kubectl('get', '--raw', path);
const refusal = async (path: string) => {
  const { code, stderr } = await cluster.kubectl.attempt(['get', '--raw', path]);
  assert.notEqual(code, 0);
  return stderr;
};

test('kubectl get --raw asks a Pod', { skip }, async () => {
  assert.equal(await raw(`${PODS}/web/proxy/`), 'web\n');
  assert.equal(await raw(`${PODS}/web/proxy`), 'web\n'); // by way of the redirect
  assert.equal(await raw(`${PODS}/http:web:8080/proxy/health`), 'ok\n');
  assert.equal(await raw(`${PODS}/web/proxy/slow?ms=1`), await raw(`${PODS}/web:8080/proxy/slow?ms=1`));
  assert.match(
    await refusal(`${PODS}/web:9/proxy/`),
    /error trying to reach service: dial tcp [\d.]+:9: connect: /,
  );
  assert.match(await refusal(`${PODS}/nobody/proxy/`), /pods "nobody" not found/);
});

test('kubectl get --raw asks a node’s agent', { skip }, async () => {
  const node = await cluster.kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}');
  assert.equal(await raw(`/api/v1/nodes/${node}/proxy/healthz`), 'ok');
  assert.equal(JSON.parse(await raw(`/api/v1/nodes/${node}/proxy/pods`)).kind, 'PodList');
  assert.equal(JSON.parse(await raw(`/api/v1/nodes/${node}/proxy/stats/summary`)).node.nodeName, node);
  assert.match(await refusal('/api/v1/nodes/none/proxy/healthz'), /nodes "none" not found/);
});

test('kubectl get --raw asks a Service’s ready endpoint', { skip }, async () => {
  for (const port of ['front', '80'])
    await eventually('the Service has an endpoint', async () => {
      assert.equal(await raw(`${SERVICES}/web:${port}/proxy/`), 'web\n');
    });
  assert.match(await refusal(`${SERVICES}/empty:80/proxy/`), /no endpoints available for service "empty"/);
  assert.match(await refusal(`${SERVICES}/web:81/proxy/`), /no service port 81 found for service "web"/);
});

test('kubectl create --raw posts to a Pod, and its Service has no endpoint any more', { skip }, async () => {
  const post = (path: string) =>
    cluster.kubectl.withInput('', 'create', '--raw', `${PODS}/web/proxy${path}`, '-f', '-');
  await post('/ready/disable');
  await eventually('the endpoint is gone', async () => {
    assert.match(await refusal(`${SERVICES}/web:front/proxy/`), /no endpoints available for service "web"/);
  });
  await post('/ready/enable');
  await eventually('the endpoint is back', () => raw(`${SERVICES}/web:front/proxy/`));
});

test('kubectl proxy leads a browser to a Service', { skip }, async () => {
  const proxy = startCommand(await kubectlPath(), ['proxy', '--port=0'], {
    env: kubectlEnvironment(cluster.kubeconfig),
  });
  const [, port] = await proxy.untilOutput(/127\.0\.0\.1:(\d+)/);
  const url = `http://127.0.0.1:${port}${SERVICES}/web:front/proxy`;
  const bare = await fetch(url, { redirect: 'manual', headers: { connection: 'close' } });
  assert.deepEqual([bare.status, bare.headers.get('location')], [301, `${SERVICES}/web:front/proxy/`]);
  const page = await fetch(`${url}/`, { headers: { connection: 'close' } });
  assert.deepEqual([page.status, await page.text()], [200, 'web\n']);
  proxy.signal('SIGTERM');
  await proxy.exited;
});
