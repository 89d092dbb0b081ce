import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Container, Pod } from '../api/generated/core-v1.ts';
import { resourceValue } from './downward-api.ts';
import { containerEnvironment, type EnvironmentInputs, environmentSources } from './environment.ts';
import { expandStrictly, expandVariables } from './expansion.ts';

const META = { uid: 'u', resourceVersion: '1', creationTimestamp: '' };
const POD: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { ...META, name: 'web-1', namespace: 'shop', labels: { app: 'web', tier: 'front' } },
  spec: {
    nodeName: 'node-1',
    serviceAccountName: 'default',
    containers: [{ name: 'web', resources: { limits: { memory: '64Mi' }, requests: { cpu: '250m' } } }],
  },
};
const CONFIG = {
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { ...META, name: 'conf' },
  data: { color: 'blue' },
};
const SECRET = {
  apiVersion: 'v1' as const,
  kind: 'Secret' as const,
  metadata: { ...META, name: 'key' },
  data: { token: btoa('s3cret') },
};
const INPUTS: EnvironmentInputs = {
  pod: POD,
  podIp: '10.0.0.7',
  hostIps: ['192.168.0.1'],
  allocatable: { cpu: '4', memory: '8Gi' },
  serviceVariables: [{ name: 'WEB_SERVICE_HOST', value: '10.96.0.9' }],
  configMap: (name) => (name === 'conf' ? CONFIG : undefined),
  secret: (name) => (name === 'key' ? SECRET : undefined),
};

function variables(container: Partial<Container>): Record<string, string> | string {
  const result = containerEnvironment({ name: 'web', ...container }, INPUTS);
  return 'error' in result ? result.error : Object.fromEntries(result.variables);
}

test('containerEnvironment lets env win over envFrom, and both over Service links', () => {
  const container = {
    envFrom: [{ prefix: 'C_', configMapRef: { name: 'conf' } }, { secretRef: { name: 'key' } }],
    env: [
      { name: 'WEB_SERVICE_HOST', value: 'mine' },
      { name: 'URL', value: 'http://$(WEB_SERVICE_HOST)/$(C_color)/$$(token)/$(absent)' },
    ],
  };
  assert.deepEqual(variables(container), {
    WEB_SERVICE_HOST: 'mine',
    C_color: 'blue',
    token: 's3cret',
    URL: 'http://mine/blue/$(token)/$(absent)',
  });
});

test('containerEnvironment reads fields of the Pod and resources of the container', () => {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const env = [
    field('NAME', 'metadata.name'),
    field('LABEL', "metadata.labels['app']"),
    field('NODE', 'spec.nodeName'),
    field('IP', 'status.podIP'),
    field('HOST', 'status.hostIP'),
    { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
    { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
  ];
  const expected = {
    NAME: 'web-1',
    LABEL: 'web',
    NODE: 'node-1',
    IP: '10.0.0.7',
    HOST: '192.168.0.1',
    MEMORY: '64',
    CPU: '4',
  };
  assert.deepEqual(variables({ env }), { WEB_SERVICE_HOST: '10.96.0.9', ...expected });
});

test('containerEnvironment says what is missing in the words of upstream, unless it is optional', () => {
  const from = (valueFrom: object) => variables({ env: [{ name: 'X', valueFrom }] });
  assert.equal(from({ configMapKeyRef: { name: 'none', key: 'k' } }), 'configmap "none" not found');
  assert.equal(from({ secretKeyRef: { name: 'none', key: 'k' } }), 'secret "none" not found');
  assert.equal(
    from({ configMapKeyRef: { name: 'conf', key: 'k' } }),
    "couldn't find key k in ConfigMap shop/conf",
  );
  assert.equal(from({ secretKeyRef: { name: 'key', key: 'k' } }), "couldn't find key k in Secret shop/key");
  assert.deepEqual(from({ configMapKeyRef: { name: 'none', key: 'k', optional: true } }), {
    WEB_SERVICE_HOST: '10.96.0.9',
  });
  assert.equal(variables({ envFrom: [{ secretRef: { name: 'none' } }] }), 'secret "none" not found');
});

test('environmentSources names each object once', () => {
  const env = [
    { name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'a' } } },
    { name: 'B', valueFrom: { configMapKeyRef: { name: 'conf', key: 'b' } } },
  ];
  const sources = environmentSources({ name: 'web', env, envFrom: [{ secretRef: { name: 'key' } }] });
  assert.deepEqual(sources, { configMaps: ['conf'], secrets: ['key'] });
});

test('expandVariables leaves text without dollars alone and never fails', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const expanded = expandVariables(text, new Map());
      if (!text.includes('$')) assert.equal(expanded, text);
    }),
  );
  assert.equal(expandVariables('$$$(A)', new Map([['A', '1']])), '$1');
  assert.deepEqual(expandStrictly('a/$(B)', new Map()), { missing: 'B' });
});

test('resourceValue rounds up and answers nothing for what does not exist', () => {
  const value = (resource: string, divisor: string) =>
    resourceValue({ resource, divisor }, POD, 'web', INPUTS);
  assert.equal(value('requests.cpu', '1'), '1');
  assert.equal(value('requests.cpu', '1m'), '250');
  assert.equal(value('nonsense', '1'), undefined);
});
