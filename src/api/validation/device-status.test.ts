import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOfSubresource } from './problems.fixture.ts';

const SPEC = { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu' } }] } };
const RESULT = { request: 'gpu', driver: 'gpu.example.com', pool: 'node-1', device: 'gpu-0' };
const STATUS = { driver: 'gpu.example.com', pool: 'node-1', device: 'gpu-0' };
const NOT_A_REQUEST =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
const UUID = '0d1c2b3a-4f5e-6789-abcd-ef0123456789';

const claim = (status: object) =>
  objectOf('resource.k8s.io/v1', 'ResourceClaim', { metadata: { namespace: 'x' }, spec: SPEC, status });
const problems = (status: object, old: object = {}) =>
  problemsOfSubresource('status', claim(status), claim(old));
const ofResult = (result: object) =>
  problems({ allocation: { devices: { results: [{ ...RESULT, ...result }] } } }).map((text) =>
    text.replace('status.allocation.devices.results[0]', 'result'),
  );
const ofDevice = (status: object) =>
  problems({
    allocation: { devices: { results: [RESULT] } },
    devices: [{ ...STATUS, ...status }],
  }).map((text) => text.replace('status.devices[0]', 'device'));

test('validateAllocation wants results for requests of the claim', () => {
  assert.deepEqual(ofResult({ shareID: UUID, tolerations: [{ operator: 'Exists', effect: 'None' }] }), []);
  assert.deepEqual(ofResult({ request: 'nic' }), [`result.request: Invalid value: "nic": ${NOT_A_REQUEST}`]);
  assert.equal(ofResult({ pool: '' })[0], 'result.pool: Required value');
  assert.match(
    ofResult({ device: 'A' })[0]!,
    /^result.device: Invalid value: "A": a lowercase RFC 1123 label/,
  );
  assert.equal(ofResult({ driver: '' })[0], 'result.driver: Required value');
  assert.deepEqual(ofResult({ bindingConditions: ['a'] }), [
    'result.bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
  ]);
  const results = Array.from({ length: 33 }, () => RESULT);
  assert.deepEqual(problems({ allocation: { devices: { results } } }), [
    'status.allocation.devices.results: Too many: 33: must have at most 32 items',
  ]);
  assert.deepEqual(problems({ allocation: { nodeSelector: { nodeSelectorTerms: [] } } }), [
    'status.allocation.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
  ]);
});

test('validateAllocation judges what is new', () => {
  const allocation = { devices: { results: [{ ...RESULT, device: 'A' }] } };
  assert.deepEqual(problems({ allocation }, { allocation }), []);
  assert.equal(problems({ allocation }).length, 1);
});

test('validateAllocation looks at tolerations', () => {
  const of = (toleration: object) => ofResult({ tolerations: [toleration] });
  const field = 'result.tolerations[0]';
  assert.deepEqual(of({ key: 'a', operator: 'Equal', value: 'b' }), []);
  assert.deepEqual(of({ operator: 'Exists', value: 'b', effect: 'PreferNoSchedule' }), [
    `${field}.value: Invalid value: "b": must be empty for operator \`Exists\``,
    `${field}.effect: Unsupported value: "PreferNoSchedule": supported values: "NoExecute", "NoSchedule", "None"`,
  ]);
  assert.deepEqual(of({ operator: 'Gt' }), [
    `${field}.operator: Unsupported value: "Gt": supported values: "Equal", "Exists"`,
  ]);
  assert.match(
    of({ key: '-', operator: 'Equal', value: '-' }).join('\n'),
    /key: .*\n.*value: Invalid value: "-"/,
  );
});

test('validateAllocation wants shares as UUIDs of the usual form', () => {
  const of = (shareID: string) =>
    ofResult({ shareID })[0]?.replace(`result.shareID: Invalid value: "${shareID}": `, '');
  const malformed = 'error validating uid: invalid UUID format';
  const form =
    'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
  assert.equal(of(UUID), undefined);
  assert.equal(of(UUID.toUpperCase()), form);
  assert.equal(of(`{${UUID}}`), form);
  assert.equal(of(UUID.replaceAll('-', '')), form);
  assert.equal(of(`urn:uuid:${UUID}`), form);
  assert.equal(of('x'), 'error validating uid: invalid UUID length: 1');
  assert.equal(of(UUID.replace('0', 'x')), malformed);
  assert.equal(of('x'.repeat(32)), malformed);
  assert.equal(of(`(${UUID})`), 'error validating uid: invalid bracketed UUID format');
  assert.equal(of(`url:uuid:${UUID}`), 'error validating uid: invalid urn prefix: "url:uuid:"');
});

test('validateAllocation says where configuration is from', () => {
  const opaque = { driver: 'gpu.example.com', parameters: {} };
  const of = (config: object) => problems({ allocation: { devices: { config: [{ opaque, ...config }] } } });
  const field = 'status.allocation.devices.config[0]';
  assert.deepEqual(of({ source: 'FromClass', requests: ['gpu'] }), []);
  assert.deepEqual(of({ requests: ['gpu', 'gpu', 'a/b'] }), [
    `${field}.source: Required value`,
    `${field}.requests[2]: Invalid value: "a/b": ${NOT_A_REQUEST}`,
    `${field}.requests[1]: Duplicate value: "gpu"`,
  ]);
  assert.deepEqual(of({ source: 'FromMe', opaque: undefined }), [
    `${field}.source: Unsupported value: "FromMe": supported values: "FromClaim", "FromClass"`,
    `${field}.opaque: Required value`,
  ]);
});

test('validateDeviceStatuses speaks of allocated devices alone', () => {
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: 'A',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const networkData = { interfaceName: 'eth0', ips: ['10.9.8.7/24'], hardwareAddress: 'ea:9f:cb:40:b7:4a' };
  assert.deepEqual(ofDevice({ conditions: [condition], data: { a: 1 }, networkData }), []);
  assert.deepEqual(ofDevice({ shareID: UUID }), [
    `device: Invalid value: "gpu.example.com/node-1/gpu-0/${UUID}": must be an allocated device in the claim`,
  ]);
  assert.deepEqual(problems({ devices: [STATUS, STATUS] }), [
    'status.devices[0]: Invalid value: "gpu.example.com/node-1/gpu-0": must be an allocated device in the claim',
    'status.devices[1]: Invalid value: "gpu.example.com/node-1/gpu-0": must be an allocated device in the claim',
    'status.devices[1]: Duplicate value: "gpu.example.com/node-1/gpu-0"',
  ]);
  const conditions = Array.from({ length: 9 }, (_, index) => ({ ...condition, type: `C${index}` }));
  assert.deepEqual(ofDevice({ conditions }), ['device.conditions: Too many: 9: must have at most 8 items']);
});

test('validateDeviceStatuses bounds what drivers write', () => {
  assert.deepEqual(ofDevice({ data: [] }), [
    'device.data: Invalid value: "<value omitted>": must be a valid JSON object',
  ]);
  assert.deepEqual(ofDevice({ data: { a: 'x'.repeat(10 * 1024) } }), [
    'device.data: Too long: may not be more than 10240 bytes',
  ]);
  const networkData = {
    interfaceName: 'x'.repeat(257),
    hardwareAddress: 'x'.repeat(129),
    ips: ['10.9.8.7/24', '10.9.8.7', '10.9.8.7/24'],
  };
  assert.deepEqual(ofDevice({ networkData }), [
    'device.networkData.interfaceName: Too long: may not be more than 256 bytes',
    'device.networkData.hardwareAddress: Too long: may not be more than 128 bytes',
    'device.networkData.ips[1]: Invalid value: "10.9.8.7": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
    'device.networkData.ips[2]: Duplicate value: "10.9.8.7/24"',
  ]);
});
