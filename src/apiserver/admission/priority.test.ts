import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, PODS_URL, pod } from '../../simulation/sim-api-server.ts';

const MERGE = { 'content-type': 'application/merge-patch+json' };
const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses';

async function newServer() {
  const { call } = await newSimulatedApiServer();
  const addClass = (name: string, more: object) =>
    call('POST', CLASSES, { metadata: { name }, value: 100, ...more });
  await addClass('high', { preemptionPolicy: 'Never' });
  const create = (name: string, spec: object) => call('POST', PODS_URL, pod(name, { ...spec }));
  return { call, addClass, create };
}

test('priority resolves a Pod’s class, and refuses numbers and policies that contradict it', async () => {
  const { create } = await newServer();
  const { spec } = (await create('a', { priorityClassName: 'high' })).value;
  deepEqual([spec.priority, spec.preemptionPolicy], [100, 'Never']);
  const plain = (await create('b', {})).value.spec;
  deepEqual(
    [plain.priority, plain.preemptionPolicy, plain.priorityClassName],
    [0, 'PreemptLowerPriority', undefined],
  );
  for (const [wrong, message] of [
    [{ priorityClassName: 'lost' }, 'no PriorityClass with name lost was found'],
    [
      { priorityClassName: 'high', priority: 5 },
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 100 from the given PriorityClass name',
    ],
    [
      { priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' },
      'the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name',
    ],
  ] as const)
    equal((await create('c', wrong)).value.message, `pods "c" is forbidden: ${message}`);
});

test('priority stays when a Pod is replaced by a manifest that does not say it', async () => {
  const { call, create } = await newServer();
  const { value } = await create('a', { priorityClassName: 'high' });
  const { priority, preemptionPolicy, ...spec } = value.spec;
  const replaced = await call('PUT', `${PODS_URL}/a`, { ...value, spec });
  equal(replaced.status, 200);
  deepEqual(
    [replaced.value.spec.priority, replaced.value.spec.preemptionPolicy],
    [priority, preemptionPolicy],
  );
});

test('singleDefaultPriority lets one class be the default, and Pods without a class have it', async () => {
  const { call, addClass, create } = await newServer();
  equal((await addClass('usual', { value: 7, globalDefault: true })).status, 201);
  const { spec } = (await create('a', {})).value;
  deepEqual([spec.priority, spec.priorityClassName], [7, 'usual']);
  const message = 'PriorityClass usual is already marked as default. Only one default can exist';
  equal(
    (await addClass('other', { globalDefault: true })).value.message,
    `priorityclasses.scheduling.k8s.io "other" is forbidden: ${message}`,
  );
  equal((await call('PATCH', `${CLASSES}/high`, { globalDefault: true }, MERGE)).status, 403);
  equal((await call('PATCH', `${CLASSES}/usual`, { description: 'x' }, MERGE)).status, 200);
});

test('a PriorityClass keeps its value, stays below the system’s, and out of its names', async () => {
  const { call, addClass } = await newServer();
  equal((await call('POST', CLASSES, { metadata: {}, value: 1 })).status, 422);
  const invalid = (name: string, what: string) =>
    `PriorityClass.scheduling.k8s.io ${JSON.stringify(name)} is invalid: ${what}`;
  equal(
    (await addClass('top', { value: 1_000_000_001 })).value.message,
    invalid('top', 'value: Forbidden: maximum allowed value of a user defined priority is 1000000000'),
  );
  equal(
    (await addClass('system-mine', {})).value.message,
    invalid(
      'system-mine',
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
    ),
  );
  equal(
    (await call('PATCH', `${CLASSES}/high`, { value: 5, preemptionPolicy: 'PreemptLowerPriority' }, MERGE))
      .value.message,
    invalid(
      'high',
      '[value: Forbidden: may not be changed in an update., preemptionPolicy: Invalid value: "PreemptLowerPriority": field is immutable]',
    ),
  );
});
