/** `kubectl apply --server-side`: owners, conflicts, force, removal, on a cluster that `kintsugi up` started. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { startUpCluster, type UpCluster } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';

let cluster: UpCluster;
before(async () => {
  if (!skip) cluster = await startUpCluster();
});
after(() => cluster?.[Symbol.asyncDispose]());

const k = (...args: string[]) => cluster.kubectl(...args);

function manifest(name: string, data: Record<string, string>): string {
  const file = path.join(cluster.dataDir, `${name}.json`);
  const metadata = { name, namespace: 'default' };
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }));
  return file;
}

const dataOf = async (name: string) =>
  JSON.parse(await k('get', 'configmap', name, '-o', 'jsonpath={.data}')) as unknown;

test('kubectl apply --server-side creates, changes, and removes what is no longer there', {
  skip,
}, async () => {
  assert.match(
    await k('apply', '--server-side', '-f', manifest('a', { x: '1', y: '1' })),
    /serverside-applied/,
  );
  await k('apply', '--server-side', '-f', manifest('a', { x: '2' }));
  assert.deepEqual(await dataOf('a'), { x: '2' });
  const managed = await k('get', 'configmap', 'a', '-o', 'yaml', '--show-managed-fields');
  assert.match(managed, /manager: kubectl\n +operation: Apply/);
});

test('kubectl apply --server-side meets the fields of another manager as a conflict', { skip }, async () => {
  await k('apply', '--server-side', '--field-manager=one', '-f', manifest('b', { x: '1' }));
  const other = ['apply', '--server-side', '--field-manager=two', '-f', manifest('b', { x: '2' })];
  const { code, stderr } = await cluster.kubectl.attempt(other);
  assert.equal(code, 1);
  assert.match(stderr, /Apply failed with 1 conflict: conflict with "one": \.data\.x/);
  await k(...other, '--force-conflicts');
  assert.deepEqual(await dataOf('b'), { x: '2' });
});

test('kubectl apply --server-side goes on from kubectl apply', { skip }, async () => {
  await k('apply', '-f', manifest('c', { x: '1', y: '1' }));
  await k('apply', '--server-side', '-f', manifest('c', { x: '2', y: '1' }));
  assert.deepEqual(await dataOf('c'), { x: '2', y: '1' });
});

test('kubectl diff --server-side shows what an apply would change, and changes nothing', {
  skip,
}, async () => {
  await k('apply', '--server-side', '-f', manifest('d', { x: '1' }));
  const { code, stdout } = await cluster.kubectl.attempt([
    'diff',
    '--server-side',
    '-f',
    manifest('d', { x: '2' }),
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /\+ +x: "2"/);
  assert.deepEqual(await dataOf('d'), { x: '1' });
});
