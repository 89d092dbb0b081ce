import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../meta.ts';
import { warningsOnCreate, warningsOnUpdate } from './warnings.ts';

function objectOf(apiVersion: string, kind: string, rest: object, metadata: object = {}): KubeObject {
  return { apiVersion, kind, metadata: { name: 'web', ...metadata }, ...rest } as KubeObject;
}

function ofPod(spec: object, metadata: object = {}): string[] {
  const containers = [{ name: 'c', image: 'i' }];
  return warningsOnCreate(objectOf('v1', 'Pod', { spec: { containers, ...spec } }, metadata));
}

test('warningsOnCreate has nothing to say of an ordinary Pod', () => {
  const ports = [{ containerPort: 80, protocol: 'TCP' }];
  const env = [
    { name: 'A', value: '1' },
    { name: 'A', value: '$(A)2' },
  ];
  const resources = { limits: { memory: '64Mi' }, requests: { memory: '64Mi' } };
  deepEqual(ofPod({ containers: [{ name: 'c', image: 'i', env, ports, resources }] }), []);
});

test('warningsOnCreate tells of what is hidden, doubled or broken in containers', () => {
  const port = { containerPort: 80, protocol: 'TCP' };
  const [a, b] = [
    {
      name: 'a',
      ports: [port, port, { ...port, protocol: 'UDP' }],
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    },
    { name: 'b', ports: [{ ...port, hostPort: 80 }], resources: { limits: { memory: '100m' } } },
  ];
  deepEqual(ofPod({ initContainers: [a], containers: [b] }), [
    'spec.initContainers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
    'spec.initContainers[0].ports[1]: duplicate port definition with spec.initContainers[0].ports[0]',
    'spec.containers[0].ports[0]: overlapping port definition with spec.initContainers[0].ports[0]',
    'spec.containers[0].ports[0]: overlapping port definition with spec.initContainers[0].ports[1]',
  ]);
});

test('warningsOnCreate tells of selectors that match nothing and labels of another time', () => {
  const term = { topologyKey: 'kubernetes.io/hostname' };
  const required = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  const spec = {
    nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
    affinity: { podAntiAffinity: required },
    topologySpreadConstraints: [{ topologyKey: 'failure-domain.beta.kubernetes.io/zone', labelSelector: {} }],
  };
  deepEqual(ofPod(spec), [
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    'spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is ' +
      'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: ' +
      'a null labelSelector results in matching no pod',
  ]);
});

test('warningsOnCreate tells of annotations, volumes and secrets that do nothing', () => {
  const annotations = { 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default' };
  const spec = {
    volumes: [{ name: 'v', gitRepo: { repository: 'r' } }],
    imagePullSecrets: [{ name: 's' }, { name: 's' }, {}],
    hostAliases: [{ ip: '10.0.0.1' }, { ip: '10.0.0.1' }],
  };
  deepEqual(ofPod(spec, { annotations }), [
    'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
    'spec.volumes[0].gitRepo: deprecated in v1.11',
    'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"',
    'spec.imagePullSecrets[1].name: duplicate name "s"',
    'spec.imagePullSecrets[2].name: invalid empty name ""',
  ]);
});

test('warningsOnUpdate tells of a template again only when the spec is another', () => {
  const template = { spec: { containers: [], imagePullSecrets: [{}] } };
  const deployment = (generation: number) =>
    objectOf('apps/v1', 'Deployment', { spec: { template } }, { generation });
  const warning = 'spec.template.spec.imagePullSecrets[0].name: invalid empty name ""';
  deepEqual(warningsOnCreate(deployment(1)), [warning]);
  deepEqual(warningsOnUpdate(deployment(2), deployment(1)), [warning]);
  deepEqual(warningsOnUpdate(deployment(1), deployment(1)), []);
});

test('warningsOnCreate tells when a name makes a bad host name', () => {
  deepEqual(warningsOnCreate(objectOf('apps/v1', 'ReplicaSet', { spec: {} }, { name: 'web.v1' })), [
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; ' +
      'a DNS label is recommended: [must not contain dots]',
  ]);
});

test('warningsOnCreate tells what a Service says for nothing', () => {
  const spec = { type: 'ClusterIP', clusterIP: 'None', sessionAffinity: 'ClientIP', externalName: 'x.io' };
  deepEqual(warningsOnCreate(objectOf('v1', 'Service', { spec })), [
    'spec.SessionAffinity is ignored for headless services',
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ]);
});

test('warningsOnUpdate tells of an annotation once', () => {
  const account = (annotations?: object) => objectOf('v1', 'ServiceAccount', {}, { annotations });
  const marked = account({ 'kubernetes.io/enforce-mountable-secrets': 'true' });
  const key = 'metadata.annotations[kubernetes.io/enforce-mountable-secrets]';
  deepEqual(warningsOnUpdate(marked, account()), [
    `${key}: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ]);
  deepEqual(warningsOnUpdate(marked, marked), []);
});
