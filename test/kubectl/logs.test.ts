/** `kubectl logs` in all its ways, on a cluster that `kintsugi up` started. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hasKubectl, kubectlPath } from '../tools/kubectl.ts';
import { startCommand } from '../tools/running-command.ts';
import { eventually, startUpCluster, TOOLBOX, type UpCluster } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';

/** `name` prints three lines, and on SIGUSR1 ends with 1. */
const pod = (name: string, containers: readonly string[]) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'talk' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: containers.map((container) => ({
        name: container,
        image: TOOLBOX,
        command: [
          'sh',
          '-c',
          `for i in 1 2 3; do echo "${name} ${container} $i"; done; echo err >&2; trap 'echo bye; exit 1' USR1; while :; do sleep 0.05; done`,
        ],
      })),
    },
  });

let cluster: UpCluster;
before(async () => {
  if (skip) return;
  cluster = await startUpCluster();
  await cluster.kubectl.withInput(pod('solo', ['main']), 'apply', '-f', '-');
  await cluster.kubectl.withInput(pod('duo', ['left', 'right']), 'apply', '-f', '-');
  await cluster.kubectl('wait', '--for=condition=Ready', 'pod/solo', 'pod/duo', '--timeout=25s');
});
after(() => cluster?.[Symbol.asyncDispose]());

const logs = (...args: string[]) => cluster.kubectl('logs', ...args);
const SOLO = ['solo main 1', 'solo main 2', 'solo main 3', 'err'];
const lines = (text: string) => text.trimEnd().split('\n');

test('kubectl logs prints both streams, whole or the last lines', { skip }, async () => {
  assert.deepEqual(lines(await logs('solo')).sort(), [...SOLO].sort());
  assert.equal(lines(await logs('solo', '--tail=2')).length, 2);
  assert.equal(await logs('solo', '--tail=0'), '');
  assert.equal(await logs('solo', '--limit-bytes=4'), 'solo');
});

test('kubectl logs --timestamps and --since tell and select by time', { skip }, async () => {
  for (const line of lines(await logs('solo', '--timestamps')))
    assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z /);
  assert.equal(lines(await logs('solo', '--since=1h')).length, 4);
  const [first] = lines(await logs('solo', '--timestamps'));
  const later = new Date(Date.parse(first!.split(' ')[0]!) + 60_000).toISOString();
  assert.equal(await logs('solo', `--since-time=${later}`), '');
});

test('kubectl logs of a Pod with two containers takes the first, or the one, or all', { skip }, async () => {
  const all = lines(await logs('duo', '--all-containers', '--prefix')).sort();
  assert.equal(all.length, 8);
  assert.match(all[0]!, /^\[pod\/duo\/left\] /);
  assert.match(await logs('duo', '-c', 'right', '--tail=4'), /duo right 3/);
  const { stdout, stderr } = await cluster.kubectl.attempt(['logs', 'duo']);
  assert.match(stderr, /Defaulted container "left" out of: left, right/);
  assert.match(stdout, /duo left 1/);
  const wrong = await cluster.kubectl.attempt(['logs', 'duo', '-c', 'middle']);
  assert.match(wrong.stderr, /container middle is not valid for pod duo/);
});

test('kubectl logs -l gathers from many Pods', { skip }, async () => {
  const text = await logs('-l', 'app=talk', '--all-containers', '--tail=-1');
  for (const who of ['solo main', 'duo left', 'duo right']) assert.match(text, new RegExp(`${who} 3`));
});

test('kubectl logs -f goes on across nothing but the container’s end, and --previous has what was before', {
  skip,
}, async () => {
  const none = await cluster.kubectl.attempt(['logs', 'solo', '--previous']);
  assert.match(none.stderr, /previous terminated container "main" in pod "solo" not found/);
  const env = {
    PATH: process.env['PATH'],
    HOME: `${cluster.kubeconfig}.home`,
    KUBECONFIG: cluster.kubeconfig,
  };
  const follow = startCommand(await kubectlPath(), ['logs', '-f', 'solo'], { env });
  await follow.untilOutput(/solo main 3/);
  await cluster.kubectl('exec', 'solo', '--', 'sh', '-c', 'kill -USR1 1');
  const end = await follow.exited;
  assert.equal(end.code, 0, end.stderr);
  assert.match(end.stdout, /bye\n$/);
  await eventually('the restart', async () => {
    assert.match(await cluster.kubectl('get', 'pod', 'solo', '--no-headers'), /1\/1 +Running +1 /);
  });
  assert.match(await logs('solo', '--previous'), /bye\n$/);
  assert.doesNotMatch(await logs('solo'), /bye/);
});
