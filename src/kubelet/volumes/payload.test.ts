import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Volume } from '../../api/generated/core-v1.ts';
import { type PayloadInputs, volumePayload, volumeSources } from './payload.ts';

const META = { uid: 'u', resourceVersion: '1', creationTimestamp: '' };
const POD: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { ...META, name: 'web-1', namespace: 'shop', labels: { b: '2', a: '1' } },
  spec: { containers: [{ name: 'web' }] },
};
const INPUTS: PayloadInputs = {
  pod: POD,
  podIp: '',
  hostIps: [],
  allocatable: {},
  configMap: (name) =>
    name === 'conf'
      ? {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { ...META, name },
          data: { a: '1', b: '2' },
          binaryData: { c: btoa('3') },
        }
      : undefined,
  secret: (name) =>
    name === 'key'
      ? { apiVersion: 'v1', kind: 'Secret', metadata: { ...META, name }, data: { t: btoa('s') } }
      : undefined,
  token: (path) => `token for ${path}`,
};

function files(volume: Omit<Volume, 'name'>): Record<string, string> {
  const decoder = new TextDecoder();
  const payload = volumePayload({ name: 'v', ...volume }, INPUTS) ?? [];
  return Object.fromEntries(
    payload.map(({ content, mode, path }) => [path, `${decoder.decode(content)} ${mode.toString(8)}`]),
  );
}

test('volumePayload shows every key, or the chosen ones at their paths and modes', () => {
  assert.deepEqual(files({ configMap: { name: 'conf' } }), { a: '1 644', b: '2 644', c: '3 644' });
  const items = [{ key: 'a', path: 'deep/file', mode: 0o400 }];
  assert.deepEqual(files({ configMap: { name: 'conf', items, defaultMode: 0o600 } }), {
    'deep/file': '1 400',
  });
  assert.deepEqual(files({ secret: { secretName: 'key', defaultMode: 0o400 } }), { t: 's 400' });
});

test('volumePayload fails in the words of upstream, unless the source is optional', () => {
  assert.throws(() => files({ configMap: { name: 'none' } }), { message: 'configmap "none" not found' });
  assert.throws(() => files({ secret: { secretName: 'none' } }), { message: 'secret "none" not found' });
  const items = [{ key: 'x', path: 'x' }];
  assert.throws(() => files({ configMap: { name: 'conf', items } }), {
    message: 'configmap references non-existent config key: x',
  });
  assert.deepEqual(files({ configMap: { name: 'none', optional: true } }), {});
});

test('volumePayload joins projected sources', () => {
  const sources = [
    { serviceAccountToken: { path: 'token' } },
    { configMap: { name: 'conf', items: [{ key: 'a', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  ];
  assert.deepEqual(files({ projected: { sources } }), {
    token: 'token for token 644',
    'ca.crt': '1 644',
    labels: 'a="1"\nb="2" 644',
  });
  assert.deepEqual(volumeSources({ name: 'v', projected: { sources } }), {
    configMaps: ['conf'],
    secrets: [],
  });
});

test('volumePayload never writes outside its volume', () => {
  const items = [{ key: 'a', path: '../evil' }];
  assert.throws(() => files({ configMap: { name: 'conf', items } }), { message: 'invalid path: ../evil' });
});
