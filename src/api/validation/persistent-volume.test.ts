import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume, PersistentVolumeSpec } from '../generated/core-v1.ts';
import { dns1123SubdomainProblem } from './names.ts';
import { validateVolume, validateVolumeUpdate } from './persistent-volume.ts';

const SPEC: PersistentVolumeSpec = {
  accessModes: ['ReadWriteOnce'],
  capacity: { storage: '1Gi' },
  hostPath: { path: '/data' },
  persistentVolumeReclaimPolicy: 'Retain',
  volumeMode: 'Filesystem',
};
const volume = (spec: PersistentVolumeSpec) => ({ spec }) as PersistentVolume;
const problems = (spec: PersistentVolumeSpec) =>
  validateVolume({ spec }).map(({ field, message }) => `${field}: ${message}`);
const { hostPath: _, ...SOURCELESS } = SPEC;

test('validateVolume wants capacity, access modes and one source', () => {
  assert.deepEqual(problems(SPEC), []);
  assert.deepEqual(problems({}), [
    'spec.accessModes: Required value',
    'spec.capacity: Required value',
    'spec.capacity: Unsupported value: {}: supported values: "storage"',
    'spec: Required value: must specify a volume type',
  ]);
  assert.deepEqual(problems({ ...SPEC, nfs: { server: 's', path: '/' } }), [
    'spec.nfs: Forbidden: may not specify more than 1 volume type',
  ]);
  assert.deepEqual(problems({ ...SPEC, capacity: { storage: '0' } }), [
    'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
  ]);
  assert.match(
    problems({ ...SPEC, capacity: { disk: '1' } })[0]!,
    /^spec\.capacity: Unsupported value: .*"storage"$/,
  );
});

test('validateVolume judges what a source says', () => {
  assert.deepEqual(problems({ ...SOURCELESS, csi: { driver: '', volumeHandle: '' } }), [
    'spec.csi.driver: Required value',
    `spec.csi.driver: Invalid value: "": ${dns1123SubdomainProblem('')}`,
    'spec.csi.volumeHandle: Required value',
  ]);
  assert.deepEqual(problems({ ...SOURCELESS, local: { path: '/a' } }), [
    'spec.nodeAffinity: Required value: Local volume requires node affinity',
  ]);
  assert.deepEqual(problems({ ...SPEC, hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }), [
    "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
  ]);
  assert.deepEqual(problems({ ...SPEC, accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'] }), [
    'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
  ]);
});

test('validateVolumeUpdate keeps the source and the mode', () => {
  const changed = validateVolumeUpdate(
    volume({ ...SPEC, hostPath: { path: '/other' }, volumeMode: 'Block' }),
    volume(SPEC),
  );
  assert.deepEqual(
    changed.map(({ field }) => field),
    ['spec.persistentvolumesource', 'volumeMode'],
  );
  const grown = { ...SPEC, capacity: { storage: '2Gi' }, persistentVolumeReclaimPolicy: 'Delete' };
  assert.deepEqual(validateVolumeUpdate(volume(grown), volume(SPEC)), []);
});

const CSI = { driver: 'd.example.com', volumeHandle: 'h' };

test('validateVolume judges what only PersistentVolumes say of their sources', () => {
  deepEqualProblems({ csi: { ...CSI, nodeExpandSecretRef: { name: 'a_b' } } }, [
    `spec.csi.nodeExpandSecretRef.name: Invalid value: "a_b": ${dns1123SubdomainProblem('a_b')}`,
    'spec.csi.nodeExpandSecretRef.namespace: Required value',
  ]);
  deepEqualProblems({ glusterfs: { endpoints: 'e', path: 'p', endpointsNamespace: '' } }, [
    'spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name',
  ]);
  deepEqualProblems({ azureFile: { secretName: 's', shareName: 's', secretNamespace: '' } }, [
    'spec.azureFile.secretNamespace: Required value',
  ]);
  deepEqualProblems({ cinder: { volumeID: 'v', secretRef: { name: 's' } } }, [
    'spec.cinder.secretRef.namespace: Required value',
  ]);
  deepEqualProblems({ iscsi: { targetPortal: 'p', iqn: 'x', lun: 0 } }, [
    'spec.iscsi.iqn: Invalid value: "x": must be valid format',
  ]);
  deepEqualProblems({ local: { path: '/a/../b' }, nodeAffinity: {} }, [
    'spec.nodeAffinity.required: Required value: must specify required node constraints',
    `spec.local.path: Invalid value: "/a/../b": must not contain '..'`,
  ]);
  deepEqualProblems({ hostPath: { path: '//a/./..' }, persistentVolumeReclaimPolicy: 'Recycle' }, [
    `spec.hostPath.path: Invalid value: "//a/./..": must not contain '..'`,
    "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
  ]);
});

test('validateVolume judges the nodes that reach it', () => {
  deepEqualProblems({ hostPath: { path: '/a' }, nodeAffinity: { required: { nodeSelectorTerms: [] } } }, [
    'spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one node selector term',
  ]);
});

test('validateVolumeUpdate does not judge a spec that stays what it was', () => {
  assert.deepEqual(validateVolumeUpdate(volume(SOURCELESS), volume(SOURCELESS)), []);
});

test('validateVolume wants a CSI driver where attributes are', () => {
  deepEqualProblems({ csi: CSI, volumeAttributesClassName: 'fast' }, []);
  deepEqualProblems({ hostPath: { path: '/a' }, volumeAttributesClassName: '' }, [
    'spec.volumeAttributesClassName: Required value: an empty string is disallowed',
    'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
  ]);
});

function deepEqualProblems(spec: PersistentVolumeSpec, expected: string[]): void {
  assert.deepEqual(problems({ ...SOURCELESS, ...spec }), expected);
}

const affinity = (key: string, value = 'a') => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: [value] }] }] },
});

test('validateVolumeUpdate lets labels of the affinity take their new names, and nothing else', () => {
  const update = (now: PersistentVolumeSpec, before: PersistentVolumeSpec) =>
    validateVolumeUpdate(volume({ ...SPEC, ...now }), volume({ ...SPEC, ...before })).map(
      ({ field, message }) => `${field}${message.slice(message.lastIndexOf(':'))}`,
    );
  const fixed = 'nodeAffinity: field is immutable, except for updating from beta label to GA';
  const old = { nodeAffinity: affinity('failure-domain.beta.kubernetes.io/zone') };
  assert.deepEqual(update(old, {}), [], 'it may come later');
  assert.deepEqual(update({ nodeAffinity: affinity('topology.kubernetes.io/zone') }, old), []);
  assert.deepEqual(update({ nodeAffinity: affinity('topology.kubernetes.io/region') }, old), [fixed]);
  assert.deepEqual(update({ nodeAffinity: affinity('topology.kubernetes.io/zone', 'b') }, old), [fixed]);
  assert.deepEqual(update({}, old), [fixed]);
});

test('validateVolumeUpdate lets a CSI volume be given its secret for growth, and keep its attributes', () => {
  const update = (now: PersistentVolumeSpec, before: PersistentVolumeSpec) =>
    validateVolumeUpdate(volume({ ...SOURCELESS, ...now }), volume({ ...SOURCELESS, ...before })).map(
      ({ field, message }) => `${field}: ${message}`,
    );
  const secret = { controllerExpandSecretRef: { name: 'a', namespace: 'b' } };
  assert.deepEqual(update({ csi: { ...CSI, ...secret } }, { csi: CSI }), []);
  assert.deepEqual(update({ csi: CSI }, { csi: { ...CSI, ...secret }, volumeAttributesClassName: 'fast' }), [
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
    'spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden',
  ]);
});
