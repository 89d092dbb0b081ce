import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf, problemsOfSubresource, problemsOfUpdate } from './problems.fixture.ts';

const node = (fields: object) => objectOf('v1', 'Node', { ...fields });
const problems = (spec: object) => problemsOf(node({ spec }));
const updateProblems = (spec: object, before: object) =>
  problemsOfUpdate(node({ spec }), node({ spec: before }));

test('validateNode names what is wrong with taints by the path that upstream names', () => {
  const taint = { key: 'a', value: 'b', effect: 'NoSchedule' };
  assert.deepEqual(problems({ taints: [taint, { ...taint, effect: 'NoExecute' }] }), []);
  assert.deepEqual(problems({ taints: [taint, { key: 'a', effect: 'NoSchedule' }] }), [
    'metadata.taints[1]: Duplicate value: {"key":"a","effect":"NoSchedule"}: taints must be unique by key and effect pair',
  ]);
  assert.deepEqual(problems({ taints: [{ key: 'a', effect: '' }] }), [
    'metadata.taints[0].effect: Required value',
  ]);
  const wrong = problems({ taints: [{ key: '', value: 'b c', effect: 'Never' }] });
  assert.deepEqual(wrong.length, 3);
  assert.match(wrong[0]!, /^metadata\.taints\[0\]\.key: Invalid value: "": name part must be non-empty/);
  assert.match(wrong[1]!, /^metadata\.taints\[0\]\.value: Invalid value: "b c": a valid label/);
  assert.equal(
    wrong[2],
    'metadata.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  );
});

test('validateNode takes one range of each family', () => {
  const field = 'spec.podCIDRs';
  const families = 'may specify no more than one CIDR for each IP family';
  assert.deepEqual(problems({ podCIDRs: ['10.0.0.0/24', '2001:db8::/64'] }), []);
  assert.deepEqual(problems({ podCIDRs: ['10.0.0.0'] }), [
    `${field}[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
  ]);
  assert.deepEqual(problems({ podCIDRs: ['10.0.0.0/24', '10.0.0.0/24'] }), [
    `${field}: Invalid value: ["10.0.0.0/24","10.0.0.0/24"]: ${families}`,
    `${field}[1]: Duplicate value: "10.0.0.0/24"`,
  ]);
  const three = ['10.0.0.0/24', '2001:db8::/64', '10.1.0.0/24'];
  assert.deepEqual(problems({ podCIDRs: three }), [
    `${field}: Invalid value: ${JSON.stringify(three)}: ${families}`,
  ]);
});

test('validateNode looks at amounts', () => {
  const status = { capacity: { cpu: '-1' }, allocatable: { pods: '1500m' } };
  assert.deepEqual(problemsOf(node({ status })), [
    'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
    'status.allocatable.pods: Invalid value: "1500m": must be an integer',
  ]);
});

test('validateNodeUpdate keeps what was set', () => {
  const set = { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'], providerID: 'a' };
  assert.deepEqual(updateProblems(set, {}), []);
  assert.deepEqual(updateProblems({ ...set, unschedulable: true }, set), []);
  assert.deepEqual(updateProblems({ podCIDRs: ['10.1.0.0/24'], providerID: 'b', externalID: 'c' }, set), [
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
    'spec.externalID: Forbidden: may not be updated',
  ]);
  assert.deepEqual(updateProblems({ providerID: 'a' }, set), [
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  ]);
});

test('validateNodeUpdate reads where a configuration came from', () => {
  const configMap = { namespace: 'kube-system', name: 'c', kubeletConfigKey: 'kubelet' };
  assert.deepEqual(updateProblems({ configSource: { configMap } }, {}), []);
  assert.deepEqual(updateProblems({ configSource: {} }, {}), [
    'spec.configSource: Invalid value: {}: exactly one reference subfield must be non-nil',
  ]);
  const source = { uid: 'u', resourceVersion: '1', namespace: '', name: '', kubeletConfigKey: '' };
  const field = 'spec.configSource.configMap';
  assert.deepEqual(updateProblems({ configSource: { configMap: source } }, {}), [
    `${field}.uid: Forbidden: uid must not be set in spec`,
    `${field}.resourceVersion: Forbidden: resourceVersion must not be set in spec`,
    `${field}.namespace: Required value: namespace must be set`,
    `${field}.name: Required value: name must be set`,
    `${field}.kubeletConfigKey: Required value: kubeletConfigKey must be set`,
  ]);
});

test('validateNodeStatus lists an address once', () => {
  const address = { type: 'InternalIP', address: '10.0.0.1' };
  const withStatus = (status: object) => problemsOfSubresource('status', node({ status }));
  assert.deepEqual(withStatus({ addresses: [address, { ...address, type: 'ExternalIP' }] }), []);
  assert.deepEqual(withStatus({ addresses: [address, address] }), [
    'status.addresses[1]: Duplicate value: {"type":"InternalIP","address":"10.0.0.1"}',
  ]);
  const configMap = { namespace: 'kube-system', name: 'c', kubeletConfigKey: 'k', uid: 'u' };
  assert.deepEqual(withStatus({ config: { active: { configMap } } }), [
    'status.config.active.configMap.resourceVersion: Required value: resourceVersion must be set in status',
  ]);
});
