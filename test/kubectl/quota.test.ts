/** Resource quotas by the real kubectl: what it shows of them, who is refused, and what is given back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, TOOLBOX } from '../tools/up-cluster.ts';
import { kubectlOnCluster } from './on-cluster.ts';

const { skip, k, attempt, write, newNamespace } = await kubectlOnCluster();

/** `kubectl describe quota` has the line `resource  used  hard`. */
function untilUsed(namespace: string, resource: string, used: string, hard: string): Promise<void> {
  return eventually(`${resource} is at ${used}`, async () => {
    const text = await k('-n', namespace, 'describe', 'quota');
    const line = text.split('\n').find((one) => one.startsWith(`${resource} `));
    assert.deepEqual(line?.trim().split(/\s+/), [resource, used, hard], text);
  });
}

test('kubectl create quota is in force at once: Pods beyond it are refused, and deleted ones given back', {
  skip,
}, async () => {
  await newNamespace('team');
  const n = ['-n', 'team'];
  const hard = '--hard=pods=2,requests.cpu=1,count/deployments.apps=1,secrets=1,services.nodeports=0';
  assert.equal((await k(...n, 'create', 'quota', 'bounds', hard)).trim(), 'resourcequota/bounds created');
  await untilUsed('team', 'pods', '0', '2');
  assert.match(
    await k(...n, 'get', 'quota', 'bounds', '--no-headers'),
    /^bounds +count\/deployments\.apps: 0\/1, pods: 0\/2, requests\.cpu: 0\/1, secrets: 0\/1, services\.nodeports: 0\/0 /,
  );
  const run = (name: string, cpu?: string) => {
    const resources = cpu === undefined ? {} : { resources: { requests: { cpu } } };
    const spec = { containers: [{ name, image: TOOLBOX, command: ['sleep', '600'], ...resources }] };
    const overrides = `--overrides=${JSON.stringify({ spec })}`;
    return attempt([...n, 'run', name, '--restart=Never', `--image=${TOOLBOX}`, overrides]);
  };
  assert.match(
    (await run('a')).stderr,
    /Error from server \(Forbidden\): pods "a" is forbidden: failed quota: bounds: must specify requests\.cpu for: a/,
  );
  assert.equal((await run('a', '600m')).code, 0);
  assert.match(
    (await run('b', '500m')).stderr,
    /pods "b" is forbidden: exceeded quota: bounds, requested: requests\.cpu=500m, used: requests\.cpu=600m, limited: requests\.cpu=1/,
  );
  await untilUsed('team', 'requests.cpu', '600m', '1');
  await k(...n, 'delete', 'pod', 'a', '--grace-period=1');
  await untilUsed('team', 'requests.cpu', '0', '1');
  assert.match(
    (await attempt([...n, 'create', 'service', 'nodeport', 'open', '--tcp=80'])).stderr,
    /services "open" is forbidden: exceeded quota: bounds, requested: services\.nodeports=1, used: services\.nodeports=0, limited: services\.nodeports=0/,
  );
});

test('a Deployment beyond a quota says why it has fewer Pods, and gets the rest when there is room', {
  skip,
}, async () => {
  await newNamespace('web');
  const n = ['-n', 'web'];
  await k(...n, 'create', 'quota', 'bounds', '--hard=pods=2');
  await untilUsed('web', 'pods', '0', '2');
  await k(...n, 'create', 'deployment', 'web', `--image=${TOOLBOX}`, '--replicas=3');
  await eventually('the failure is an Event', async () => {
    const events = await k(...n, 'get', 'events', '--field-selector=reason=FailedCreate');
    assert.match(
      events,
      /is forbidden: exceeded quota: bounds, requested: pods=1, used: pods=2, limited: pods=2/,
    );
  });
  const [condition] = JSON.parse(
    await k(...n, 'get', 'deployment', 'web', '-o', 'jsonpath={.status.conditions}'),
  ).filter(({ type }: { type: string }) => type === 'ReplicaFailure');
  assert.deepEqual([condition.status, condition.reason], ['True', 'FailedCreate']);
  await k(...n, 'patch', 'quota', 'bounds', '--type=merge', '-p', '{"spec":{"hard":{"pods":"5"}}}');
  await eventually('all three are there', async () => {
    const names = await k(...n, 'get', 'pods', '-o', 'name');
    assert.equal(names.trim().split('\n').length, 3);
  });
});

const WIDGETS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: widgets, kind: Widget }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;
const WIDGET = (name: string) => `
apiVersion: example.com/v1
kind: Widget
metadata: { name: ${name}, namespace: custom }
`;

test('a quota counts custom resources, those that were there before it too', { skip }, async () => {
  await newNamespace('custom');
  await k('apply', '-f', write('crd.yaml', WIDGETS));
  await k('wait', '--for=condition=Established', 'crd/widgets.example.com', '--timeout=10s');
  await k('apply', '-f', write('a.yaml', WIDGET('a')));
  await k('-n', 'custom', 'create', 'quota', 'bounds', '--hard=count/widgets.example.com=2');
  await untilUsed('custom', 'count/widgets.example.com', '1', '2');
  await k('apply', '-f', write('b.yaml', WIDGET('b')));
  await assert.rejects(
    k('apply', '-f', write('c.yaml', WIDGET('c'))),
    /widgets\.example\.com "c" is forbidden: exceeded quota: bounds, requested: count\/widgets\.example\.com=1, used: count\/widgets\.example\.com=2, limited: count\/widgets\.example\.com=2/,
  );
  await k('-n', 'custom', 'delete', 'widget', 'a');
  await untilUsed('custom', 'count/widgets.example.com', '1', '2');
});

test('kubectl create quota with scopes shows what they mean, and is refused what does not fit', {
  skip,
}, async () => {
  await newNamespace('scoped');
  const n = ['-n', 'scoped'];
  await k(...n, 'create', 'quota', 'idle', '--hard=pods=1', '--scopes=BestEffort');
  await untilUsed('scoped', 'pods', '0', '1');
  assert.match(
    await k(...n, 'describe', 'quota', 'idle'),
    /Scopes:\s+BestEffort\n \* Matches all pods that do not/,
  );
  await k(...n, 'run', 'a', `--image=${TOOLBOX}`);
  assert.match((await attempt([...n, 'run', 'b', `--image=${TOOLBOX}`])).stderr, /exceeded quota: idle/);
  const wrong = ['create', 'quota', 'wrong', '--hard=cpu=1', '--scopes=BestEffort'];
  assert.match(
    (await attempt([...n, ...wrong])).stderr,
    /ResourceQuota "wrong" is invalid: spec\.scopes: Invalid value: \["BestEffort"\]: unsupported scope applied to resource/,
  );
});
