/**
 * Devices that are in use are given to others, who look after them, only in namespaces that are labelled for it.
 *
 * @see kubernetes/kubernetes pkg/registry/resource/utils.go AuthorizedForAdmin, AuthorizedForAdminStatus
 */
import type { DeviceClaim, ResourceClaim, ResourceClaimTemplate } from '../../api/generated/resource-v1.ts';
import { NAMESPACES, RESOURCE_CLAIM_TEMPLATES, RESOURCE_CLAIMS } from '../../api/resources.ts';
import { forbidden, toInvalidError } from '../../api/validation/field-error.ts';
import { type AdmissionRequest, type AdmissionStep, isCreationOf } from './admission.ts';

const LABEL = 'resource.kubernetes.io/admin-access';
const WHY = `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`;

export const deviceAdminAccess: AdmissionStep = {
  name: 'DeviceAdminAccess',
  admit(request, view) {
    const field = fieldThatAsks(request);
    if (field === undefined) return;
    const namespace = view.get(NAMESPACES, '', request.namespace);
    if (namespace?.metadata.labels?.[LABEL] === 'true') return;
    throw toInvalidError(request.row, request.name, [forbidden(field, WHY)]);
  },
};

/** What was granted stays: specs and allocations are fixed. */
function fieldThatAsks(request: AdmissionRequest): string | undefined {
  if (isCreationOf(RESOURCE_CLAIMS, request)) {
    const { spec } = request.object as unknown as ResourceClaim;
    return firstRequest(spec?.devices);
  }
  if (isCreationOf(RESOURCE_CLAIM_TEMPLATES, request)) {
    const { spec } = request.object as unknown as ResourceClaimTemplate;
    // Upstream gives the path that it has in a claim.
    return firstRequest(spec?.spec?.devices);
  }
  if (request.row !== RESOURCE_CLAIMS || request.subresource !== 'status') return undefined;
  const [now, before] = [request.object, request.old].map((claim) => firstResult(claim));
  return before === undefined ? now : undefined;
}

function firstRequest({ requests = [] }: DeviceClaim = {}): string | undefined {
  const index = requests.findIndex(({ exactly }) => exactly?.adminAccess === true);
  return index < 0 ? undefined : `spec.devices.requests[${index}].adminAccess`;
}

function firstResult(claim: unknown): string | undefined {
  const { results = [] } = (claim as ResourceClaim | undefined)?.status?.allocation?.devices ?? {};
  const index = results.findIndex(({ adminAccess }) => adminAccess === true);
  return index < 0 ? undefined : `status.allocation.devices.results[${index}].adminAccess`;
}
