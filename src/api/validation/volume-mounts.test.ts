import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, VolumeDevice, VolumeMount } from '../generated/core-v1.ts';
import { problemsOfContainer } from './pod-problems.fixture.ts';

const volumes = [
  { name: 'v', emptyDir: {} },
  { name: 'disk', persistentVolumeClaim: { claimName: 'd' } },
];
const problemsOf = (container: Partial<Container>) => problemsOfContainer(container, { volumes });
const mounted = (mount: Partial<VolumeMount>, container: Partial<Container> = {}) =>
  problemsOf({ ...container, volumeMounts: [{ name: 'v', mountPath: '/a', ...mount }] });
const device = (wanted: Partial<VolumeDevice>, container: Partial<Container> = {}) =>
  problemsOf({ ...container, volumeDevices: [{ name: 'disk', devicePath: '/dev/x', ...wanted }] });

test('validateMountsAndDevices lets good ones be', () => {
  deepEqual(mounted({ subPathExpr: '$(NAME)/..a', readOnly: true, recursiveReadOnly: 'IfPossible' }), []);
  deepEqual(mounted({ mountPropagation: 'Bidirectional' }, { securityContext: { privileged: true } }), []);
  deepEqual(device({}), []);
});

test('validateMountsAndDevices wants a known volume and a path of its own', () => {
  deepEqual(mounted({ name: 'w' }), ['volumeMounts[0].name: Not found: "w"']);
  deepEqual(mounted({ name: '', mountPath: '' }), [
    'volumeMounts[0].name: Required value',
    'volumeMounts[0].name: Not found: ""',
    'volumeMounts[0].mountPath: Required value',
  ]);
  const twice = { name: 'v', mountPath: '/a' };
  deepEqual(problemsOf({ volumeMounts: [twice, twice] }), [
    'volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
  ]);
});

test('validateMountsAndDevices keeps a mount inside its volume', () => {
  deepEqual(mounted({ subPath: '/x/../y' }), [
    'volumeMounts.subPath: Invalid value: "/x/../y": must be a relative path',
    'volumeMounts.subPath: Invalid value: "/x/../y": must not contain \'..\'',
  ]);
  deepEqual(mounted({ subPath: 'a', subPathExpr: '../b' }), [
    'volumeMounts[0].subPathExpr: Invalid value: "../b": subPathExpr and subPath are mutually exclusive',
    'volumeMounts.subPathExpr: Invalid value: "../b": must not contain \'..\'',
  ]);
});

test('validateMountsAndDevices judges how a volume is mounted', () => {
  deepEqual(mounted({ mountPropagation: 'Bidirectional' }), [
    'volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
  ]);
  deepEqual(mounted({ mountPropagation: 'Up', recursiveReadOnly: 'Enabled' }), [
    'volumeMounts.mountPropagation: Unsupported value: "Up": supported values: "Bidirectional", "HostToContainer", "None"',
    'volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
    'volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified',
  ]);
  deepEqual(mounted({ recursiveReadOnly: 'Yes' }), [
    'volumeMounts.recursiveReadOnly: Unsupported value: "Yes": supported values: "Disabled", "Enabled", "IfPossible"',
  ]);
});

test('validateMountsAndDevices gives claims as devices, and nothing twice', () => {
  deepEqual(device({ name: 'v', devicePath: '../x' }), [
    'volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
    'volumeDevices[0].devicePath: Invalid value: "../x": can not contain backsteps (\'..\')',
  ]);
  deepEqual(device({ devicePath: '' }), ['volumeDevices[0].devicePath: Required value']);
  deepEqual(device({}, { volumeMounts: [{ name: 'disk', mountPath: '/dev/x' }] }), [
    'volumeMounts[0].name: Invalid value: "disk": must not already exist in volumeDevices',
    'volumeMounts[0].mountPath: Invalid value: "/dev/x": must not already exist as a path in volumeDevices',
    'volumeDevices[0].name: Invalid value: "disk": must not already exist in volumeMounts',
    'volumeDevices[0].devicePath: Invalid value: "/dev/x": must not already exist as a path in volumeMounts',
  ]);
  const twice = { name: 'disk', devicePath: '/dev/x' };
  deepEqual(problemsOf({ volumeDevices: [twice, twice] }), [
    'volumeDevices[1].name: Invalid value: "disk": must be unique',
    'volumeDevices[1].devicePath: Invalid value: "/dev/x": must be unique',
  ]);
});
