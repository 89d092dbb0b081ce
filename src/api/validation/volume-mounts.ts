/**
 * Where a container sees the volumes of its Pod: as files (mounts) or as raw devices.
 *
 * Upstream names the list, not the item, for what is wrong with a subPath, a propagation or recursiveReadOnly.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidateVolumeMounts, ValidateVolumeDevices
 */
import type { Container, Volume, VolumeDevice, VolumeMount } from '../generated/core-v1.ts';
import { oneOf } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, notFound, required } from './field-error.ts';
import { hasBacksteps, validateRelativePath } from './path-checks.ts';

/** @param volumes  the Pod's, by name */
export function validateMountsAndDevices(
  container: Container,
  field: string,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] {
  const { volumeMounts = [], volumeDevices = [] } = container;
  const mounts = validateMounts(container, `${field}.volumeMounts`, volumes);
  if (volumeDevices.length === 0) return mounts;
  const mounted = {
    names: namesOf(volumeMounts),
    paths: new Set(volumeMounts.map((mount) => mount.mountPath)),
  };
  return [...mounts, ...validateDevices(volumeDevices, `${field}.volumeDevices`, { volumes, mounted })];
}

function namesOf(items: readonly { name: string }[]): ReadonlySet<string> {
  return new Set(items.map(({ name }) => name));
}

function validateMounts(
  container: Container,
  field: string,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] {
  const paths = new Set<string>();
  const devices = container.volumeDevices ?? [];
  const deviceNames = namesOf(devices);
  const devicePaths = new Set(devices.map(({ devicePath }) => devicePath));
  const isPrivileged = container.securityContext?.privileged === true;
  return errorsOfEach(container.volumeMounts ?? [], (mount: Partial<VolumeMount>, index) => {
    const { name = '', mountPath = '' } = mount;
    const path = `${field}[${index}]`;
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(`${path}.name`));
    if (!volumes.has(name)) errors.push(notFound(`${path}.name`, name));
    if (mountPath === '') errors.push(required(`${path}.mountPath`));
    if (paths.has(mountPath)) errors.push(invalid(`${path}.mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
    if (deviceNames.has(name))
      errors.push(invalid(`${path}.name`, name, 'must not already exist in volumeDevices'));
    if (devicePaths.has(mountPath))
      errors.push(
        invalid(`${path}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'),
      );
    return [...errors, ...validateSubPath(mount, field, path), ...validateHow(mount, field, isPrivileged)];
  });
}

function validateSubPath(
  { subPath, subPathExpr }: Partial<VolumeMount>,
  field: string,
  path: string,
): FieldError[] {
  const errors = subPath ? validateRelativePath(subPath, `${field}.subPath`) : [];
  if (!subPathExpr) return errors;
  if (subPath)
    errors.push(
      invalid(`${path}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
    );
  return [...errors, ...validateRelativePath(subPathExpr, `${field}.subPathExpr`)];
}

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];
const RECURSIVE = ['Disabled', 'Enabled', 'IfPossible'];

function validateHow(mount: Partial<VolumeMount>, field: string, isPrivileged: boolean): FieldError[] {
  const { mountPropagation, recursiveReadOnly, readOnly } = mount;
  if (mountPropagation === undefined && recursiveReadOnly === undefined) return [];
  const errors = oneOf(`${field}.mountPropagation`, mountPropagation, PROPAGATIONS);
  if (mountPropagation === 'Bidirectional' && !isPrivileged)
    errors.push(
      forbidden(
        `${field}.mountPropagation`,
        'Bidirectional mount propagation is available only to privileged containers',
      ),
    );
  const path = `${field}.recursiveReadOnly`;
  errors.push(...oneOf(path, recursiveReadOnly, RECURSIVE));
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') return errors;
  if (!readOnly) errors.push(forbidden(path, 'may only be specified when readOnly is true'));
  if ((mountPropagation ?? 'None') !== 'None')
    errors.push(forbidden(path, 'may only be specified when mountPropagation is None or not specified'));
  return errors;
}

interface DeviceContext {
  volumes: ReadonlyMap<string, Volume>;
  mounted: { names: ReadonlySet<string>; paths: ReadonlySet<string> };
}

function validateDevices(
  devices: readonly VolumeDevice[],
  field: string,
  { volumes, mounted }: DeviceContext,
): FieldError[] {
  const names = new Set<string>();
  const paths = new Set<string>();
  return errorsOfEach(devices, ({ name = '', devicePath = '' }: Partial<VolumeDevice>, index) => {
    const [nameField, pathField] = [`${field}[${index}].name`, `${field}[${index}].devicePath`];
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(nameField));
    if (names.has(name)) errors.push(invalid(nameField, name, 'must be unique'));
    if (name !== '') names.add(name);
    errors.push(...validateDeviceVolume(volumes.get(name), nameField, name));
    if (devicePath === '') errors.push(required(pathField));
    if (paths.has(devicePath)) errors.push(invalid(pathField, devicePath, 'must be unique'));
    if (hasBacksteps(devicePath))
      errors.push(invalid(pathField, devicePath, "can not contain backsteps ('..')"));
    else paths.add(devicePath);
    if (mounted.names.has(name))
      errors.push(invalid(nameField, name, 'must not already exist in volumeMounts'));
    if (mounted.paths.has(devicePath))
      errors.push(invalid(pathField, devicePath, 'must not already exist as a path in volumeMounts'));
    return errors;
  });
}

function validateDeviceVolume(volume: Volume | undefined, field: string, name: string): FieldError[] {
  if (volume === undefined) return [notFound(field, name)];
  if (volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined) return [];
  const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
  return [invalid(field, name, detail)];
}
