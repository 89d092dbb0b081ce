/**
 * Whoever names parameters in a policy or binding must be allowed to read them: a policy's messages would show them else.
 *
 * @see kubernetes/kubernetes pkg/registry/admissionregistration/validatingadmissionpolicy/authz.go, validatingadmissionpolicybinding/authz.go
 */
import type { ParamKind, ParamRef } from '../../../api/generated/admissionregistration-v1.ts';
import { equalJson } from '../../../api/json.ts';
import { splitApiVersion, toApiVersion } from '../../../api/meta.ts';
import {
  MUTATING_ADMISSION_POLICIES,
  MUTATING_ADMISSION_POLICY_BINDINGS,
  type ResourceRow,
  VALIDATING_ADMISSION_POLICIES,
  VALIDATING_ADMISSION_POLICY_BINDINGS,
} from '../../../api/resources.ts';
import { forbidden, toInvalidError } from '../../../api/validation/field-error.ts';
import type { AdmissionRequest, AdmissionStep, AdmissionView } from '../admission.ts';
import type { PolicyServices } from './policy-run.ts';

const SUPERUSERS = 'system:masters';
const POLICIES: readonly ResourceRow[] = [VALIDATING_ADMISSION_POLICIES, MUTATING_ADMISSION_POLICIES];
/** By the bindings' row: that of their policies. */
const POLICIES_OF = new Map<ResourceRow, ResourceRow>([
  [VALIDATING_ADMISSION_POLICY_BINDINGS, VALIDATING_ADMISSION_POLICIES],
  [MUTATING_ADMISSION_POLICY_BINDINGS, MUTATING_ADMISSION_POLICIES],
]);

export function newParamAccess(services: PolicyServices): AdmissionStep {
  return {
    name: 'PolicyParamAccess',
    admit(request, view) {
      const { row, subresource, object, old, user } = request;
      if (subresource !== '' || object === undefined || user.groups.includes(SUPERUSERS)) return;
      if (old !== undefined && equalJson(old.spec, object.spec)) return;
      if (POLICIES.includes(row)) checkPolicy(request, services);
      else if (POLICIES_OF.has(row)) checkBinding(request, view, services);
    },
  };
}

function checkPolicy(request: AdmissionRequest, services: PolicyServices): void {
  const { paramKind } = (request.object?.spec ?? {}) as { paramKind?: ParamKind };
  if (paramKind === undefined) return;
  if (mayGet(request, paramKind, { namespace: '*', name: '*' }, services)) return;
  const kind = `kind=${paramKind.kind}, apiVersion=${paramKind.apiVersion}`;
  refuse(
    request,
    'spec.paramKind',
    `must have "get" permission on all objects of the referenced paramKind (${kind})`,
  );
}

function checkBinding(request: AdmissionRequest, view: AdmissionView, services: PolicyServices): void {
  const { paramRef, policyName = '' } = (request.object?.spec ?? {}) as {
    paramRef?: ParamRef;
    policyName?: string;
  };
  if (paramRef === undefined) return;
  const policy = view.get(POLICIES_OF.get(request.row)!, '', policyName);
  // Without a policy nobody knows of what kind they are: then it must be everything.
  const { paramKind = {} } = (policy?.spec ?? {}) as { paramKind?: ParamKind };
  const place = { namespace: paramRef.namespace ?? '*', name: paramRef.name || '*' };
  if (mayGet(request, paramKind, place, services)) return;
  refuse(request, 'spec.paramRef', 'does not have "get" permission on the object of paramRef');
}

function mayGet(
  { user }: AdmissionRequest,
  { apiVersion, kind }: ParamKind,
  place: { namespace: string; name: string },
  { kinds, authorizer }: PolicyServices,
): boolean {
  const row = kinds.rows.find(
    (candidate) => candidate.kind === kind && toApiVersion(candidate.group, candidate.version) === apiVersion,
  );
  const { group, version } = apiVersion ? splitApiVersion(apiVersion) : { group: '*', version: '*' };
  const decision = authorizer.authorize({
    user,
    isResourceRequest: true,
    verb: 'get',
    path: '',
    group,
    version,
    resource: row?.resource ?? '*',
    subresource: '',
    ...place,
  });
  return !(decision instanceof Promise) && decision.allowed;
}

function refuse({ row, name, user }: AdmissionRequest, field: string, why: string): never {
  throw toInvalidError(row, name, [forbidden(field, `user ${JSON.stringify(user.username)} ${why}`)]);
}
