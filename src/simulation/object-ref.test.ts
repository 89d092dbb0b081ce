import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allResources } from '../api/resources.ts';
import { keyFor } from '../apiserver/registry/registry.ts';
import { formatObjectRef, parseObjectRef, parseStorageKey } from './object-ref.ts';

function parsed(text: string): string | undefined {
  const ref = parseObjectRef(text);
  return ref && `${ref.row.group}/${ref.row.resource} ${ref.namespace}/${ref.name}`;
}

test('parseObjectRef knows what kubectl knows a kind by', () => {
  for (const word of ['pod', 'pods', 'po', 'Pod']) assert.equal(parsed(`${word}/web`), '/pods default/web');
  assert.equal(parsed('deploy/shop/web'), 'apps/deployments shop/web');
  assert.equal(parsed('events.events.k8s.io/x'), 'events.k8s.io/events default/x');
  assert.equal(parsed('node/node-1'), '/nodes /node-1');
});

test('parseObjectRef takes nothing that names no object', () => {
  for (const text of ['', 'pod', 'pod/', '/web', 'pod/a/b/c', 'node/a/b', 'pood/web', 'binding/x']) {
    assert.equal(parseObjectRef(text), undefined, text);
  }
});

test('formatObjectRef is read back by parseObjectRef', () => {
  for (const text of ['pod/web', 'pod/kube-system/dns', 'node/node-1', 'replicaset/web-1']) {
    assert.equal(formatObjectRef(parseObjectRef(text)!), text);
  }
});

test('parseStorageKey takes the key of every stored kind apart', () => {
  for (const row of allResources().filter(({ virtual }) => !virtual)) {
    const target = { row, namespace: row.namespaced ? 'shop' : '', name: 'x.y-z' };
    const ref = parseStorageKey(keyFor(target));
    assert.deepEqual(
      ref && { ...ref, row: ref.row.kind },
      { ...target, row: row.kind },
      `${row.group}/${row.resource}`,
    );
  }
});
