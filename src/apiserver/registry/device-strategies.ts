/** What the server adds to what drivers of devices write, and takes from it. */
import type {
  Device,
  DeviceRequestAllocationResult,
  DeviceTaint,
  ResourceClaim,
  ResourceSlice,
} from '../../api/generated/resource-v1.ts';
import type { ApiObject } from '../api-object.ts';

type DeviceId = Pick<DeviceRequestAllocationResult, 'driver' | 'pool' | 'device'>;

/** Nothing is left to be said of devices that are given back. @see resourceclaimStatusStrategy dropDeallocatedStatusDevices */
export function dropDeallocatedDevices(object: ApiObject, old: ApiObject): void {
  const [now, before] = [object, old].map((claim) => (claim as unknown as ResourceClaim).status ?? {});
  const { devices, ...status } = now!;
  if (devices === undefined) return;
  const held = new Set(now!.allocation?.devices?.results?.map(showDevice));
  const wasHeld = new Set(before!.allocation?.devices?.results?.map(showDevice));
  const kept = devices.filter((device) => held.has(showDevice(device)) || !wasHeld.has(showDevice(device)));
  object.status = { ...status, ...(kept.length > 0 && { devices: kept }) };
}

function showDevice({ driver, pool, device }: DeviceId): string {
  return JSON.stringify([driver, pool, device]);
}

/** Taints say since when. @see kubernetes/kubernetes pkg/apis/resource/v1/defaults.go SetDefaults_DeviceTaint */
export function dateTaints(object: ApiObject, now: string): void {
  const { devices } = (object as unknown as ResourceSlice).spec;
  if (!devices?.some(({ taints }) => taints?.some(isUndated))) return;
  object.spec = { ...object.spec, devices: devices.map((device) => withDatedTaints(device, now)) };
}

function withDatedTaints(device: Device, timeAdded: string): Device {
  const { taints } = device;
  return taints?.some(isUndated)
    ? { ...device, taints: taints.map((taint) => ({ ...taint, timeAdded: taint.timeAdded ?? timeAdded })) }
    : device;
}

function isUndated({ timeAdded }: DeviceTaint): boolean {
  return timeAdded === undefined;
}
