import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, PODS_URL, pod } from '../../simulation/sim-api-server.ts';
import { mergeTolerations } from './merge-tolerations.ts';

const CLASSES = '/apis/node.k8s.io/v1/runtimeclasses';
const DEFAULT_TOLERATIONS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

async function newServer() {
  const server = await newSimulatedApiServer();
  await server.call('POST', CLASSES, {
    metadata: { name: 'sandboxed' },
    handler: 'gvisor',
    overhead: { podFixed: { cpu: '250m', memory: '64Mi' } },
    scheduling: {
      nodeSelector: { runtime: 'gvisor' },
      tolerations: [{ key: 'sandbox', operator: 'Exists', effect: 'NoSchedule' }],
    },
  });
  await server.call('POST', CLASSES, { metadata: { name: 'plain' }, handler: 'runc' });
  const create = (name: string, spec: object) => server.call('POST', PODS_URL, pod(name, { ...spec }));
  return { ...server, create };
}

test('runtimeClassDefaults gives a Pod the overhead, the nodes and the tolerations of its class', async () => {
  const { create } = await newServer();
  const { value } = await create('a', { runtimeClassName: 'sandboxed', nodeSelector: { disk: 'ssd' } });
  deepEqual(value.spec.overhead, { cpu: '250m', memory: '64Mi' });
  deepEqual(value.spec.nodeSelector, { disk: 'ssd', runtime: 'gvisor' });
  deepEqual(
    value.spec.tolerations.map(({ key }: { key: string }) => key),
    [...DEFAULT_TOLERATIONS, 'sandbox'],
  );
  const plain = await create('b', { runtimeClassName: 'plain' });
  deepEqual(
    [plain.status, plain.value.spec.overhead, plain.value.spec.nodeSelector],
    [201, undefined, undefined],
  );
});

test('runtimeClassDefaults refuses a class that is not there, and a Pod that contradicts its class', async () => {
  const { create } = await newServer();
  const refusal = async (spec: object) => {
    const { status, value } = await create('a', spec);
    equal(status, 403);
    return value.message;
  };
  equal(
    await refusal({ runtimeClassName: 'lost' }),
    'pods "a" is forbidden: pod rejected: RuntimeClass "lost" not found',
  );
  equal(
    await refusal({ runtimeClassName: 'sandboxed', overhead: { cpu: '1' } }),
    "pods \"a\" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  );
  equal(
    await refusal({ runtimeClassName: 'sandboxed', nodeSelector: { runtime: 'runc' } }),
    'pods "a" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[runtime] = gvisor; pod.spec.nodeSelector[runtime] = runc',
  );
  for (const spec of [{}, { runtimeClassName: 'plain' }])
    equal(
      await refusal({ ...spec, overhead: { cpu: '1' } }),
      'pods "a" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
  const same = await create('b', {
    runtimeClassName: 'sandboxed',
    overhead: { cpu: '0.25', memory: '64Mi' },
  });
  equal(same.status, 201);
});

test('mergeTolerations leaves out what another one says as well, wherever it stands', () => {
  const all = { operator: 'Exists' };
  const one = { key: 'a', operator: 'Equal', value: 'x', effect: 'NoSchedule' };
  const any = { key: 'a', operator: 'Exists', effect: 'NoSchedule' };
  const brief = { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 };
  const long = { ...brief, tolerationSeconds: 60 };
  deepEqual(mergeTolerations([one], [any]), [any]);
  deepEqual(mergeTolerations([any], [one]), [any]);
  deepEqual(mergeTolerations([one], [one]), [one]);
  deepEqual(mergeTolerations([brief, one], [long]), [one, long]);
  deepEqual(mergeTolerations([one, brief], [all]), [all]);
  deepEqual(mergeTolerations([one], [{ ...one, value: 'y' }]), [one, { ...one, value: 'y' }]);
});

test('a RuntimeClass names a handler for good', async () => {
  const { call } = await newServer();
  const wrong = await call('POST', CLASSES, { metadata: { name: 'x' }, handler: 'No_Handler' });
  match(
    wrong.value.message,
    /^RuntimeClass\.node\.k8s\.io "x" is invalid: handler: Invalid value: "No_Handler": a lowercase/,
  );
  const nothing = await call('POST', CLASSES, { metadata: { name: 'x' } });
  match(nothing.value.message, /^RuntimeClass\.node\.k8s\.io "x" is invalid: handler: Invalid value: ""/);
  const merge = { 'content-type': 'application/merge-patch+json' };
  const changed = await call('PATCH', `${CLASSES}/plain`, { handler: 'other' }, merge);
  equal(
    changed.value.message,
    'RuntimeClass.node.k8s.io "plain" is invalid: handler: Invalid value: "other": field is immutable',
  );
});
