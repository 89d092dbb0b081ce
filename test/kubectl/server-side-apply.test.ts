/** `kubectl apply --server-side`: owners, conflicts, force, removal, on a cluster that `kintsugi up` started. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubectlOnCluster } from './on-cluster.ts';

const { skip, k, attempt, write } = await kubectlOnCluster();

function manifest(name: string, data: Record<string, string>): string {
  const metadata = { name, namespace: 'default' };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  return write(`${name}.json`, JSON.stringify(object));
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
  const { code, stderr } = await attempt(other);
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
  const { code, stdout } = await attempt(['diff', '--server-side', '-f', manifest('d', { x: '2' })]);
  assert.equal(code, 1);
  assert.match(stdout, /\+ +x: "2"/);
  assert.deepEqual(await dataOf('d'), { x: '1' });
});
