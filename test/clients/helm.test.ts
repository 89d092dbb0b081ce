/** The real Helm on a cluster that `kintsugi up` started: a chart with a CustomResourceDefinition and a hook. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { hasKubectl, helmPath } from '../tools/kubectl.ts';
import { startUpCluster, type UpCluster } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'helm is not installed';
const CHART = path.join(import.meta.dirname, 'chart');
const run = promisify(execFile);

let cluster: UpCluster;
before(async () => {
  if (!skip) cluster = await startUpCluster();
});
after(() => cluster?.[Symbol.asyncDispose]());

async function helm(...args: string[]): Promise<string> {
  const home = path.join(cluster.dataDir, 'helm');
  const env = { ...process.env, KUBECONFIG: path.join(cluster.dataDir, 'kubeconfig'), HOME: home };
  const { stdout } = await run(await helmPath(), args, { env, timeout: 90_000 });
  return stdout;
}

const k = (...args: string[]) => cluster.kubectl(...args);

test('helm installs a chart with its definitions and hooks, and waits for it', { skip }, async () => {
  assert.match(await helm('install', 'demo', CHART, '--wait', '--timeout', '60s'), /STATUS: deployed/);
  assert.equal(await k('get', 'deployment', 'demo', '-o', 'jsonpath={.status.readyReplicas}'), '1');
  assert.equal(await k('get', 'gadget', 'demo', '-o', 'jsonpath={.spec.size}'), '1');
  assert.equal(await k('get', 'pod', 'demo-hook', '-o', 'jsonpath={.status.phase}'), 'Succeeded');
});

test('helm upgrades, remembers, and rolls back', { skip }, async () => {
  await helm('upgrade', 'demo', CHART, '--set', 'replicas=2,colour=gold', '--wait', '--timeout', '60s');
  assert.equal(await k('get', 'configmap', 'demo-settings', '-o', 'jsonpath={.data.colour}'), 'gold');
  assert.equal(await k('get', 'gadget', 'demo', '-o', 'jsonpath={.spec.size}'), '2');
  assert.match(await helm('history', 'demo'), /1\s.*superseded[\s\S]*2\s.*deployed/);
  assert.match(await helm('rollback', 'demo', '1', '--wait', '--timeout', '60s'), /success/);
  assert.equal(await k('get', 'configmap', 'demo-settings', '-o', 'jsonpath={.data.colour}'), 'red');
  assert.equal(await k('get', 'deployment', 'demo', '-o', 'jsonpath={.spec.replicas}'), '1');
});

test('helm validates a chart against the server, and removes it', { skip }, async () => {
  assert.match(
    await helm('upgrade', 'demo', CHART, '--dry-run=server', '--set', 'colour=blue'),
    /colour: blue/,
  );
  assert.equal(await k('get', 'configmap', 'demo-settings', '-o', 'jsonpath={.data.colour}'), 'red');
  await helm('uninstall', 'demo', '--wait', '--timeout', '60s');
  assert.equal(
    (
      await k(
        'get',
        'deployments,configmaps,gadgets',
        '-l',
        'app.kubernetes.io/managed-by=Helm',
        '-o',
        'name',
      )
    ).trim(),
    '',
  );
  assert.equal((await helm('list', '-q')).trim(), '');
});
