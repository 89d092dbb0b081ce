/**
 * Defaults of the sources that volumes of Pods and PersistentVolumes have in common.
 * @see k8s.io/api/core/v1/types.go, the marker +default
 */
import type { PersistentVolumeSpec, Volume } from '../generated/core-v1.ts';

type Shared = Pick<Volume & PersistentVolumeSpec, 'azureDisk' | 'hostPath' | 'iscsi' | 'rbd' | 'scaleIO'>;

export function defaultVolumeSource({ azureDisk, hostPath, iscsi, rbd, scaleIO }: Shared): void {
  if (azureDisk) fill(azureDisk, AZURE_DISK);
  if (hostPath) hostPath.type ??= '';
  if (iscsi) fill(iscsi, { iscsiInterface: 'default' });
  if (rbd) fill(rbd, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' });
  if (scaleIO) fill(scaleIO, { storageMode: 'ThinProvisioned', fsType: 'xfs' });
}

const AZURE_DISK = { cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false };

function fill<T extends object>(source: T, defaults: Partial<T>): void {
  for (const [field, value] of Object.entries(defaults) as [keyof T, T[keyof T]][]) source[field] ||= value;
}
