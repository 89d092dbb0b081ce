import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems, statusProblems, updateProblems } from './judged.fixture.ts';

const make = (kind: string, rest: object) => objectOf('storage.k8s.io/v1', kind, rest, { namespace: '' });

test('validateStorageClass wants a provisioner, and topologies that differ', () => {
  const storageClass = (rest: object) => make('StorageClass', { provisioner: 'a.io/b', ...rest });
  assert.deepEqual(problems(storageClass({})), []);
  const term = { matchLabelExpressions: [{ key: 'zone', values: ['a'] }] };
  const twice = {
    matchLabelExpressions: [
      { key: 'zone', values: [] },
      { key: 'zone', values: ['a', 'a'] },
    ],
  };
  const wrong = {
    provisioner: '',
    reclaimPolicy: 'Recycle',
    volumeBindingMode: 'Later',
    parameters: { '': 'a' },
  };
  assert.deepEqual(problems(storageClass({ ...wrong, allowedTopologies: [term, term, twice] })), [
    'provisioner: Required value',
    'parameters: Invalid value: "": field can not be empty.',
    'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
    'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
    'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
    'allowedTopologies[2].matchLabelExpressions[0].values: Required value',
    'allowedTopologies[2].matchLabelExpressions[1].values[1]: Duplicate value: "a"',
    'allowedTopologies[2].matchLabelExpressions[1].key: Duplicate value: "zone"',
  ]);
  assert.deepEqual(
    updateProblems(storageClass({ provisioner: 'b', reclaimPolicy: 'Retain' }), storageClass({})),
    [
      'provisioner: Invalid value: "b": field is immutable',
      'reclaimPolicy: Invalid value: "Retain": field is immutable',
    ],
  );
  const unsaid = { allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone' }] }] };
  assert.deepEqual(updateProblems(storageClass(unsaid), storageClass({})), [
    'allowedTopologies[0].matchLabelExpressions[0].values: Required value',
  ]);
});

test('validateVolumeAttributesClass is fixed, and never empty', () => {
  const volumeClass = (parameters: object) => make('VolumeAttributesClass', { driverName: 'a', parameters });
  assert.deepEqual(problems(volumeClass({})), [
    'parameters: Required value: must contain at least one key/value pair',
  ]);
  assert.deepEqual(updateProblems(volumeClass({ a: 'c' }), volumeClass({ a: 'b' })), [
    'parameters: Forbidden: updates to parameters are forbidden.',
  ]);
  assert.deepEqual(updateProblems(volumeClass({}), volumeClass({ a: 'b' })), [
    'parameters: Required value: must contain at least one key/value pair',
    'parameters: Forbidden: updates to parameters are forbidden.',
  ]);
});

test('validateCsiDriver refuses words, periods and tokens that make no sense', () => {
  const driver = (spec: object) => make('CSIDriver', { spec });
  assert.deepEqual(problems(driver({})), []);
  const tokenRequests = [{ audience: 'a' }, { audience: 'a' }, { audience: 'b', expirationSeconds: 60 }];
  const spec = {
    fsGroupPolicy: 'Any',
    volumeLifecycleModes: ['Long'],
    nodeAllocatableUpdatePeriodSeconds: 9,
  };
  assert.deepEqual(problems(driver({ ...spec, tokenRequests })), [
    'spec.fsGroupPolicy: Unsupported value: "Any": supported values: "File", "None", "ReadWriteOnceWithFSType"',
    'spec.tokenRequests[1].audience: Duplicate value: "a"',
    'spec.tokenRequests[2].expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    'spec.volumeLifecycleModes: Unsupported value: "Long": supported values: "Persistent", "Ephemeral"',
    'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
  ]);
  assert.deepEqual(updateProblems(driver({ attachRequired: false, podInfoOnMount: true }), driver({})), [
    'spec.attachedRequired: Invalid value: false: field is immutable',
  ]);
});

test('validateCsiNode wants drivers with names, and lets only the number of volumes change', () => {
  const node = (...drivers: object[]) => make('CSINode', { spec: { drivers } });
  const driver = { name: 'a', nodeID: 'n', allocatable: { count: 1 } };
  assert.deepEqual(problems(node(driver, { ...driver, nodeID: '', allocatable: { count: -1 } })), [
    'spec.drivers[1].nodeID: Required value',
    'spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
    'spec.drivers[1].name: Duplicate value: "a"',
  ]);
  assert.deepEqual(updateProblems(node({ ...driver, allocatable: { count: 2 } }), node(driver)), []);
  assert.deepEqual(updateProblems(node({ ...driver, nodeID: 'm' }), node(driver)), [
    'spec.drivers: Invalid value: {"name":"a","nodeID":"m"}: field is immutable',
  ]);
});

test('validateStorageCapacity keeps what was asked', () => {
  const capacity = (rest: object) =>
    objectOf('storage.k8s.io/v1', 'CSIStorageCapacity', { storageClassName: 'a', ...rest });
  assert.deepEqual(problems(capacity({ capacity: '-1' })), [
    'capacity: Invalid value: "-1": must be greater than or equal to 0',
  ]);
  assert.deepEqual(updateProblems(capacity({ capacity: '1Gi' }), capacity({})), []);
  assert.deepEqual(updateProblems(capacity({ storageClassName: 'b' }), capacity({})), [
    'storageClassName: Invalid value: "b": field is immutable',
  ]);
  assert.deepEqual(updateProblems(capacity({ capacity: '-1' }), capacity({})), [
    'capacity: Invalid value: "-1": must be greater than or equal to 0',
  ]);
  const wrong = capacity({ nodeTopology: { matchLabels: { zone: '-' } } });
  assert.deepEqual(updateProblems(wrong, wrong), []);
  assert.deepEqual(
    updateProblems(wrong, capacity({})).map((text) => text.split(': ', 1)[0]),
    ['nodeTopology.matchLabels', 'nodeTopology'],
  );
});

test('validateVolumeAttachment wants one source, which stays', () => {
  const attachment = (source: object) =>
    make('VolumeAttachment', { spec: { attacher: 'a', nodeName: 'n', source } });
  const named = attachment({ persistentVolumeName: 'v' });
  assert.deepEqual(problems(named), []);
  const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  assert.deepEqual(problems(attachment({})), [`spec.source: Required value: ${detail}`]);
  assert.deepEqual(problems(attachment({ persistentVolumeName: 'v', inlineVolumeSpec: {} })), [
    `spec.source: Forbidden: ${detail}`,
  ]);
  assert.equal(updateProblems(attachment({ persistentVolumeName: 'w' }), named).length, 1);
  assert.deepEqual(statusProblems(named, { attached: false, attachError: { errorCode: -1 } }), [
    'status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ]);
  const missing = problems(
    make('VolumeAttachment', { spec: { nodeName: 'n', source: { persistentVolumeName: 'v' } } }),
  );
  assert.equal(missing[0], 'spec.attacher: Required value');
  assert.match(missing[1]!, /^spec.attacher: Invalid value: "": a lowercase RFC 1123 subdomain/);
});

test('validateInlineVolume takes what a volume of a driver says, and nothing that belongs to an object', () => {
  const of = (inlineVolumeSpec: object) =>
    problems(
      make('VolumeAttachment', { spec: { attacher: 'a', nodeName: 'n', source: { inlineVolumeSpec } } }),
    ).map((text) => text.replace('spec.source.inlineVolumeSpec', 'v'));
  const csi = { driver: 'a', volumeHandle: 'h' };
  const own = { csi, accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' };
  const context = 'in the context of inline volumes';
  assert.deepEqual(of({ ...own, persistentVolumeReclaimPolicy: 'Retain', storageClassName: '' }), []);
  assert.deepEqual(of({ local: { path: '/a' } }), [
    `v.csi: Required value: has to be specified ${context}`,
    'v.accessModes: Required value',
    'v.nodeAffinity: Required value: Local volume requires node affinity',
  ]);
  const belongs = {
    claimRef: {},
    capacity: { storage: '1Gi' },
    accessModes: ['Any'],
    persistentVolumeReclaimPolicy: 'Delete',
    nodeAffinity: {},
    storageClassName: 'fast',
    volumeMode: 'Block',
  };
  assert.deepEqual(of({ csi: { driver: 'a' }, ...belongs }), [
    `v.claimRef: Forbidden: may not be specified ${context}`,
    `v.capacity: Forbidden: may not be specified ${context}`,
    'v.accessModes: Unsupported value: "Any": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    `v.persistentVolumeReclaimPolicy: Forbidden: may only be Retain ${context}`,
    `v.nodeAffinity: Forbidden: may not be specified ${context}`,
    'v.csi.volumeHandle: Required value',
    `v.storageClassName: Forbidden: may not be specified ${context}`,
    `v.volumeMode: Forbidden: may not specify volumeMode other than Filesystem ${context}`,
  ]);
});
