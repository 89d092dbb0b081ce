import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toInvalidError } from './field-error.ts';
import { objectOf, problems, updateProblems } from './judged.fixture.ts';
import { validateCreate } from './validate.ts';

const CONTAINER = { name: 'web', image: 'web:1' };
const TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: { containers: [CONTAINER] } };
const deployment = (spec: object = {}) =>
  objectOf('apps/v1', 'Deployment', {
    spec: { selector: { matchLabels: { app: 'web' } }, template: TEMPLATE, ...spec },
  });
const pod = (spec: object = {}) => objectOf('v1', 'Pod', { spec: { containers: [CONTAINER], ...spec } });
const service = (spec: object = {}) =>
  objectOf('v1', 'Service', { spec: { ports: [{ port: 80 }], ...spec } });

test('validateCreate accepts ordinary objects', () => {
  for (const object of [deployment(), pod(), service()]) assert.deepEqual(problems(object), []);
});

test('validateCreate takes the claim templates of a StatefulSet for volumes of its Pods', () => {
  const mounts = [{ name: 'data', mountPath: '/data' }];
  const template = { ...TEMPLATE, spec: { containers: [{ ...CONTAINER, volumeMounts: mounts }] } };
  const resources = { requests: { storage: '1Gi' } };
  const setOf = (claim: string) =>
    objectOf('apps/v1', 'StatefulSet', {
      spec: {
        serviceName: 'web',
        selector: { matchLabels: { app: 'web' } },
        template,
        volumeClaimTemplates: [
          { metadata: { name: claim }, spec: { accessModes: ['ReadWriteOnce'], resources } },
        ],
      },
    });
  assert.deepEqual(problems(setOf('data')), []);
  assert.deepEqual(problems(setOf('other')), [
    'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
  ]);
});

test('validateCreate explains wrong containers with their paths', () => {
  const bad = {
    name: 'Web',
    image: 'x',
    ports: [{ containerPort: 70_000 }],
    livenessProbe: { httpGet: { port: 80 }, exec: { command: ['a'] } },
    volumeMounts: [{ name: 'gone', mountPath: '/x' }],
    resources: { limits: { cpu: '1' }, requests: { cpu: '2' } },
  };
  const listed = problems(pod({ containers: [bad] }));
  assert.equal(listed.length, 5);
  assert.match(
    listed[0]!,
    /^spec\.containers\[0\]\.name: Invalid value: "Web": a lowercase RFC 1123 label must consist/,
  );
  assert.ok(
    listed.includes(
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ),
  );
  assert.ok(listed.includes('spec.containers[0].volumeMounts[0].name: Not found: "gone"'));
  assert.ok(
    listed.includes(
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ),
  );
  assert.ok(
    listed.includes(
      'spec.containers[0].livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type',
    ),
  );
});

test('validateCreate refuses what Services and metadata may not hold', () => {
  assert.deepEqual(problems(service({ ports: [] })), ['spec.ports: Required value']);
  assert.deepEqual(problems(service({ ports: [{ port: 80 }, { port: 81 }] })), [
    'spec.ports[0].name: Required value',
    'spec.ports[1].name: Required value',
  ]);
  assert.deepEqual(problems(objectOf('v1', 'ConfigMap', {}, { name: '' })), [
    'metadata.name: Required value: name or generateName is required',
  ]);
  assert.match(
    problems(objectOf('v1', 'ConfigMap', { data: { '../x': '' } }))[0]!,
    /^data\[\.\.\/x\]: Invalid value/,
  );
  assert.match(
    problems(objectOf('v1', 'Pod', { spec: { containers: [CONTAINER] } }, { labels: { a: 'b c' } }))[0]!,
    /^metadata\.labels: Invalid value: "b c"/,
  );
});

test('validateUpdate keeps the history that a ControllerRevision is', () => {
  const revision = (data: object, number: number) =>
    objectOf('apps/v1', 'ControllerRevision', { data, revision: number });
  assert.deepEqual(updateProblems(revision({ a: 1 }, 2), revision({ a: 1 }, 1)), []);
  assert.deepEqual(updateProblems(revision({ a: 2 }, 1), revision({ a: 1 }, 1)), [
    'data: Invalid value: {"a":2}: field is immutable',
  ]);
  assert.deepEqual(problems(objectOf('apps/v1', 'ControllerRevision', { revision: 1 })), [
    'data: Required value: data is mandatory',
  ]);
});

test('validateUpdate keeps what is fixed', () => {
  assert.deepEqual(updateProblems(pod({ nodeName: 'b' }), pod({ nodeName: 'a' })).length, 1);
  assert.deepEqual(updateProblems(pod({ containers: [{ ...CONTAINER, image: 'web:2' }] }), pod()), []);
  assert.match(
    updateProblems(pod({ containers: [CONTAINER, { name: 'b', image: 'b' }] }), pod())[0]!,
    /may not add or remove containers/,
  );
  const moved = deployment({
    selector: { matchLabels: { app: 'web', v: '2' } },
    template: { ...TEMPLATE, metadata: { labels: { app: 'web', v: '2' } } },
  });
  assert.match(
    updateProblems(moved, deployment())[0]!,
    /^spec\.selector: Invalid value: .*field is immutable$/,
  );
  assert.match(
    updateProblems(service({ clusterIP: '10.0.0.2' }), service({ clusterIP: '10.0.0.1' }))[0]!,
    /may not change once set/,
  );
  const config = (data: object) => objectOf('v1', 'ConfigMap', { immutable: true, data });
  assert.equal(updateProblems(config({ a: '2' }), config({ a: '1' })).length, 1);
});

test('toInvalidError lists every cause', () => {
  const error = toInvalidError(
    { group: 'apps', kind: 'Deployment' },
    'web',
    validateCreate(deployment({ replicas: -1, minReadySeconds: -1 })),
  );
  assert.equal(
    error.message,
    'Deployment.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0]',
  );
  assert.equal(error.code, 422);
  assert.deepEqual(
    error.details?.causes?.map((cause) => cause.field),
    ['spec.replicas', 'spec.minReadySeconds'],
  );
});
