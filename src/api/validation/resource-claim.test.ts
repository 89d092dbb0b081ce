import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf, problemsOfSubresource, problemsOfUpdate } from './problems.fixture.ts';

const GROUP = 'resource.k8s.io/v1';
const EXACTLY = { deviceClassName: 'gpu' };
const REQUEST = { name: 'a', exactly: EXACTLY };

const claim = (devices: object, { metadata = {}, ...rest } = {} as { metadata?: object; status?: object }) =>
  objectOf(GROUP, 'ResourceClaim', { metadata: { namespace: 'x', ...metadata }, spec: { devices }, ...rest });
const problems = (devices: object) => problemsOf(claim(devices));
const template = (devices: object) =>
  objectOf(GROUP, 'ResourceClaimTemplate', { metadata: { namespace: 'x' }, spec: { spec: { devices } } });

test('validateResourceClaim asks each request for one way to fill it', () => {
  const field = 'spec.devices.requests[0]';
  const union = 'exactly one of `exactly` or `firstAvailable` is required';
  assert.deepEqual(problems({ requests: [REQUEST] }), []);
  assert.deepEqual(problems({ requests: [{ name: 'a' }] }), [`${field}: Required value: ${union}`]);
  assert.deepEqual(problems({ requests: [{ ...REQUEST, firstAvailable: [{ name: 'b', ...EXACTLY }] }] }), [
    `${field}: Invalid value: null: ${union}, but multiple fields are set`,
  ]);
  assert.deepEqual(problems({ requests: [REQUEST, REQUEST] }), [
    'spec.devices.requests[1]: Duplicate value: "a"',
  ]);
  const many = Array.from({ length: 33 }, (_, index) => ({ ...REQUEST, name: `a${index}` }));
  assert.deepEqual(problems({ requests: many }), [
    'spec.devices.requests: Too many: 33: must have at most 32 items',
  ]);
});

test('validateResourceClaim looks at class, number and selectors', () => {
  const of = (exactly: object) => problems({ requests: [{ name: 'a', exactly }] });
  const field = 'spec.devices.requests[0].exactly';
  assert.deepEqual(of({ ...EXACTLY, allocationMode: 'All' }), []);
  assert.deepEqual(of({ allocationMode: 'All', count: 2, selectors: [{}] }), [
    `${field}.deviceClassName: Required value`,
    `${field}.selectors[0].cel: Required value`,
    `${field}.count: Invalid value: 2: must not be specified when allocationMode is 'All'`,
  ]);
  assert.deepEqual(of({ ...EXACTLY, allocationMode: 'ExactCount', count: -1 }), [
    `${field}.count: Invalid value: -1: must be greater than zero`,
  ]);
  const expression = 'x'.repeat(10 * 1024 + 1);
  assert.deepEqual(of({ ...EXACTLY, allocationMode: 'Some', selectors: [{ cel: { expression } }] }), [
    `${field}.selectors[0].cel.expression: Too long: may not be more than 10240 bytes`,
    `${field}.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`,
  ]);
});

test('validateResourceClaim follows names of requests', () => {
  const requests = [{ name: 'a', firstAvailable: [{ name: 'b', ...EXACTLY }] }];
  const of = (...names: string[]) =>
    problems({ requests, constraints: [{ requests: names, matchAttribute: 'gpu.example.com/model' }] });
  const wrong =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  assert.deepEqual(of('a', 'a/b'), []);
  assert.deepEqual(of('a/c', 'a', 'a'), [
    `spec.devices.constraints[0].requests[0]: Invalid value: "a/c": ${wrong}`,
    'spec.devices.constraints[0].requests[2]: Duplicate value: "a"',
  ]);
});

test('validateResourceClaim asks for whole names of attributes', () => {
  const of = (constraint: object) => problems({ requests: [REQUEST], constraints: [constraint] });
  const field = 'spec.devices.constraints[0]';
  assert.deepEqual(of({ matchAttribute: 'model' }), [
    `${field}.matchAttribute: Invalid value: "model": a fully qualified name must be a domain and a name separated by a slash`,
  ]);
  assert.deepEqual(of({ distinctAttribute: 'a/b/c' }), [
    `${field}.distinctAttribute: Invalid value: "a/b/c": must not contain more than one slash`,
  ]);
  assert.match(of({ matchAttribute: 'a.b/1c' })[0]!, /"1c": a valid C identifier must start with alphabetic/);
  assert.match(of({})[0]!, /constraints\[0\]: Required value: exactly one of "matchAttribute" or/);
});

test('validateResourceClaim takes objects for the parameters of drivers', () => {
  const of = (opaque?: object) => problems({ requests: [REQUEST], config: [{ opaque }] });
  const field = 'spec.devices.config[0].opaque';
  assert.deepEqual(of({ driver: 'gpu.example.com', parameters: { kind: 'X' } }), []);
  assert.deepEqual(of(), [`${field}: Required value`]);
  assert.deepEqual(of({ driver: 'gpu.example.com', parameters: [] }), [
    `${field}.parameters: Invalid value: "<value omitted>": must be a valid JSON object`,
  ]);
});

test('validateFixedSpec keeps what a claim and a template ask for', () => {
  const changed = { requests: [{ ...REQUEST, name: 'b' }] };
  for (const make of [claim, template]) {
    const old = make({ requests: [REQUEST] });
    assert.deepEqual(problemsOfUpdate(make({ requests: [REQUEST] }), old), []);
    assert.match(problemsOfUpdate(make(changed), old)[0]!, /^spec: Invalid value: .*: field is immutable$/);
  }
  assert.deepEqual(problemsOf(template({ requests: [{ name: 'a', exactly: {} }] })), [
    'spec.spec.devices.requests[0].exactly.deviceClassName: Required value',
  ]);
});

test('validateResourceClaimStatus reserves what is allocated, and moves no allocation', () => {
  const consumer = { resource: 'pods', name: 'p', uid: 'u1' };
  const withStatus = (status: object, metadata = {}) => claim({ requests: [REQUEST] }, { metadata, status });
  const given = { allocation: { devices: {} }, reservedFor: [consumer] };
  assert.deepEqual(problemsOfSubresource('status', withStatus(given), withStatus({})), []);
  assert.deepEqual(problemsOfSubresource('status', withStatus({ reservedFor: [consumer, { uid: 'u1' }] })), [
    'status.reservedFor[1].resource: Required value',
    'status.reservedFor[1].name: Required value',
    'status.reservedFor[1]: Duplicate value: "u1"',
    'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
  ]);
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const moved = { ...given, allocation: { nodeSelector: { nodeSelectorTerms: [] } } };
  assert.deepEqual(
    problemsOfSubresource('status', withStatus(moved, going), withStatus({ allocation: given.allocation })),
    [
      'status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
      'status.allocation: Invalid value: {"nodeSelector":{"nodeSelectorTerms":[]}}: field is immutable',
    ],
  );
});

test('validateDeviceClass takes the name of an extended resource', () => {
  const of = (spec: object) => problemsOf(objectOf(GROUP, 'DeviceClass', { spec }));
  assert.deepEqual(
    of({ extendedResourceName: 'example.com/gpu', selectors: [{ cel: { expression: 'true' } }] }),
    [],
  );
  assert.deepEqual(of({ extendedResourceName: 'cpu', config: [{}] }), [
    'spec.config[0].opaque: Required value',
    'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
  ]);
});

test('validateDeviceClassUpdate judges expressions and parameters that change', () => {
  const of = (expression: string, length: number) => {
    const opaque = { driver: 'gpu.example.com', parameters: { a: 'x'.repeat(length) } };
    return objectOf(GROUP, 'DeviceClass', {
      spec: { selectors: [{ cel: { expression } }], config: [{ opaque }] },
    });
  };
  const old = of('gone', 20_000);
  assert.deepEqual(problemsOfUpdate(of('gone', 20_000), old), []);
  const texts = problemsOfUpdate(of('also.gone', 20_001), old);
  assert.match(texts[0]!, /^spec.selectors\[0\].cel.expression: .* undeclared reference to 'also'/);
  assert.deepEqual(texts.slice(1), [
    'spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes',
  ]);
});

test('validateResourceClaim compiles the expressions of requests, and looks at their tolerations', () => {
  const exactly = {
    ...EXACTLY,
    selectors: [{ cel: { expression: 'device.driver' } }],
    tolerations: [{ operator: 'Gt' }],
  };
  const firstAvailable = [{ name: 'b', ...exactly }];
  const messages = (at: string) => [
    `${at}.selectors[0].cel.expression: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string`,
    `${at}.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists"`,
  ];
  const requests = [
    { name: 'a', exactly },
    { name: 'c', firstAvailable },
  ];
  const [first, second] = ['requests[0].exactly', 'requests[1].firstAvailable[0]'];
  assert.deepEqual(problems({ requests }), [
    ...messages(`spec.devices.${first}`),
    ...messages(`spec.devices.${second}`),
  ]);
  assert.deepEqual(problemsOf(template({ requests })), [
    ...messages(`spec.spec.devices.${first}`),
    ...messages(`spec.spec.devices.${second}`),
  ]);
});
