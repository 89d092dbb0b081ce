/** `hostPort`: the machine's own port leads into a Pod that has a network of its own. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { eventually, isRoot, PROBE_TARGET, startUpCluster, type UpCluster } from '../tools/up-cluster.ts';

const skip = isRoot && (await hasKubectl()) ? false : 'needs root and kubectl';

let cluster: UpCluster;
before(async () => {
  if (!skip) cluster = await startUpCluster();
});
after(() => cluster?.[Symbol.asyncDispose]());

const pod = (name: string, hostPort: number) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'web', image: PROBE_TARGET, ports: [{ containerPort: 8080, hostPort }] }],
    },
  });

/** A port that nobody listens on, and the listener that proves it. */
async function takenPort(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, port: (server.address() as { port: number }).port };
}

const closed = (server: Server) => new Promise((resolve) => server.close(resolve));

test('a host port answers on the node’s address and on loopback, until the Pod goes', { skip }, async () => {
  const { port, server } = await takenPort();
  await closed(server);
  await cluster.kubectl.withInput(pod('web', port), 'apply', '-f', '-');
  const field = (path: string) => cluster.kubectl('get', 'pod', 'web', '-o', `jsonpath={${path}}`);
  const ask = async (host: string) => {
    const answer = await fetch(`http://${host}:${port}/health`, { headers: { connection: 'close' } });
    return answer.text();
  };
  await eventually('the port answers', async () => assert.match(await ask('127.0.0.1'), /answered by/));
  assert.equal(await ask(await field('.status.hostIP')), `answered by ${await field('.status.podIP')}`);
  await cluster.kubectl('delete', 'pod', 'web');
  await eventually('the port is free again', () => assert.rejects(ask('127.0.0.1')));
});

test('a host port that another program has is told on the Pod', { skip }, async () => {
  const { port, server } = await takenPort();
  await cluster.kubectl.withInput(pod('late', port), 'apply', '-f', '-');
  await eventually('the Event', async () => {
    const text = await cluster.kubectl('describe', 'pod', 'late');
    assert.match(
      text,
      /PortUnavailable .*cannot serve a host port of this Pod: TCP 127\.0\.0\.1:\d+ is in use by another process/,
    );
  });
  await closed(server);
});
