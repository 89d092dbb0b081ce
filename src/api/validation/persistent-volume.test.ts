import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume, PersistentVolumeSpec } from '../generated/core-v1.ts';
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
    ['spec.persistentvolumesource', 'spec.volumeMode'],
  );
  const grown = { ...SPEC, capacity: { storage: '2Gi' }, persistentVolumeReclaimPolicy: 'Delete' };
  assert.deepEqual(validateVolumeUpdate(volume(grown), volume(SPEC)), []);
});
