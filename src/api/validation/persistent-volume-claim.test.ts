import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolumeClaim } from '../generated/core-v1.ts';
import { dns1123SubdomainProblem } from './names.ts';
import { validateClaim, validateClaimStatus, validateClaimUpdate } from './persistent-volume-claim.ts';

const SPEC = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const IMMUTABLE =
  'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

const texts = (errors: readonly { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);

const CASES: readonly { spec: object | undefined; expected: string[] }[] = [
  { spec: SPEC, expected: [] },
  {
    spec: undefined,
    expected: [
      'spec.accessModes: Required value: at least 1 access mode is required',
      'spec.resources[storage]: Required value',
    ],
  },
  {
    spec: {
      ...SPEC,
      accessModes: ['ReadWriteOncePod', 'Anyhow'],
      resources: { requests: { storage: '0' } },
      volumeMode: 'Tape',
    },
    expected: [
      'spec.accessModes: Unsupported value: "Anyhow": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      'spec.resources[storage]: Invalid value: "0": must be greater than zero',
      'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
    ],
  },
  {
    spec: { ...SPEC, accessModes: ['ReadWriteOncePod', 'ReadWriteMany'] },
    expected: ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
  },
  {
    spec: {
      ...SPEC,
      dataSource: { kind: 'Volume', name: '' },
      dataSourceRef: { kind: 'Volume', name: 'x', apiGroup: 'a_b' },
      volumeAttributesClassName: 'a_b',
    },
    expected: [
      'spec.dataSource.name: Required value',
      `spec.dataSource: Invalid value: "Volume": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
      `spec.dataSourceRef.apiGroup: Invalid value: "a_b": ${dns1123SubdomainProblem('a_b')}`,
      'spec: Invalid value: "spec.dataSource": must match dataSourceRef',
      `spec.volumeAttributesClassName: Invalid value: "a_b": ${dns1123SubdomainProblem('a_b')}`,
    ],
  },
  {
    spec: {
      ...SPEC,
      dataSource: { kind: 'PersistentVolumeClaim', name: 'x' },
      dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'x', namespace: 'other' },
    },
    expected: [
      'spec: Invalid value: "spec.dataSource": may not be specified when dataSourceRef.namespace is specified',
    ],
  },
];

for (const [index, { spec, expected }] of CASES.entries()) {
  test(`validateClaim speaks as upstream, case ${index}`, () => {
    deepEqual(texts(validateClaim({ spec } as never)), expected);
  });
}

const claim = (spec: object, status: object = {}) =>
  ({ metadata: { name: 'a' }, spec: { ...SPEC, ...spec }, status }) as unknown as PersistentVolumeClaim;
const sized = (storage: string) => ({ resources: { requests: { storage } } });
const BOUND = { phase: 'Bound', capacity: { storage: '1Gi' } };

test('validateClaimUpdate lets nothing change but what is not settled yet', () => {
  const update = (spec: object, old: object) => texts(validateClaimUpdate(claim(spec), claim(old)));
  deepEqual(update({ volumeName: 'pv' }, {}), []);
  deepEqual(update({ volumeName: 'other' }, { volumeName: 'pv' }), [IMMUTABLE]);
  deepEqual(update({ storageClassName: 'fast' }, {}), []);
  deepEqual(update({ storageClassName: 'fast' }, { storageClassName: 'slow' }), [IMMUTABLE]);
  deepEqual(update({ storageClassName: 'fast' }, { storageClassName: '' }), [IMMUTABLE]);
  deepEqual(update({ volumeAttributesClassName: 'fast' }, {}), [IMMUTABLE]);
  deepEqual(update(sized('2Gi'), {}), [IMMUTABLE]);
});

test('validateClaimUpdate lets a bound claim grow, and shrink no further than it is', () => {
  const update = (spec: object, old: object) =>
    texts(validateClaimUpdate(claim(spec, BOUND), claim(old, BOUND)));
  deepEqual(update(sized('2Gi'), {}), []);
  deepEqual(update({ volumeAttributesClassName: 'fast' }, {}), []);
  deepEqual(update(sized('1536Mi'), sized('2Gi')), [], 'what could not grow may ask for less');
  deepEqual(update(sized('1Gi'), sized('2Gi')), [
    'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
  ]);
});

test('validateClaimUpdate keeps the mode, the attributes in effect, and the class by its old name', () => {
  const update = (now: PersistentVolumeClaim, old: PersistentVolumeClaim) =>
    texts(validateClaimUpdate(now, old));
  deepEqual(update(claim({ volumeMode: 'Block' }), claim({ volumeMode: 'Filesystem' })), [
    IMMUTABLE,
    'volumeMode: Invalid value: "Block": field is immutable',
  ]);
  const applied = { ...BOUND, currentVolumeAttributesClassName: 'fast' };
  const fast = claim({ volumeAttributesClassName: 'fast' }, applied);
  deepEqual(update(claim({}, applied), fast), [
    'spec.volumeAttributesClassName: Forbidden: update to nil is forbidden when status.currentVolumeAttributesClassName is not nil',
  ]);
  deepEqual(update(claim({ volumeAttributesClassName: '' }, applied), fast), [
    'spec.volumeAttributesClassName: Forbidden: update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil',
  ]);
  deepEqual(update(claim({}, BOUND), claim({ volumeAttributesClassName: 'fast' }, BOUND)), []);
  const annotated = claim({});
  annotated.metadata.annotations = { 'volume.beta.kubernetes.io/storage-class': 'slow' };
  deepEqual(update(claim({ storageClassName: 'slow' }), annotated), [], 'it may move into the spec');
  deepEqual(update(claim({}), annotated), [
    'metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "": field is immutable',
  ]);
});

test('validateClaimUpdate lets an odd group of a data source stay', () => {
  const dataSource = { apiGroup: 'a_b', kind: 'X', name: 'x' };
  const update = (now: object) => texts(validateClaimUpdate(claim(now), claim({ dataSource })));
  deepEqual(update({ dataSource, volumeName: 'pv' }), []);
  deepEqual(update({ dataSource: { ...dataSource, name: 'y' } }), [IMMUTABLE]);
});

test('validateClaimUpdate does not judge a spec that stays what it was', () => {
  deepEqual(texts(validateClaimUpdate(claim({ accessModes: [] }), claim({ accessModes: [] }))), []);
});

test('validateClaimStatus judges amounts and the states of growing', () => {
  const status = {
    capacity: { storage: '-1' },
    allocatedResourceStatuses: { storage: 'Growing', cpu: 'NodeResizePending' },
    allocatedResources: { 'a b': '1', storage: '1Gi' },
  };
  const found = texts(validateClaimStatus(claim({}, status)));
  deepEqual(found.slice(0, 3), [
    'status.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
    'status.allocatedResourceStatuses: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
    'status.allocatedResourceStatuses: Unsupported value: "cpu": supported values: "storage"',
  ]);
  deepEqual(
    found.slice(3).map((text) => text.slice(0, 48)),
    ['status.allocatedResources: Invalid value: "a b":'.slice(0, 48)],
  );
});
