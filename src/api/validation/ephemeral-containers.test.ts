import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { EphemeralContainer } from '../generated/core-v1.ts';
import { validatePodSpec, validatePodTemplate } from './pod-spec.ts';
import { texts } from './problems.fixture.ts';
import { validateAlways, validateCreate } from './validate.ts';

const SPEC = { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', emptyDir: {} }] };
const DEBUG = { name: 'debug', image: 'busybox' };

const withEphemeral = (...ephemeralContainers: EphemeralContainer[]) => ({ ...SPEC, ephemeralContainers });
const problemsOf = (...containers: EphemeralContainer[]) =>
  texts(validatePodSpec(withEphemeral(...containers), 'spec', 'web')).map((text) =>
    text.replace('spec.ephemeralContainers', 'e'),
  );

test('validateEphemeralContainers lets one look at the Pod', () => {
  const mounts = [{ name: 'v', mountPath: '/v' }];
  deepEqual(problemsOf({ ...DEBUG, resources: {}, volumeMounts: mounts, targetContainerName: 'c' }), []);
});

test('validateEphemeralContainers wants names of their own, and a container to look at', () => {
  deepEqual(problemsOf({ ...DEBUG, name: 'c' }, { ...DEBUG, targetContainerName: 'debug' }), [
    'e[0].name: Duplicate value: "c"',
    'e[1].targetContainerName: Not found: "debug"',
  ]);
  deepEqual(problemsOf({ name: 'a_b' }).length, 2, 'what holds for all containers holds here');
});

test('validateEphemeralContainers refuses what only a part of the workload may have', () => {
  const container = {
    ...DEBUG,
    ports: [{ containerPort: 80, protocol: 'TCP' }],
    lifecycle: {},
    resources: { limits: { cpu: '1' } },
    volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a' }],
  };
  deepEqual(
    problemsOf(container),
    ['ports', 'lifecycle', 'resources', 'volumeMounts[0].subPath'].map(
      (field) => `e[0].${field}: Forbidden: cannot be set for an Ephemeral Container`,
    ),
  );
});

test('validateEphemeralContainers come later, and never by a template', () => {
  const spec = withEphemeral(DEBUG);
  const metadata = {
    name: 'web',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '',
  };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  deepEqual(texts(validateCreate(pod)), ['spec.ephemeralContainers: Forbidden: cannot be set on create']);
  deepEqual(texts(validateAlways(pod)), [], 'through the door that is made for them');
  deepEqual(texts(validatePodTemplate({ spec }, 'spec.template')), [
    'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
  ]);
});
