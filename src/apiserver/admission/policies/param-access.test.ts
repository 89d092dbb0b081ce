import { doesNotThrow, throws } from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ResourceRow,
  VALIDATING_ADMISSION_POLICIES,
  VALIDATING_ADMISSION_POLICY_BINDINGS,
} from '../../../api/resources.ts';
import type { ApiObject } from '../../api-object.ts';
import type { AccessAttributes } from '../../interfaces.ts';
import { KindCatalog } from '../../kinds.ts';
import { type AdmissionRequest, type AdmissionView, newAdmissionNotes } from '../admission.ts';
import { newParamAccess } from './param-access.ts';

const PARAMS = { paramKind: { apiVersion: 'v1', kind: 'Secret' } };

/** Alice may read the Secrets of the namespace `team`. */
const authorizer = {
  authorize: ({ resource, namespace, verb }: AccessAttributes) => ({
    allowed: verb === 'get' && resource === 'secrets' && namespace === 'team',
  }),
};
const view = {
  get: (_row: ResourceRow, _namespace: string, name: string) => (name === 'p' ? { spec: PARAMS } : undefined),
} as unknown as AdmissionView;

function write(row: ResourceRow, spec: object, extra: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const about = { row, subresource: '', namespace: '', name: 'x', dryRun: false, notes: newAdmissionNotes() };
  const user = { username: 'alice', groups: ['system:authenticated'] };
  return { ...about, operation: 'CREATE', user, object: { spec } as unknown as ApiObject, ...extra };
}

test('newParamAccess lets only those name parameters who may read them', () => {
  const step = newParamAccess({ kinds: new KindCatalog(), authorizer });
  const admit = (row: ResourceRow, spec: object, extra?: Partial<AdmissionRequest>) => () =>
    step.admit(write(row, spec, extra), view);
  throws(admit(VALIDATING_ADMISSION_POLICIES, PARAMS), {
    reason: 'Invalid',
    message:
      /spec\.paramKind: Forbidden: user "alice" must have "get" permission on all objects of the referenced paramKind \(kind=Secret, apiVersion=v1\)$/,
  });
  doesNotThrow(admit(VALIDATING_ADMISSION_POLICIES, {}));
  doesNotThrow(
    admit(VALIDATING_ADMISSION_POLICIES, PARAMS, { user: { username: 'root', groups: ['system:masters'] } }),
  );
  const old = { spec: PARAMS } as unknown as ApiObject;
  doesNotThrow(admit(VALIDATING_ADMISSION_POLICIES, PARAMS, { operation: 'UPDATE', old }));
  const binding = (policyName: string, paramRef: object) =>
    admit(VALIDATING_ADMISSION_POLICY_BINDINGS, { policyName, paramRef });
  doesNotThrow(binding('p', { name: 's', namespace: 'team' }));
  throws(
    binding('p', { name: 's', namespace: 'other' }),
    /spec\.paramRef: Forbidden: user "alice" does not have "get" permission/,
  );
  throws(binding('p', { selector: {} }), /spec\.paramRef: Forbidden/);
  throws(binding('unknown', { name: 's', namespace: 'team' }), /spec\.paramRef: Forbidden/);
});
