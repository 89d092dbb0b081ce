/** Where Pods share the machine's ports: a port that is taken is reported for what it is. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { ACCOUNTS, eventually, startUpCluster, type UpCluster, WEB_APP } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';

let cluster: UpCluster;
before(async () => {
  if (!skip) cluster = await startUpCluster(ACCOUNTS.user);
});
after(() => cluster?.[Symbol.asyncDispose]());

const pod = (name: string, env: readonly object[]) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'web', image: WEB_APP, ports: [{ containerPort: 8080 }], env }],
    },
  });

test('Pods that listen on the same port run side by side, each on its own address', { skip }, async () => {
  for (const name of ['one', 'two']) await cluster.kubectl.withInput(pod(name, []), 'apply', '-f', '-');
  await cluster.kubectl('wait', '--for=condition=Ready', 'pod/one', 'pod/two', '--timeout=25s');
  const ips = (await cluster.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].status.podIP}')).split(' ');
  assert.equal(new Set(ips).size, 2);
  for (const ip of ips) assert.equal((await fetch(`http://${ip}:8080/health`)).status, 200);
});

test('a port that another program has taken is named in the log of the container that wanted it', {
  skip,
}, async () => {
  const taken = createServer().listen(0, '0.0.0.0');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  await cluster.kubectl.withInput(pod('late', [{ name: 'PORT', value: String(port) }]), 'apply', '-f', '-');
  await eventually('the reason', async () => {
    const { stdout } = await cluster.kubectl.attempt(['logs', 'late', '--previous']);
    assert.match(stdout, new RegExp(`EADDRINUSE|port ${port} is already in use|address already in use`));
  });
  await new Promise((resolve) => taken.close(resolve));
});
