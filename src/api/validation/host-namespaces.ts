/**
 * Validation of what a Pod shares with its host, and between its containers.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateHostUsers, validateShareProcessNamespace
 */
import type { PodSpec } from '../generated/core-v1.ts';
import { type FieldError, forbidden, invalid, untilMany } from './field-error.ts';
import { containersOf } from './pod-containers.ts';

/** Users of its own do not go together with the host's namespaces, nor with devices, which are not mapped. */
export function validateHostUsers(hostUsers: boolean, at: string, spec: PodSpec): FieldError[] {
  if (hostUsers) return [];
  const field = at.replace(/\.hostUsers$/, '');
  const why = 'when `hostUsers` is false';
  const errors: FieldError[] = [];
  if (spec.hostNetwork) errors.push(forbidden(`${field}.hostNetwork`, why));
  if (spec.hostPID) errors.push(forbidden(`${field}.HostPID`, why));
  if (spec.hostIPC) errors.push(forbidden(`${field}.HostIPC`, why));
  for (const { container, path } of untilMany(errors, containersOf(spec, field))) {
    if ((container.volumeDevices?.length ?? 0) > 0) errors.push(forbidden(`${path}.volumeDevices`, why));
  }
  return errors;
}

export function validateShareProcessNamespace(
  share: boolean,
  field: string,
  { hostPID }: PodSpec,
): FieldError[] {
  if (!share || !hostPID) return [];
  return [invalid(field, share, 'ShareProcessNamespace and HostPID cannot both be enabled')];
}
