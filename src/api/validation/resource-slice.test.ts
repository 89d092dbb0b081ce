import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device } from '../generated/resource-v1.ts';
import { objectOf, problemsOf, problemsOfUpdate } from './problems.fixture.ts';

const POOL = { name: 'node-1', generation: 1, resourceSliceCount: 1 };
const SPEC = { driver: 'gpu.example.com', pool: POOL, nodeName: 'node-1' };
const NOT_A_SUBDOMAIN = /a lowercase RFC 1123 subdomain must consist of/;
const ONE_CHOICE =
  'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

const slice = (spec: object) => objectOf('resource.k8s.io/v1', 'ResourceSlice', { spec });
const problems = (spec: object) => problemsOf(slice({ ...SPEC, ...spec }));
const problemsOfDevice = (device: object, spec = {}) =>
  problems({ devices: [{ name: 'gpu-0', ...device }], ...spec }).map((text) =>
    text.replace('spec.devices[0]', 'device'),
  );
const devices = (count: number, rest: Partial<Device> = {}) =>
  Array.from({ length: count }, (_, index) => ({ name: `gpu-${index}`, ...rest }));
const fields = (count: number, value: object) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, value]));
const text = (length: number) => 'x'.repeat(length);

test('validateResourceSlice asks for driver and pool', () => {
  assert.deepEqual(problems({}), []);
  assert.deepEqual(problems({ pool: { name: 'a/b.c', generation: 0, resourceSliceCount: 2 } }), []);
  assert.deepEqual(problems({ pool: { generation: -1 } }), [
    'spec.pool.name: Required value',
    'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
    'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
  ]);
  assert.match(problems({ pool: { ...POOL, name: 'a//b' } })[0]!, /^spec.pool.name: Invalid value: ""/);
  assert.equal(
    problems({ pool: { ...POOL, name: text(254) } })[0],
    'spec.pool.name: Too long: may not be more than 253 bytes',
  );
  assert.equal(problems({ driver: undefined })[0], 'spec.driver: Required value');
  assert.match(problems({ driver: 'a_b' })[0]!, NOT_A_SUBDOMAIN);
});

test('validateResourceSlice asks for one way to choose nodes', () => {
  const of = (choice: object) => problems({ nodeName: undefined, ...choice });
  const term = { matchExpressions: [{ key: 'a', operator: 'Exists' }] };
  assert.deepEqual(of({ nodeSelector: { nodeSelectorTerms: [term] } }), []);
  assert.deepEqual(of({ allNodes: true }), []);
  assert.deepEqual(of({ perDeviceNodeSelection: true }), []);
  assert.deepEqual(of({}), [`spec: Required value: ${ONE_CHOICE}`]);
  assert.deepEqual(of({ nodeName: '', allNodes: false, perDeviceNodeSelection: false }), [
    'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
    'spec.allNodes: Invalid value: false: must be either unset or set to true',
    'spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true',
    `spec: Required value: ${ONE_CHOICE}`,
  ]);
  assert.deepEqual(of({ nodeName: 'a', allNodes: true }), [
    `spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${ONE_CHOICE}, but multiple fields are set`,
  ]);
  assert.match(
    of({ nodeSelector: { nodeSelectorTerms: [term, term] } })[0]!,
    /^spec.nodeSelector.nodeSelectorTerms: Invalid value: .*: must have exactly one node selector term$/,
  );
  assert.match(of({ nodeName: 'A' })[0]!, NOT_A_SUBDOMAIN);
});

test('validateResourceSlice takes devices or counters, few of them when they are complex', () => {
  const counters = { memory: { value: '1Gi' } };
  assert.deepEqual(problems({ sharedCounters: [{ name: 'a', counters }] }), []);
  assert.deepEqual(problems({ devices: devices(128) }), []);
  assert.deepEqual(problems({ devices: devices(129) }), [
    'spec.devices: Too many: 129: must have at most 128 items',
  ]);
  const tooMany = ['spec.devices: Too many: 65: must have at most 64 items'];
  const taints = [{ key: 'a', effect: 'NoSchedule' }];
  assert.deepEqual(problems({ devices: devices(65, { taints }) }), tooMany);
  const consumesCounters = [{ counterSet: 'a', counters }];
  assert.deepEqual(problems({ devices: devices(65, { consumesCounters }) }), tooMany);
  assert.deepEqual(problems({ devices: devices(65, { attributes: { a: { ints: [1] } } }) }), tooMany);
  assert.deepEqual(problems({ devices: [{ name: 'a' }, { name: 'a' }] }), [
    'spec.devices[1]: Duplicate value: "a"',
  ]);
  const sharedCounters = [{ name: 'a', counters }, { name: 'a', counters: {} }, {}];
  assert.deepEqual(problems({ devices: [], sharedCounters }), [
    'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
    'spec.sharedCounters[1].counters: Required value',
    'spec.sharedCounters[2].name: Required value',
    'spec.sharedCounters[2].counters: Required value',
    'spec.sharedCounters[1]: Duplicate value: "a"',
  ]);
});

test('validateResourceSliceUpdate keeps driver, pool and node', () => {
  const pool = { ...POOL, name: 'node-2' };
  const changed = { driver: 'nic.example.com', pool, nodeName: 'node-2' };
  assert.deepEqual(problemsOfUpdate(slice({ ...SPEC, devices: devices(1) }), slice(SPEC)), []);
  assert.deepEqual(problemsOfUpdate(slice(changed), slice(SPEC)), [
    'spec.pool.name: Invalid value: "node-2": field is immutable',
    'spec.driver: Invalid value: "nic.example.com": field is immutable',
    'spec.nodeName: Invalid value: "node-2": field is immutable',
  ]);
});

test('validateResourceSliceUpdate judges taints and capacities of devices that change', () => {
  const device = {
    name: 'gpu-0',
    taints: [{ key: 'a', effect: 'Never' }],
    capacity: { memory: { value: '1Gi', requestPolicy: {} } },
  };
  const old = slice({ ...SPEC, devices: [device] });
  assert.deepEqual(problemsOfUpdate(old, old), []);
  const more = { ...device, taints: [...device.taints, { key: 'b', effect: 'NoSchedule' }] };
  assert.deepEqual(problemsOfUpdate(slice({ ...SPEC, devices: [more] }), old), [
    'spec.devices[0].taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"',
  ]);
  assert.deepEqual(problemsOfUpdate(slice({ ...SPEC, devices: [{ ...device, name: 'b' }] }), old), [
    'spec.devices[0].capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true',
    'spec.devices[0].taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"',
  ]);
});

test('validateDevice takes attributes of one value each', () => {
  const of = (attributes: object) =>
    problemsOfDevice({ attributes }).map((problem) => problem.replace('device.attributes', 'a'));
  assert.deepEqual(
    of({ bool: { bool: false }, 'x.y/int': { int: 0 }, v: { version: '1.2.3-rc.1+5' }, s: { string: '' } }),
    [],
  );
  const union = 'exactly one value must be specified';
  assert.deepEqual(of({ a: {}, b: { int: 1, bool: true } }), [
    `a[a]: Invalid value: "": ${union}`,
    `a[b]: Invalid value: {"int":1,"bool":true}: ${union}`,
  ]);
  assert.deepEqual(of({ a: { string: text(65) }, b: { version: '1.0' }, c: { strings: [] } }), [
    'a[a].string: Too long: may not be more than 64 bytes',
    'a[b].version: Invalid value: "1.0": must be a string compatible with semver.org spec 2.0.0',
    'a[c].strings: Invalid value: []: must not be empty if specified',
  ]);
  assert.deepEqual(of({ a: { strings: ['', text(65)] }, b: { versions: ['1.0.0', '01.0.0'] } }), [
    'a[a].strings[1]: Too long: may not be more than 64 bytes',
    'a[b].versions[1]: Invalid value: "01.0.0": must be a string compatible with semver.org spec 2.0.0',
  ]);
});

test('validateDevice wants attributes and capacities well named', () => {
  const of = (name: string) => problemsOfDevice({ attributes: { [name]: { int: 1 } } });
  const field = 'device.attributes';
  assert.deepEqual(of('/a'), [`${field}: Invalid value: "": the domain must not be empty`]);
  assert.deepEqual(of('a/'), [`${field}: Invalid value: "": the name must not be empty`]);
  assert.deepEqual(of('a/b/c'), [`${field}: Invalid value: "a/b/c": must not contain more than one slash`]);
  assert.deepEqual(of(text(33)), [`${field}: Too long: may not be more than 32 bytes`]);
  assert.match(of('1a')[0]!, /^device.attributes: Invalid value: "1a": a valid C identifier must start/);
  assert.match(of('A_b/c')[0]!, NOT_A_SUBDOMAIN);
  assert.match(
    problemsOfDevice({ attributes: { [text(100)]: {} } })[1]!,
    /^device.attributes\[x{47}\.\.\.x{46}\]: Invalid value/,
  );
  assert.match(problemsOfDevice({ capacity: { '1a': { value: '1' } } })[0]!, /^device.capacity: Invalid/);
});

test('validateDevice counts attributes, their values, and capacities', () => {
  const capacity = fields(2, { value: '1' });
  assert.deepEqual(problemsOfDevice({ attributes: fields(30, { int: 1 }), capacity }), []);
  assert.deepEqual(problemsOfDevice({ attributes: fields(31, { int: 1 }), capacity }), [
    'device: Invalid value: 33: the total number of attributes and capacities must not exceed 32',
  ]);
  const ints = Array.from({ length: 48 }, () => 1);
  assert.deepEqual(problemsOfDevice({ attributes: { a: { ints }, b: { int: 1 } } }), [
    'device: Invalid value: 49: the total number of attribute values must not exceed 48',
  ]);
});

test('validateDevice takes nodes only where each device says its own', () => {
  const of = (device: object) =>
    problemsOfDevice(device, { nodeName: undefined, perDeviceNodeSelection: true });
  const why =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  assert.deepEqual(of({ nodeName: 'node-1' }), []);
  assert.deepEqual(of({}), [`device: Required value: ${why}`]);
  assert.deepEqual(of({ nodeName: '', allNodes: false }), [
    'device.nodeName: Invalid value: "": must not be empty',
    'device.allNodes: Invalid value: false: must be either unset or set to true',
    `device: Required value: ${why}`,
  ]);
  assert.deepEqual(of({ nodeName: 'a', allNodes: true }), [
    `device: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${why}`,
  ]);
  assert.deepEqual(problemsOfDevice({ allNodes: false }), [
    'device: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
  ]);
});

test('validateDevice looks at taints and at the counters that it uses', () => {
  assert.deepEqual(
    problemsOfDevice({ taints: [{ value: '-' }, { key: 'a', effect: 'None' }] }).map((problem) =>
      problem.replace(/ \(e\.g\..*| must consist.*| an empty.*/, ''),
    ),
    [
      'device.taints[0].key: Invalid value: "": name part must be non-empty',
      'device.taints[0].value: Invalid value: "-": a valid label must be',
      'device.taints[0].effect: Required value',
    ],
  );
  const counters = { memory: { value: '1Gi' } };
  const use = (counterSet: string) => ({ counterSet, counters });
  assert.deepEqual(problemsOfDevice({ consumesCounters: [use('a'), use('b')] }), []);
  assert.deepEqual(problemsOfDevice({ consumesCounters: [use('a'), use('b'), use('c')] }), [
    'device.consumesCounters: Too many: 3: must have at most 2 items',
  ]);
  assert.deepEqual(problemsOfDevice({ consumesCounters: [use('a'), { counterSet: 'a' }] }), [
    'device.consumesCounters[1].counters: Required value',
    'device.consumesCounters[1]: Duplicate value: "a"',
  ]);
  assert.match(
    problemsOfDevice({ consumesCounters: [{ counterSet: 'a', counters: { A: { value: '1' } } }] })[0]!,
    /^device.consumesCounters\[0\].counters: Invalid value: "A": a lowercase RFC 1123 label/,
  );
});

test('validateDevice wants conditions for success and for failure', () => {
  const of = (bindingConditions?: string[], bindingFailureConditions?: string[]) =>
    problemsOfDevice({ bindingConditions, bindingFailureConditions });
  assert.deepEqual(of(['a.b/ready'], ['a.b/failed']), []);
  assert.deepEqual(of(['a']), [
    'device.bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
  ]);
  assert.deepEqual(of(undefined, ['a']), [
    'device.bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions',
  ]);
  assert.deepEqual(of(['a', 'a'], ['b', 'a', 'b']), [
    'device.bindingConditions[1]: Duplicate value: "a"',
    'device.bindingFailureConditions[2]: Duplicate value: "b"',
    'device.bindingFailureConditions[1]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions',
  ]);
  assert.deepEqual(of(['a', 'b', 'c', 'd', 'e'], ['f']), [
    'device.bindingConditions: Too many: 5: must have at most 4 items',
  ]);
});
