/**
 * Services on a ServiceCIDR beyond the first: reached like any, and nothing of them is left on the machine.
 *
 * @see Kubernetes test/e2e/network/service_cidrs.go, "should create Services and serve on different Service CIDRs"
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { eventually, isRoot, PROBE_TARGET, startUpCluster, TOOLBOX } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'needs kubectl';
/**
 * For benchmarks; on loopback, where only such can be listened on, a part that no cluster takes. Another one each time: the
 * test may run beside itself.
 */
const NETWORK = `${isRoot ? '198.18' : '127.250'}.${randomInt(256)}`;
const ADDRESS = `${NETWORK}.10`;
const PORT = 8099;

function isLocal(): boolean {
  const { stdout } = spawnSync('ip', ['route', 'show', 'table', 'local'], { encoding: 'utf8' });
  return stdout.split('\n').some((line) => line.startsWith(`local ${ADDRESS} `));
}

test('a Service on another ServiceCIDR is reached from the node and from Pods', { skip }, async () => {
  const cluster = await startUpCluster();
  const create = (object: object) =>
    cluster.kubectl.withInput(JSON.stringify(object), 'create', '--validate=false', '-f', '-');
  const metadata = { name: 'web', labels: { app: 'web' } };
  try {
    await create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata,
      spec: { cidrs: [`${NETWORK}.0/24`] },
    });
    await cluster.kubectl('wait', '--for=condition=Ready', 'servicecidr/web', '--timeout=20s');
    const web = { name: 'web', image: PROBE_TARGET };
    await create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [web] } });
    const ports = [{ port: PORT, targetPort: 8080 }];
    await create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { clusterIP: ADDRESS, selector: metadata.labels, ports },
    });
    const url = `http://${ADDRESS}:${PORT}/health`;
    await eventually('it answers on the node', async () => {
      assert.match(await (await fetch(url)).text(), /answered by/);
    });
    const command = ['node', '-e', `fetch('${url}').then((r) => r.text()).then(console.log)`];
    const asking = { name: 'ask', image: TOOLBOX, command };
    const spec = { restartPolicy: 'Never', containers: [asking] };
    await create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'ask' }, spec });
    await eventually('a Pod has the answer', async () => {
      assert.match(await cluster.kubectl('logs', 'ask'), /answered by/);
    });
    assert.equal(isLocal(), isRoot, 'one address alone is made local');
    await cluster.kubectl('delete', 'service', 'web');
    await eventually('the address is let go', async () => assert.equal(isLocal(), false));
    await create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { clusterIP: ADDRESS, selector: metadata.labels, ports },
    });
    await eventually('it answers again', async () => assert.equal((await fetch(url)).status, 200));
  } finally {
    await cluster[Symbol.asyncDispose]();
  }
  assert.equal(isLocal(), false, 'the end of the cluster takes the route away');
});
