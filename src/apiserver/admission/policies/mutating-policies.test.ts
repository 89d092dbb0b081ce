/** MutatingAdmissionPolicies through the API, by the examples of Kubernetes' documentation. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { PODS_URL, pod } from '../../../simulation/sim-api-server.ts';
import { CONFIG_MAPS, MERGE, newPolicyServer, type Spec } from './policies.fixture.ts';

const apply = (expression: string): Spec => ({
  reinvocationPolicy: 'Never',
  mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
});
const patch = (expression: string): Spec => ({
  reinvocationPolicy: 'Never',
  mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
});
const PODS = {
  matchConstraints: {
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
  },
};

test('ApplyConfiguration merges what is constructed into the object', async () => {
  const { policy, call } = await newPolicyServer();
  const sidecar = `Object{spec: Object.spec{initContainers: [
    Object.spec.initContainers{name: "mesh-proxy", image: "mesh/proxy:v1", restartPolicy: "Always"}
  ]}}`;
  const matchConditions = [
    {
      name: 'once',
      expression:
        "!has(object.spec.initContainers) || !object.spec.initContainers.exists(c, c.name == 'mesh-proxy')",
    },
  ];
  await policy('mutating', 'sidecar', { ...PODS, ...apply(sidecar), matchConditions });
  const { status, value } = await call(
    'POST',
    PODS_URL,
    pod('a', { initContainers: [{ name: 'own', image: 'x' }] }),
  );
  equal(status, 201);
  deepEqual(value.spec.initContainers.map(({ name }: { name: string }) => name).sort(), [
    'mesh-proxy',
    'own',
  ]);
  const added = value.spec.initContainers.find(({ name }: { name: string }) => name === 'mesh-proxy');
  deepEqual([added.restartPolicy, added.imagePullPolicy], ['Always', 'IfNotPresent']);
});

test('JSONPatch adds, replaces and escapes', async () => {
  const { policy, configMap, call } = await newPolicyServer();
  const expression = `[
    JSONPatch{op: "test", path: "/metadata/name", value: "c"},
    has(object.metadata.labels) ? JSONPatch{op: "test", path: "/metadata/name", value: "c"} : JSONPatch{op: "add", path: "/metadata/labels", value: {}},
    JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/env"), value: variables.env},
    JSONPatch{op: "add", path: "/data/n", value: string(size(object.data))}
  ]`;
  await policy('mutating', 'p', {
    ...patch(expression),
    variables: [{ name: 'env', expression: "object.metadata.namespace == 'default' ? 'test' : 'prod'" }],
  });
  const { value } = await configMap({ a: '1' });
  deepEqual(value.metadata.labels, { 'example.com/env': 'test' });
  deepEqual(value.data, { a: '1', n: '1' });
  const updated = await call('PATCH', `${CONFIG_MAPS}/c`, { data: { b: '2' } }, MERGE);
  equal(updated.value.data.n, '3');
  const other = await configMap({ a: '1' }, { name: 'other' });
  deepEqual(other.value.data, { a: '1' });
});

test('what a mutation makes is validated, and its identity stays', async () => {
  const { policy, configMap } = await newPolicyServer();
  const expression =
    '[JSONPatch{op: "replace", path: "/metadata/name", value: "x"}, JSONPatch{op: "add", path: "/metadata/labels", value: {"bad key!": "v"}}]';
  await policy('mutating', 'p', patch(expression));
  const { status, value } = await configMap({});
  equal(status, 422);
  match(value.message, /^ConfigMap "c" is invalid: metadata\.labels/);
});

test('a mutation that cannot be applied refuses, or is ignored', async () => {
  const atomic = "Object{spec: Object.spec{volumes: [], tolerations: [Object.spec.tolerations{key: 'x'}]}}";
  const cases = [
    [
      apply(atomic),
      /^policy 'p' with binding 'p' denied request: error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: \.spec\.tolerations$/,
    ],
    [
      patch('[JSONPatch{op: "remove", path: "/spec/nope"}]'),
      /^policy 'p' with binding 'p' denied request: JSONPath: /,
    ],
    [apply('Object{spec: Object.spec{hostname: object.spec.nope}}'), /resulted in error: no such key: nope$/],
  ] as const;
  for (const [spec, message] of cases) {
    const refusing = await newPolicyServer();
    await refusing.policy('mutating', 'p', { ...PODS, ...spec });
    const refused = await refusing.call('POST', PODS_URL, pod('a'));
    deepEqual([refused.status, message.test(refused.value.message)], [403, true], refused.value.message);
    const ignoring = await newPolicyServer();
    await ignoring.policy('mutating', 'p', { ...PODS, ...spec, failurePolicy: 'Ignore' });
    equal((await ignoring.call('POST', PODS_URL, pod('a'))).status, 201);
  }
});

test('policies see what others made, and once more if they ask for it', async () => {
  const count = (name: string) =>
    `Object{data: {"${name}": string(size(has(object.data) ? object.data : {}))}}`;
  const dataOf = async (reinvocationPolicy: string) => {
    const { policy, configMap } = await newPolicyServer();
    await policy('mutating', 'a', { ...apply(count('a')), reinvocationPolicy });
    await policy('mutating', 'b', apply(count('b')));
    return (await configMap({ x: '' })).value.data;
  };
  deepEqual(await dataOf('Never'), { x: '', a: '1', b: '2' });
  deepEqual(await dataOf('IfNeeded'), { x: '', a: '3', b: '2' });
});

test('validating policies judge what mutating ones made', async () => {
  const { policy, configMap } = await newPolicyServer();
  await policy('mutating', 'm', apply('Object{data: {"owner": "nobody"}}'));
  await policy('validating', 'v', {
    validations: [{ expression: "object.data.owner != 'nobody'", message: 'needs an owner' }],
  });
  match((await configMap({})).value.message, /needs an owner/);
});

test('a mutating policy that does not compile, or yields no patch, is refused', async () => {
  const { call } = await newPolicyServer();
  const refusal = async (spec: Spec) => {
    const body = { metadata: { name: 'p' }, spec: { ...PODS, ...spec } };
    return (await call('POST', '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies', body)).value
      .message;
  };
  match(
    await refusal(apply('1')),
    /spec\.mutations\[0\]\.applyConfiguration\.expression: Invalid value: "1": must evaluate to Object/,
  );
  match(
    await refusal(patch('"x"')),
    /spec\.mutations\[0\]\.jsonPatch\.expression: Invalid value: "\\"x\\"": must evaluate to list\(JSONPatch\)/,
  );
  match(await refusal(patch('[JSONPatch{oops: 1}]')), /undefined field 'oops'/);
  match(
    await refusal({ mutations: [] }),
    /spec\.mutations: Required value.*spec\.reinvocationPolicy: Required value/,
  );
});
