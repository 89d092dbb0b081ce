/**
 * For whom an agent may ask for tokens of a Pod's service account: for whom the Pod itself says, in its projected volumes and
 * through the drivers of its volumes.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/noderestriction validateNodeServiceAccountAudience
 */
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../api/generated/core-v1.ts';
import type { CSIDriver } from '../../api/generated/storage-v1.ts';
import {
  CSI_DRIVERS,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type ResourceRow,
} from '../../api/resources.ts';

/** An object as it is stored. */
export type ObjectLookup = (row: ResourceRow, namespace: string, name: string) => unknown;

/** @param audience  `''` is the API server's own */
export function isAudienceOfPod(pod: Pod, audience: string, find: ObjectLookup): boolean {
  return (pod.spec.volumes ?? []).some(
    (volume) => isProjected(volume, audience) || isDrivers(driverOf(pod, volume, find), audience, find),
  );
}

function isProjected({ projected }: Volume, audience: string): boolean {
  return (projected?.sources ?? []).some(
    ({ serviceAccountToken }) => serviceAccountToken && (serviceAccountToken.audience ?? '') === audience,
  );
}

function isDrivers(driver: string | undefined, audience: string, find: ObjectLookup): boolean {
  if (driver === undefined) return false;
  const found = find(CSI_DRIVERS, '', driver) as CSIDriver | undefined;
  return (found?.spec.tokenRequests ?? []).some((request) => (request.audience ?? '') === audience);
}

function driverOf({ metadata }: Pod, volume: Volume, find: ObjectLookup): string | undefined {
  if (volume.csi) return volume.csi.driver;
  const ephemeral = volume.ephemeral ? `${metadata.name}-${volume.name}` : undefined;
  const claimName = volume.persistentVolumeClaim?.claimName ?? ephemeral;
  if (claimName === undefined) return undefined;
  const claim = find(PERSISTENT_VOLUME_CLAIMS, metadata.namespace ?? '', claimName) as
    | PersistentVolumeClaim
    | undefined;
  const { volumeName } = claim?.spec ?? {};
  if (!volumeName) return undefined;
  return (find(PERSISTENT_VOLUMES, '', volumeName) as PersistentVolume | undefined)?.spec?.csi?.driver;
}
